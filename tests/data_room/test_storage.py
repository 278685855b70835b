import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nas.data.splits import assign_splits
from nas.data.storage import inputs_path, labels_path, open_dataset
from nas.data.writing import write_dataset
from nas.errors import UserError
from tests.data_room.pictures import make_collection


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    collection = make_collection(train=[0, 1] * 20)
    write_dataset(collection, assign_splits(collection, seed=0), tmp_path)
    return tmp_path


def edit(directory: Path, **changes: Any) -> None:
    path = directory / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_arrays_are_mapped_and_read_only(prepared: Path) -> None:
    dataset = open_dataset(prepared)
    assert isinstance(dataset.train.inputs, np.memmap)
    assert dataset.input_shape == (16, 16, 3)
    with pytest.raises(ValueError, match="read-only"):
        dataset.train.inputs[0] = 0


def test_a_folder_without_a_data_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"dataset\.json: not a prepared .*missing\); prepare it"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 2}', "\udcff"])
def test_a_damaged_json_file_is_refused(prepared: Path, text: str) -> None:
    (prepared / "dataset.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UserError, match="not a prepared data set"):
        open_dataset(prepared)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": 3}, r"Expected `str`, got `int` - at `\$\.name`"),
        ({"input_shape": 16}, r"got `int` - at `\$\.input_shape`"),
        ({"input_shape": [16, "16", 3]}, r"Expected `int`, got `str` - at `\$\.input_shape\[1\]`"),
        ({"dtype": "float64"}, r"Invalid enum value 'float64' - at `\$\.dtype`"),
        ({"class_names": ["a", 1]}, r"got `int` - at `\$\.class_names\[1\]`"),
        ({"split_sizes": {"train": 3}}, "must count train, validation, calibration, test"),
        ({"input_shape": [17, 17, 3]}, r"train_inputs\.npy: .* expected, found"),
        ({"class_names": ["a"]}, "a label names no class"),
    ],
)
def test_fields_that_do_not_fit_are_refused(
    prepared: Path, changes: dict[str, Any], message: str
) -> None:
    edit(prepared, **changes)
    with pytest.raises(UserError, match=message):
        open_dataset(prepared)


def test_a_truncated_array_is_refused(prepared: Path) -> None:
    path = inputs_path(prepared, "train")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(UserError, match=r"train_inputs\.npy: not a prepared data set"):
        open_dataset(prepared)


def test_a_pickled_array_is_not_loaded(prepared: Path) -> None:
    np.save(labels_path(prepared, "test"), np.array([print] * 6), allow_pickle=True)
    with pytest.raises(UserError, match=r"test_labels\.npy: not a prepared data set"):
        open_dataset(prepared)
