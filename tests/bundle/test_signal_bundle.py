"""A bundle for signals: the front end goes with the network."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import search_spaces.front_end
from nas.bundle.bundle import write_bundle
from nas.bundle.preparation import of_signals
from nas.candidates.hyperparameters import fixed_hyperparameters
from nas.data.dataset import Split
from nas.data.wav import read_middle
from nas.edgetpu.estimator import Estimator
from nas.evaluation.golden import make_golden
from nas.evaluation.interpreter import predict
from nas.evaluation.preparation import FrontEnd, prepare_split
from nas.evaluation.quantization import quantize
from nas.network.tflite import parse_network
from search_spaces.spectrogram import SpectrogramMlp
from tests.data_room.signals import RATE, write_wav

NOISE = np.random.default_rng(0).normal(size=(12, 256, 1)).astype(np.float32)


def bundle(folder: Path, place: str) -> tuple[bytes, FrontEnd]:
    """Write the bundle of an untrained network."""
    keras.utils.set_random_seed(0)
    space = SpectrogramMlp((256, 1), 3)
    values: dict[str, Any] = space.presets()["dense-128"] | {"front_end": place}
    model = space.build(fixed_hyperparameters(values))
    front_end = space.front_end(values)
    shape = model.inputs[0].shape[1:]
    split = prepare_split(Split(NOISE, np.zeros(12, np.int32)), shape, front_end)
    content = quantize(model, split)
    script = Path(str(search_spaces.front_end.__file__))
    folder.mkdir()
    write_bundle(
        folder,
        name="made_up 0123",
        content=content,
        compiled=None,
        class_names=("a", "b", "c"),
        preparation=of_signals(front_end.settings, RATE, script),
        golden=make_golden(content, split.inputs[:4]),
        estimate=Estimator().estimate(parse_network(content)),
        card="# card",
    )
    return content, front_end


def classify(folder: Path, file: Path) -> Any:
    command = [sys.executable, str(folder / "classify.py"), str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("place", ["host", "model"])
def test_classify_says_of_a_signal_what_the_search_s_interpreter_says(
    tmp_path: Path, place: str
) -> None:
    content, front_end = bundle(tmp_path / "bundle", place)
    sound = write_wav(tmp_path / "a.wav", NOISE[0, :, 0], kind=3, bits=32)
    table = tmp_path / "a.csv"
    table.write_text("x\n" + "\n".join(map(str, NOISE[0, :, 0])))
    signal = read_middle(sound, 256, RATE)[np.newaxis]
    (score,) = predict(content, front_end(signal))
    for file in (sound, table):
        result = classify(tmp_path / "bundle", file)
        assert result.returncode == 0, result.stderr
        assert result.stdout == f"{file}\t{'abc'[int(score.argmax())]}\t{score.max():.3f}\n"


@pytest.mark.slow
def test_classify_names_a_signal_it_cannot_use(tmp_path: Path) -> None:
    bundle(tmp_path / "bundle", "host")
    wrong = write_wav(tmp_path / "a.wav", np.ones(9, "<i2"), rate=9)
    (tmp_path / "b.csv").write_text("1\n2\n")
    for file, message in (
        (wrong, "800 samples a second are needed, it has 9"),
        (tmp_path / "b.csv", "256 rows of 1 numbers are needed, found 2 of 1"),
        (tmp_path / "no.wav", "No such file"),
    ):
        result = classify(tmp_path / "bundle", file)
        assert (result.returncode, "Traceback" in result.stderr) == (2, False)
        assert message in result.stderr
        assert file.name in result.stderr
