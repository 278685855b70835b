"""Signals as data: folders of sound files, sensor tables, and the embedded ones."""

import time
from pathlib import Path

import numpy as np
import pytest

from nas.data import motion_synthetic
from nas.data.dataset import SPLITS, Dataset
from nas.data.folders import SIGNAL_SUFFIXES, index_folder
from nas.data.group_splits import deal_groups
from nas.data.sensor_table import load_table
from nas.data.sources import prepare_dataset
from nas.data.splits import assign_splits
from nas.data.wav_files import load_wav_folder
from nas.errors import UserError
from tests.data_room.signals import RATE, sensor_rows, sound_folder, write_wav


def prepare(spec: Path | str, directory: Path, **settings: int) -> Dataset:
    return prepare_dataset(
        str(spec), image_size=None, seed=0, directory=directory, samples=settings.get("samples")
    )


def test_a_folder_of_sounds_becomes_a_second_of_each(tmp_path: Path) -> None:
    dataset = prepare(sound_folder(tmp_path / "sounds"), tmp_path / "data")
    assert dataset.input_shape == (RATE, 1)
    assert dataset.train.inputs.dtype == np.float32
    assert (dataset.class_names, dataset.sample_rate_hz) == (("high", "low"), RATE)
    assert dataset.image_side is None
    for split in dataset.splits.values():
        crossings = (np.diff(np.sign(split.inputs[..., 0])) != 0).sum(axis=1)
        assert [int(count < 300) for count in crossings] == split.labels.tolist()


def test_samples_shorten_sounds(tmp_path: Path) -> None:
    dataset = prepare(sound_folder(tmp_path / "sounds"), tmp_path / "data", samples=100)
    assert dataset.input_shape == (100, 1)


def test_the_fingerprint_of_signals_follows_from_them(tmp_path: Path) -> None:
    first = prepare(sound_folder(tmp_path / "sounds"), tmp_path / "data").fingerprint
    assert prepare(tmp_path / "sounds", tmp_path / "data").fingerprint == first
    write_wav(tmp_path / "sounds" / "low" / "0.wav", np.ones(RATE, "<i2"))
    assert prepare(tmp_path / "sounds", tmp_path / "data").fingerprint != first


def test_a_wrong_file_is_named(tmp_path: Path) -> None:
    wrong = sound_folder(tmp_path / "sounds") / "low" / "3.wav"
    write_wav(wrong, np.ones(10, "<i2"), rate=16_000)
    with pytest.raises(UserError, match=r"low/3\.wav: .* it has 16000; resample it"):
        prepare(tmp_path / "sounds", tmp_path / "data")
    (tmp_path / "sounds" / "high" / "0.wav").write_bytes(b"")
    with pytest.raises(UserError, match=r"high/0\.wav: .* no RIFF/WAVE file"):
        load_wav_folder(tmp_path / "sounds", "sounds", None)


def test_one_class_of_sounds_is_refused(tmp_path: Path) -> None:
    write_wav(tmp_path / "sounds" / "only" / "0.wav", np.ones(9, "<i2"))
    with pytest.raises(UserError, match="at least 2 classes, found 1, only 'only'"):
        prepare(tmp_path / "sounds", tmp_path / "data")


