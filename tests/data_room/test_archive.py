from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from nas.data.archive import load_archive
from nas.data.collection import Collection
from nas.errors import UserError

IMAGES = np.arange(4 * 20 * 20 * 3, dtype=np.uint64).reshape(4, 20, 20, 3) % 251
LABELS = np.array([0, 1, 0, 1])


def load(tmp_path: Path, side: int | None = None, **arrays: Any) -> Collection:
    np.savez_compressed(tmp_path / "data.npz", **arrays)
    (tmp_path / "scratch").mkdir()
    return load_archive(tmp_path / "data.npz", "data.npz", side, tmp_path / "scratch")


def test_bytes_are_read_as_they_are_at_their_own_size(tmp_path: Path) -> None:
    collection = load(tmp_path, x=IMAGES.astype(np.uint8), y=LABELS)
    assert (collection.input_shape, collection.class_names) == ((20, 20, 3), ("0", "1"))
    assert (collection.parts["train"].read(2) == IMAGES[2]).all()


@pytest.mark.parametrize("divisor", [1, 255])
def test_floats_of_either_range_become_bytes(tmp_path: Path, divisor: int) -> None:
    collection = load(tmp_path, x=(IMAGES / divisor).astype(np.float32), y=LABELS)
    assert (collection.parts["train"].read(1) == IMAGES[1]).all()


@pytest.mark.parametrize("shape", [(4, 20, 20), (4, 20, 20, 1)])
def test_grey_is_replicated(tmp_path: Path, shape: tuple[int, ...]) -> None:
    grey = IMAGES[..., :1].astype(np.uint8)
    image = load(tmp_path, x=grey.reshape(shape), y=LABELS).parts["train"].read(0)
    assert (image == grey[0]).all()
    assert image.shape == (20, 20, 3)


@pytest.mark.parametrize(("size", "side"), [((30, 40), 96), ((8, 8), 96), ((48, 48), 48)])
def test_only_square_images_of_a_usable_size_keep_it(
    tmp_path: Path, size: tuple[int, int], side: int
) -> None:
    assert load(tmp_path, x=np.zeros((4, *size), dtype=np.uint8), y=LABELS).input_shape[0] == side


def test_official_parts_and_text_labels_are_kept(tmp_path: Path) -> None:
    images = IMAGES.astype(np.uint8)
    collection = load(
        tmp_path,
        side=16,
        x_train=images,
        y_train=np.array([["ok"], ["bad"], ["ok"], ["bad"]]),
        x_val=images[:2],
        y_val=np.array(["bad", "ok"]),
        x_test=images[:3],
        y_test=np.array(["ok", "ok", "bad"]),
    )
    assert collection.class_names == ("bad", "ok")
    assert {name: part.labels.tolist() for name, part in collection.parts.items()} == {
        "train": [1, 0, 1, 0],
        "validation": [0, 1],
        "test": [1, 1, 0],
    }
    assert collection.parts["test"].read(0).shape == (16, 16, 3)


def test_numbers_that_skip_become_consecutive_labels(tmp_path: Path) -> None:
    collection = load(tmp_path, x=IMAGES.astype(np.uint8), y=np.array([10, 2, 10, 2]))
    assert collection.class_names == ("2", "10")
    assert collection.parts["train"].labels.tolist() == [1, 0, 1, 0]


GOOD = {"x": IMAGES.astype(np.uint8), "y": LABELS}
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"x": GOOD["x"]}, r"must hold x and y, .* found x; rename"),
    ({"images": GOOD["x"], "labels": LABELS}, "found images, labels; rename"),
    ({"x_train": GOOD["x"], "y_train": LABELS, "x_test": GOOD["x"]}, "must hold x and y"),
    ({"x_test": GOOD["x"], "y_test": LABELS}, "must hold x and y"),
    (GOOD | {"y": LABELS[:3]}, "needs one label, got 4 images and 3 labels"),
    (GOOD | {"y": np.eye(4)}, r"vector of integers or text, got float64 .* argmax"),
    (GOOD | {"y": LABELS.astype(float)}, "vector of integers or text, got float64"),
    (GOOD | {"x": np.zeros((4, 400), dtype=np.uint8)}, r"must have the shape .* got \(4, 400\)"),
    (GOOD | {"x": np.zeros((4, 8, 8, 4), dtype=np.uint8)}, r"got \(4, 8, 8, 4\)"),
    (GOOD | {"x": np.zeros((0, 8, 8), dtype=np.uint8)}, r"got \(0, 8, 8\)"),
    (GOOD | {"x": IMAGES.astype(np.int64)}, "must be uint8 .* got int64; convert"),
    (GOOD | {"x": IMAGES / 100 - 1}, "must lie in 0 – 1 or 0 – 255, got -1 – 1.5; undo"),
    (GOOD | {"x": IMAGES * 2.0}, "must lie in 0 – 1 or 0 – 255, got 0 – 500"),
    (GOOD | {"x": np.full((4, 8, 8), np.nan)}, "got nan – nan"),
    (GOOD | {"x": np.full((4, 8, 8), np.inf)}, "got inf – inf"),
    (GOOD | {"x": np.array([None] * 4)}, "must hold plain arrays"),
    (GOOD | {"y": np.array([None] * 4)}, "must hold plain arrays"),
]


@pytest.mark.parametrize(("arrays", "message"), REFUSED)
def test_arrays_that_do_not_fit_are_refused(
    tmp_path: Path, arrays: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        load(tmp_path, **arrays)


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "whole.npz", **GOOD)
    whole = (tmp_path / "whole.npz").read_bytes()
    for content in (b"", b"no archive", whole[:300], whole[:400] + b"\xff" * 40 + whole[440:]):
        (tmp_path / "bad.npz").write_bytes(content)
        with pytest.raises(UserError, match=r"bad\.npz: an \.npz must hold plain arrays, but: "):
            load_archive(tmp_path / "bad.npz", "bad.npz", None, tmp_path)


def test_an_archive_that_unpacks_to_more_than_the_disk_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=10 << 20))
    with pytest.raises(UserError, match="65 MiB of disk space needed, 10 MiB free; free some"):
        load(tmp_path, None, **GOOD)
