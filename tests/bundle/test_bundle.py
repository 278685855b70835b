"""The folder that goes to the device, and the script in it."""

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from nas.bundle import classify
from nas.bundle.bundle import check_folder, write_bundle
from nas.bundle.preparation import of_images
from nas.data import images
from nas.data.dataset import Dataset
from nas.edgetpu.estimator import Estimator
from nas.errors import UserError
from nas.evaluation.golden import make_golden
from nas.evaluation.interpreter import predict
from nas.evaluation.quantization import quantize
from nas.evaluation.recipe import Recipe
from nas.evaluation.training import train
from nas.network.tflite import parse_network
from tests.own_space import network


@pytest.fixture(scope="module")
def content(tiny_dataset: Dataset) -> bytes:
    keras.utils.set_random_seed(0)
    model = network(8, (16, 16, 3), 2, "good")
    train(model, tiny_dataset.train, tiny_dataset.validation, Recipe(4, 16, 0), lambda *_: None)
    return quantize(model, tiny_dataset.calibration)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, content: bytes, tiny_dataset: Dataset) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    write_bundle(
        folder,
        name="made_up 0123",
        content=content,
        compiled=None,
        class_names=("above", "be\nlow"),
        preparation=of_images((16,)),
        golden=make_golden(content, tiny_dataset.validation.inputs[:4]),
        estimate=Estimator().estimate(parse_network(content)),
        card="# card",
    )
    return folder


def run_classify(folder: Path, *pictures: Path, **settings: Any) -> Any:
    command = [sys.executable, str(folder / "classify.py"), *map(str, pictures)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **settings)


def test_the_bundle_holds_what_is_needed(folder: Path, content: bytes) -> None:
    assert {path.name for path in folder.iterdir()} == {
        "model.tflite", "model_uint8.tflite", "labels.txt", "preprocessing.json", "classify.py",
        "classify.cc", "images.py", "MODEL_CARD.md", "verify.py", "golden.npz", "promise.json",
        "SHA256SUMS",
    }  # fmt: skip
    shipped = parse_network((folder / "model.tflite").read_bytes())
    assert repr(shipped.operators) == repr(parse_network(content).operators)
    assert (folder / "labels.txt").read_text() == "above\nbe low\n"
    assert json.loads((folder / "preprocessing.json").read_text())["resize_sides"] == [16]


def test_classify_says_what_the_search_s_interpreter_says(
    folder: Path, content: bytes, picture_folder: Path
) -> None:
    pictures = [
        picture_folder / name / f"{number:03}.png"
        for name in ("above", "below")
        for number in range(3)
    ]
    result = run_classify(folder, *pictures)
    assert result.returncode == 0, result.stderr
    scores = predict(content, np.stack([read(path) for path in pictures]))
    expected = [
        f"{path}\t{('above', 'be low')[int(score.argmax())]}\t{score.max():.3f}"
        for path, score in zip(pictures, scores, strict=True)
    ]
    assert result.stdout.splitlines() == expected


def read(path: Path) -> Any:
    from PIL import Image

    with Image.open(path) as picture:
        return images.square_image(picture, 16)


def test_classify_names_a_picture_it_cannot_read(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "no.png").write_text("no picture")
    result = run_classify(folder, tmp_path / "no.png")
    assert result.returncode == 2
    assert "no.png" in result.stderr
    assert "Traceback" not in result.stderr


def test_classify_says_what_to_install_where_no_interpreter_is(
    folder: Path, picture_folder: Path, tmp_path: Path
) -> None:
    """The interpreters are hidden behind modules that raise as missing ones do."""
    for name in ("ai_edge_litert", "tflite_runtime", "pycoral"):
        (tmp_path / f"{name}.py").write_text(f"raise ModuleNotFoundError({name!r})")
    environment = {"PYTHONPATH": str(tmp_path)}
    result = run_classify(folder, picture_folder / "above" / "000.png", env=environment)
    assert result.returncode == 1
    assert "pip install numpy pillow ai-edge-litert" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("module", [classify, images])
def test_what_runs_on_a_board_is_python_3_7(module: Any) -> None:
    ast.parse(Path(module.__file__).read_text(), feature_version=(3, 7))


def test_a_folder_with_other_files_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(UserError, match="holds other files: name a new one"):
        check_folder(tmp_path)
    with pytest.raises(UserError, match="cannot be written: "):
        check_folder(tmp_path / "thesis.tex" / "bundle")
    check_folder(tmp_path / "new")
    (tmp_path / "new" / "MODEL_CARD.md").write_text("")
    check_folder(tmp_path / "new")
