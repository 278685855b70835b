"""``verify.py`` of a bundle: unchanged files, golden outputs to the last bit, refusals."""

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nas.bundle import bundle
from nas.bundle.bundle import write_bundle
from nas.bundle.preparation import of_images
from nas.edgetpu.estimator import Estimator
from nas.evaluation.golden import make_golden
from nas.network.tflite import parse_network
from tests.bundle.test_bundle import content as content  # noqa: PLC0414  a fixture

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bundle around a small model that needs no training."""
    path = DATA / "convolutional_int8.tflite"
    return make_bundle(tmp_path / "bundle", path.read_bytes())


def make_bundle(folder: Path, content: bytes) -> Path:
    network = parse_network(content)
    examples = np.random.default_rng(0).integers(0, 256, (4, *network.inputs[0].shape[1:]))
    folder.mkdir()
    write_bundle(
        folder,
        name="made_up 0123",
        content=content,
        compiled=None,
        class_names=("one", "two"),
        preparation=of_images((16,)),
        golden=make_golden(content, examples.astype(np.uint8)),
        estimate=Estimator().estimate(network),
        card="# card",
    )
    return folder


def run_verify(folder: Path, *words: str) -> Any:
    command = [sys.executable, str(folder / "verify.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_an_untouched_bundle_is_verified(folder: Path) -> None:
    result = run_verify(folder)
    assert result.returncode == 0, result.stderr
    assert "files: unchanged" in result.stdout
    assert "golden outputs equal to the last bit" in result.stdout
    assert "Edge TPU: not checked" in result.stdout
    assert result.stdout.endswith("\nverified\n")


def test_the_checksums_are_those_of_sha256sum(folder: Path) -> None:
    command = [shutil.which("sha256sum") or "sha256sum", "--check", "--quiet", "SHA256SUMS"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "")
    named = {line.split("  ")[1] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    assert named == {path.name for path in folder.iterdir()} - {"SHA256SUMS"}


@pytest.mark.parametrize("name", ["labels.txt", "preprocessing.json", "MODEL_CARD.md"])
def test_a_changed_or_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).write_text("something else")
    changed = run_verify(folder)
    assert changed.returncode == 1
    assert f"{name} has changed" in changed.stdout
    assert changed.stdout.endswith("\nNOT verified\n")
    (folder / name).unlink()
    assert f"{name} is missing" in run_verify(folder).stdout


def test_one_level_of_one_output_is_noticed(folder: Path) -> None:
    with np.load(folder / "golden.npz") as golden:
        inputs, outputs = golden["inputs"], golden["outputs"].copy()
    outputs[2, 1] ^= 1
    np.savez_compressed(folder / "golden.npz", inputs=inputs, outputs=outputs)
    result = run_verify(folder)
    assert result.returncode == 1
    assert "up to 1 levels apart" in result.stdout


def test_the_promise_is_the_estimate(folder: Path) -> None:
    promise = json.loads((folder / "promise.json").read_text())
    estimate = Estimator().estimate(parse_network((folder / "model.tflite").read_bytes()))
    assert promise["latency_high_ms"] == estimate.latency_high_ms
    assert (promise["link"], promise["latency_source"]) == ("usb3", "estimate")


def test_a_damaged_model_ends_with_one_line(folder: Path) -> None:
    (folder / "model.tflite").write_bytes(b"no model")
    result = run_verify(folder)
    assert result.returncode == 1
    assert "model.tflite has changed" in result.stdout
    assert "Traceback" not in result.stderr


def test_it_runs_on_python_3_7() -> None:
    ast.parse(Path(bundle.__file__).with_name("verify.py").read_text(), feature_version=(3, 7))


@pytest.mark.slow
def test_it_runs_where_only_numpy_pillow_and_an_interpreter_are(
    content: bytes, tmp_path: Path, picture_folder: Path
) -> None:
    """In an environment of its own, with the interpreter for boards as well."""
    bundle = make_bundle(tmp_path / "bundle", content)
    environment = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True, timeout=120)
    python = environment / "bin" / "python"
    installed = subprocess.run(
        [python, "-m", "pip", "install", "-q", "numpy<2", "pillow", "tflite-runtime==2.14.0"],
        capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    if installed.returncode != 0:
        pytest.skip(f"no package registry here: {installed.stderr[-200:]}")
    result = subprocess.run(
        [python, bundle / "verify.py"], capture_output=True, text=True, check=False, timeout=120
    )
    assert result.returncode == 0, result.stdout
    picture = picture_folder / "above" / "000.png"
    shown = subprocess.run(
        [python, bundle / "classify.py", picture],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert shown.returncode == 0, shown.stderr
