"""The sources that other packages bring: Keras, TensorFlow Datasets and scikit-learn."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from nas.data.digits import load_digits
from nas.data.keras_sets import KERAS_SETS, load_keras_set
from nas.data.tfds_sets import load_tfds_set
from nas.errors import UserError


def fake_keras(monkeypatch: pytest.MonkeyPatch, load_data: Any) -> None:
    sets = SimpleNamespace(**{name: SimpleNamespace(load_data=load_data) for name in KERAS_SETS})
    monkeypatch.setitem(sys.modules, "keras", SimpleNamespace(datasets=sets))


def test_a_keras_set_keeps_its_test_part(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def load_data() -> Any:
        print("Downloading data")
        images = np.full((3, 32, 32, 3), 9, dtype=np.uint8)
        return (images, np.array([[3], [1], [0]])), (images[:1], np.array([[2]]))

    fake_keras(monkeypatch, load_data)
    collection = load_keras_set("cifar10", 32)
    assert collection.parts["train"].labels.tolist() == [3, 1, 0]
    assert collection.parts["test"].labels.tolist() == [2]
    assert (collection.parts["test"].read(0) == 9).all()
    assert collection.class_names[3] == "cat"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("name", "classes"), [("mnist", 10), ("fashion_mnist", 10), ("cifar10", 10), ("cifar100", 100)]
)
def test_every_keras_class_has_a_name(
    monkeypatch: pytest.MonkeyPatch, name: str, classes: int
) -> None:
    part = np.zeros((1, 28, 28), dtype=np.uint8), np.zeros(1, dtype=np.uint8)
    fake_keras(monkeypatch, lambda: (part, part))
    assert len(set(load_keras_set(name, 32).class_names)) == classes


def test_a_failed_keras_download_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def load_data() -> Any:
        raise Exception("URL fetch failure on https://example.org:\nNone -- unreachable")

    fake_keras(monkeypatch, load_data)
    with pytest.raises(UserError, match=r"keras:mnist: .*org: None -- unreachable; check") as error:
        load_keras_set("mnist", 32)
    assert "\n" not in str(error.value)


def test_an_unknown_keras_set_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"keras:imdb: .* mnist, fashion_mnist, cifar10, cifar100"):
        load_keras_set("imdb", 32)


class FakeTfds:
    """What is used of TensorFlow Datasets, with three parts of fixed size."""

    def __init__(self, label: Any, test_labels: tuple[int, ...] = (0, 1)) -> None:
        self.labels = {"train": (0, 1, 1), "test": test_labels}
        splits = {name: SimpleNamespace(num_examples=len(v)) for name, v in self.labels.items()}
        self.info = SimpleNamespace(features={"image": 0, "label": label}, splits=splits)

    def builder(self, name: str) -> Any:
        if name != "beans":
            raise ValueError(f"Dataset {name} not found.\nDid you mean beans?")
        return self

    def download_and_prepare(self) -> None:
        print("Downloading")

    def as_dataset(self, split: str, shuffle_files: bool) -> Iterator[dict[str, Any]]:
        assert not shuffle_files
        for shade, label in enumerate(self.labels[split]):
            yield {"image": np.full((20 + shade, 30, 1), shade, dtype=np.uint8), "label": label}

    def as_numpy(self, examples: Any) -> Any:
        return examples


NAMES = SimpleNamespace(names=["sick", "well"])


def test_a_tfds_set_keeps_its_parts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", FakeTfds(NAMES))
    collection = load_tfds_set("beans", 16, tmp_path)
    assert collection.class_names == ("sick", "well")
    assert {name: part.labels.tolist() for name, part in collection.parts.items()} == {
        "train": [0, 1, 1],
        "test": [0, 1],
    }
    assert (collection.parts["train"].read(2) == np.full((16, 16, 3), 2)).all()
    assert capsys.readouterr().out == ""


def test_test_images_published_without_labels_are_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", FakeTfds(NAMES, (-1, -1)))
    assert set(load_tfds_set("beans", 16, tmp_path).parts) == {"train"}


def test_an_unknown_tfds_set_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", FakeTfds(NAMES))
    with pytest.raises(UserError, match=r"tfds:peas: .*: Dataset peas not found\.; check") as error:
        load_tfds_set("peas", 16, tmp_path)
    assert "\n" not in str(error.value)


def test_a_tfds_set_without_class_labels_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", FakeTfds(label=object()))
    with pytest.raises(UserError, match="must have an image and a class label, found image, label"):
        load_tfds_set("beans", 16, tmp_path)


def test_missing_tensorflow_datasets_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(UserError, match="pip install tensorflow-datasets"):
        load_tfds_set("beans", 16, tmp_path)


def test_missing_scikit_learn_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(UserError, match="pip install scikit-learn"):
        load_digits(32)


def test_digits_are_white_on_black() -> None:
    pytest.importorskip("sklearn", reason="needs the extra digits")
    part = load_digits(32).parts["train"]
    image = part.read(0)
    assert (len(part), part.labels[:4].tolist()) == (1797, [0, 1, 2, 3])
    assert image[0, 0].tolist() == [0, 0, 0]
    assert image.max() > 200
