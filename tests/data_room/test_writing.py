import errno
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from nas.data import writing
from nas.data.fingerprint import compute_fingerprint
from nas.data.splits import assign_splits
from nas.data.storage import open_dataset
from nas.data.writing import write_dataset
from nas.errors import UserError
from tests.data_room.pictures import make_collection

COLLECTION = make_collection(train=[0, 1] * 40, test=[0, 1])


def write(directory: Path, **settings: Any) -> None:
    write_dataset(COLLECTION, assign_splits(COLLECTION, seed=0), directory, **settings)


def test_every_image_lies_beside_its_label(tmp_path: Path) -> None:
    write(tmp_path)
    dataset = open_dataset(tmp_path)
    for split in dataset.splits.values():
        # The collection's images hold their index, and labels alternate.
        assert (split.inputs[:, 0, 0, 0] % 2 == split.labels).all()
    assert dataset.split_sizes == {"train": 62, "validation": 12, "calibration": 6, "test": 2}


def test_chunks_join_without_a_seam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "whole")
    monkeypatch.setattr(writing, "_CHUNK", 7)
    write(tmp_path / "chunked")
    whole, chunked = open_dataset(tmp_path / "whole"), open_dataset(tmp_path / "chunked")
    assert whole.fingerprint == chunked.fingerprint
    assert np.array_equal(whole.train.inputs, chunked.train.inputs)


def test_the_fingerprint_is_that_of_what_was_written(tmp_path: Path) -> None:
    write(tmp_path)
    dataset = open_dataset(tmp_path)
    assert dataset.fingerprint == compute_fingerprint(dataset.class_names, dataset.splits)


def test_progress_ends_at_the_total(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_CHUNK", 30)
    seen: list[tuple[int, int]] = []
    write(tmp_path, on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(30, 82), (60, 82), (62, 82), (74, 82), (80, 82), (82, 82)]


def interrupt(_done: int, _total: int) -> None:
    raise KeyboardInterrupt


def test_an_interrupted_write_leaves_nothing_that_opens(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, on_progress=interrupt)
    assert not list(tmp_path.iterdir())
    write(tmp_path)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json"] + [".npy"] * 8


def test_an_interrupted_replacement_does_not_leave_the_old_data_set(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, on_progress=interrupt)
    with pytest.raises(UserError, match="not a prepared data set"):
        open_dataset(tmp_path)


def test_an_open_data_set_survives_its_replacement(tmp_path: Path) -> None:
    write(tmp_path)
    dataset = open_dataset(tmp_path)
    before = np.array(dataset.train.inputs)
    write_dataset(COLLECTION, assign_splits(COLLECTION, seed=9), tmp_path)
    assert np.array_equal(dataset.train.inputs, before)


def test_a_full_disk_is_refused_before_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=5 << 20))
    with pytest.raises(UserError, match=r"65 MiB of disk space needed, 5 MiB free; .*image-size"):
        write(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_disk_that_fills_up_meanwhile_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writing._NPY_FORMAT, "write_array_header_1_0", fail)
    with pytest.raises(UserError, match="cannot be written: No space left on device; free space"):
        write(tmp_path)


def test_a_directory_that_is_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(UserError, match="taken: the data set cannot be written: File exists"):
        write(tmp_path / "taken")