def test_sounds_are_listed_without_being_opened(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(500):
            (tmp_path / name / f"{number}.wav").touch()
    started = time.monotonic()
    index = index_folder(tmp_path, SIGNAL_SUFFIXES)
    assert time.monotonic() - started < 1
    assert sum(len(files) for files in index.files["train"].values()) == 1000


def test_options_of_the_other_kind_of_data_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds signals: --image-size is for images"):
        prepare_dataset("motion_synthetic", image_size=32, seed=0, directory=tmp_path / "data")
    with pytest.raises(UserError, match="holds images: --samples is for signals"):
        prepare("pcb_synthetic", tmp_path / "data", samples=100)
    with pytest.raises(UserError, match="--samples must be 64"):
        prepare("motion_synthetic", tmp_path / "data", samples=3)
    with pytest.raises(UserError, match="is drawn with 256 samples"):
        prepare("motion_synthetic", tmp_path / "data", samples=128)


def test_a_table_becomes_windows_that_overlap_by_half(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("\n".join(sensor_rows(subjects=4)) + "\n")
    collection = load_table(path, "table", None)
    part = collection.parts["train"]
    assert (collection.class_names, collection.input_shape) == (("rest", "walk"), (128, 2))
    assert len(part) == 4 * 2 * 3
    for index in range(len(part)):
        window = part.read(index)
        assert np.ptp(window[:, 1]) == 0
        assert window[0, 1] == part.labels[index]
        assert part.groups is not None
        assert int(window[0, 0]) == part.groups[index]
    assert part.read(1)[0, 0] == pytest.approx(0.064)


def test_subjects_never_straddle_a_split(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("\n".join(sensor_rows(subjects=9)))
    dataset = prepare(path, tmp_path / "data", samples=64)
    met = [set(split.inputs[:, 0, 0].astype(int)) for split in dataset.splits.values()]
    assert sum(map(len, met)) == len(set.union(*met)) == 9
    assert all(set(split.labels) == {0, 1} for split in dataset.splits.values())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: [rows[0].replace("group", "who"), *rows[1:]], "one column 'group'"),
        (lambda rows: [rows[0].replace("label", "x"), *rows[1:]], "one column 'label'"),
        (lambda rows: [rows[0].replace("y", "x"), *rows[1:]], "channels need different names"),
        (lambda rows: [*rows[:4], "0,nan,rest,0,s0", *rows[4:]], "line 5: x must be a number"),
        (lambda rows: [*rows[:4], "0,1,rest,,s0", *rows[4:]], "line 5: y must be a number"),
        (lambda rows: [*rows[:4], "0,1,rest,up,s0", *rows[4:]], "line 5: y must .* got 'up'"),
        (lambda rows: [*rows[:4], "0,1,,3,s0", *rows[4:]], "line 5: label must not be empty"),
        (lambda rows: [*rows, "0,1,jump,3,s0"], "'jump' has no 128 rows"),
        (lambda rows: [row.replace("walk", "rest") for row in rows], "2 classes, found 1"),
        (lambda rows: [row.rsplit(",", 1)[0] + ",me" for row in rows[:1000]], "'group'"),
        (lambda _rows: [], "one column 'label'.* found nothing"),
    ],
)
def test_a_wrong_table_is_refused_in_one_line(tmp_path: Path, change, message: str) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    path = tmp_path / "table.csv"
    path.write_text("\n".join(change(sensor_rows())))
    with pytest.raises(UserError, match=message) as caught:
        prepare(path, tmp_path / "data")
    assert "table.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_one_subject_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("\n".join(sensor_rows(subjects=1, rows=400)))
    with pytest.raises(UserError, match="4 groups are needed, found 1; record more subjects"):
        prepare(path, tmp_path / "data")


def test_groups_that_cannot_give_each_split_every_class_are_refused() -> None:
    labels = np.array([0, 0, 0, 0, 1], np.int32)
    wanted = dict.fromkeys(SPLITS, 0.25)
    with pytest.raises(UserError, match="no deal of 5 groups to 4 splits has every class"):
        deal_groups(labels, np.arange(5, dtype=np.int32), wanted, name="made", seed=0)


def test_motion_is_the_same_in_any_order_and_another_with_another_seed() -> None:
    window = motion_synthetic.draw_window(17, seed=3)
    motion_synthetic.draw_window(4, seed=3)
    assert np.array_equal(window, motion_synthetic.draw_window(17, seed=3))
    assert not np.array_equal(window, motion_synthetic.draw_window(17, seed=4))
    assert window.shape == (motion_synthetic.SAMPLES, motion_synthetic.CHANNELS)


def test_still_bodies_feel_gravity_alone() -> None:
    still = [motion_synthetic.CLASS_NAMES.index(name) for name in ("sitting", "standing")]
    for index in range(28):
        length = np.linalg.norm(motion_synthetic.draw_window(index, seed=0), axis=1)
        if motion_synthetic.label_of(index) in still:
            assert length.mean() == pytest.approx(1, abs=0.1)
        elif motion_synthetic.CLASS_NAMES[motion_synthetic.label_of(index)] == "jogging":
            assert length.std() > 0.2


def test_subjects_of_motion_are_dealt_whole() -> None:
    from nas.data.sources import Request, _draw_windows

    collection = _draw_windows(Request("motion_synthetic", None, None, 0, Path()))
    shares = assign_splits(collection, 0)
    groups = collection.parts["train"].groups
    assert groups is not None
    dealt = {split: set(groups[share.indices].tolist()) for split, share in shares.items()}
    assert {split: len(subjects) for split, subjects in dealt.items()} == {
        "test": 9, "validation": 9, "calibration": 5, "train": 37,
    }  # fmt: skip
    assert len(set.union(*dealt.values())) == motion_synthetic.SUBJECTS
