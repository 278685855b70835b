import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nas.data import pcb_synthetic
from nas.data.dataset import SPLITS, Dataset
from nas.data.folders import index_folder
from nas.data.sources import prepare_dataset
from nas.data.storage import open_dataset
from nas.errors import UserError
from tests.data_room.pictures import make_folder

SHARED = Path(os.environ.get("EDGETPU_NAS_SHARED", Path(__file__).parents[3] / "shared"))
PCB = SHARED / "data" / "pcb"
KILLED_RUN = """
import os, pathlib, signal, sys
from nas.data.sources import prepare_dataset
prepare_dataset(
    sys.argv[1], image_size=16, seed=0, directory=pathlib.Path(sys.argv[2]),
    on_progress=lambda done, total: os.kill(os.getpid(), signal.SIGKILL),
)
"""
needs_pcb = pytest.mark.skipif(not PCB.is_dir(), reason="the real board photographs are not here")


def prepare(spec: object, directory: Path, side: int | None = None, seed: int = 0) -> Dataset:
    return prepare_dataset(str(spec), image_size=side, seed=seed, directory=directory)


def test_the_embedded_set_is_marked_synthetic(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pcb_synthetic, "CROPS", 48)
    dataset = prepare("pcb_synthetic", tmp_path)
    assert dataset.is_synthetic
    assert dataset.input_shape == (64, 64, 3)
    assert dataset.class_names == ("defect", "ok")
    assert dataset.split_sizes == {"train": 29, "validation": 8, "calibration": 3, "test": 8}


def test_data_seed_and_size_decide_the_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pcb_synthetic, "CROPS", 12)
    settings = ((16, 0), (16, 0), (17, 0), (16, 1))
    prints = [
        prepare("pcb_synthetic", tmp_path / str(number), side, seed).fingerprint
        for number, (side, seed) in enumerate(settings)
    ]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_a_folder_is_split_without_overlap(tmp_path: Path) -> None:
    dataset = prepare(make_folder(tmp_path / "data", {"a": 40, "b": 60}), tmp_path / "out", 16)
    # Every picture has its own shade.
    shades = [int(image[0, 0, 0]) for s in dataset.splits.values() for image in s.inputs]
    assert sorted(shades) == list(range(100))
    assert not dataset.is_synthetic
    for split in dataset.splits.values():
        assert ((split.inputs[:, 0, 0, 0] >= 40) == split.labels).all()


def test_folders_default_to_96_pixels_and_count_what_they_pass_over(tmp_path: Path) -> None:
    data = make_folder(tmp_path / "data", {"a": 4, "b": 4})
    (data / "a" / "notes.txt").write_text("")
    dataset = prepare(data, tmp_path / "out")
    assert (dataset.input_shape, dataset.ignored_files) == ((96, 96, 3), 1)
    assert dataset.name == str(data)


def test_given_splits_of_a_folder_are_kept(tmp_path: Path) -> None:
    counts = {"train/a": 10, "train/b": 10, "val/a": 3, "val/b": 2, "test/a": 1, "test/b": 4}
    dataset = prepare(make_folder(tmp_path / "data", counts), tmp_path / "out", 16)
    assert dataset.split_sizes == {"train": 18, "validation": 5, "calibration": 2, "test": 5}
    assert sorted(dataset.test.inputs[:, 0, 0, 0]) == [25, 26, 27, 28, 29]


def test_what_is_prepared_opens_again(tmp_path: Path) -> None:
    prepared = prepare(make_folder(tmp_path / "data", {"a": 9, "b": 9}), tmp_path / "out", 16)
    opened = open_dataset(tmp_path / "out")
    assert opened.fingerprint == prepared.fingerprint
    assert np.array_equal(opened.train.inputs, prepared.train.inputs)


def test_an_archive_is_prepared_and_its_scratch_removed(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (30, 24, 24, 3), dtype=np.uint8)
    np.savez(tmp_path / "data.npz", x=images, y=np.arange(30) % 3)
    dataset = prepare(tmp_path / "data.npz", tmp_path / "out")
    assert dataset.input_shape == (24, 24, 3)
    assert set(dataset.split_sizes) == set(SPLITS)
    assert sum(dataset.split_sizes.values()) == 30
    assert not [path for path in (tmp_path / "out").iterdir() if path.is_dir()]


def test_digits_are_prepared(tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="needs the extra digits")
    dataset = prepare("digits", tmp_path)
    assert dataset.input_shape == (32, 32, 3)
    assert sum(dataset.split_sizes.values()) == 1797
    for split in dataset.splits.values():
        assert set(split.labels.tolist()) == set(range(10))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system kills otherwise")
def test_a_killed_run_leaves_nothing_that_opens_and_can_be_repeated(tmp_path: Path) -> None:
    data = make_folder(tmp_path / "data", {"a": 20, "b": 20})
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_RUN, str(data), str(tmp_path / "out")], check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert list((tmp_path / "out").glob("*.partial"))
    with pytest.raises(UserError, match="not a prepared data set"):
        open_dataset(tmp_path / "out")
    prepare(data, tmp_path / "out", 16)
    assert not list((tmp_path / "out").glob("*.partial"))


def test_a_corrupt_image_is_named_and_nothing_opens(tmp_path: Path) -> None:
    data = make_folder(tmp_path / "data", {"a": 5, "b": 5})
    (data / "b" / "00002.png").write_bytes(b"damaged")
    with pytest.raises(UserError, match=r"b/00002\.png: an image must be readable"):
        prepare(data, tmp_path / "out")
    with pytest.raises(UserError, match="not a prepared data set"):
        open_dataset(tmp_path / "out")


def test_a_small_class_of_a_folder_is_named(tmp_path: Path) -> None:
    data = make_folder(tmp_path / "data", {"a": 5, "b": 3})
    with pytest.raises(UserError, match="data: class 'b' needs at least 4 training examples"):
        prepare(data, tmp_path / "out")


@pytest.mark.parametrize("spec", ["pcb_synthetics", "", "kears:mnist", "missing/folder", "a.txt"])
def test_an_unknown_spec_lists_what_is_possible(
    tmp_path: Path, spec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("1,2")
    with pytest.raises(UserError, match=r"possible: pcb_synthetic, .*, a folder .* tfds:NAME"):
        prepare(spec, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_directory_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(UserError, match="taken: the data set cannot be written: Not a directory"):
        prepare("pcb_synthetic", tmp_path / "taken")


@pytest.mark.parametrize("side", [15, 513, 0, -64])
def test_a_side_out_of_range_is_refused(tmp_path: Path, side: int) -> None:
    with pytest.raises(UserError, match=f"--image-size must be 16 – 512 pixels, got {side}"):
        prepare("pcb_synthetic", tmp_path, side)


def test_a_negative_seed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--seed must be 0 or more, got -1"):
        prepare("pcb_synthetic", tmp_path, seed=-1)


@needs_pcb
def test_the_real_board_photographs_are_indexed() -> None:
    index = index_folder(PCB)
    counts = {part: [len(files[name]) for name in "01"] for part, files in index.files.items()}
    assert counts == {"train": [2000, 2000], "validation": [400, 400], "test": [400, 400]}


@pytest.mark.slow
@needs_pcb
def test_the_real_board_photographs_are_prepared(tmp_path: Path) -> None:
    dataset = prepare(PCB, tmp_path, 64)
    assert dataset.split_sizes == {
        "train": 3800,
        "validation": 800,
        "calibration": 200,
        "test": 800,
    }
    assert dataset.class_names == ("0", "1")
    red, green, blue = dataset.test.inputs.mean(axis=(0, 1, 2))
    assert green > red
    assert green > blue
