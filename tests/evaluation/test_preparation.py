"""What a network is fed: signals through a front end, images resized."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from nas.candidates.hyperparameters import fixed_hyperparameters
from nas.data.dataset import Split
from nas.data.sources import prepare_dataset
from nas.edgetpu.estimator import Estimator
from nas.edgetpu.host import HOSTS
from nas.errors import CandidateError
from nas.evaluation.deployable import measure, retrain, validate
from nas.evaluation.inheritance import inherit, read_weights, save_weights
from nas.evaluation.pipeline import evaluate
from nas.evaluation.preparation import prepare_split
from nas.evaluation.recipe import Recipe
from search_spaces import find_front_end, load_space, presets
from search_spaces.front_end import Spectrogram
from search_spaces.spectrogram import SpectrogramMlp
from tests.data_room.signals import sound_folder

SHORT = Spectrogram(256, 3, window=64, hop=64, bins=16, scale="linear")


def signals(count: int = 300) -> Split:
    inputs = np.random.default_rng(0).normal(size=(count, 256, 3)).astype(np.float32)
    return Split(inputs, np.arange(count, dtype=np.int32) % 2)


def test_signals_go_through_the_front_end_chunk_by_chunk() -> None:
    split = signals()
    prepared = prepare_split(split, (4, 16, 3), SHORT)
    assert np.array_equal(prepared.inputs, SHORT(split.inputs))
    assert prepared.labels is split.labels


def test_signals_without_a_front_end_stay_as_they_are() -> None:
    split = signals(5)
    assert prepare_split(split, (256, 3), None) is split


def test_a_network_that_takes_something_else_costs_this_candidate() -> None:
    with pytest.raises(CandidateError, match=r"takes inputs of shape \(128, 3\), the data are"):
        prepare_split(signals(5), (128, 3), None)
    with pytest.raises(CandidateError, match=r"takes inputs of shape \(5, 5, 3\)"):
        prepare_split(signals(5), (5, 5, 3), SHORT)


def test_images_are_resized() -> None:
    split = Split(np.zeros((2, 32, 32, 3), np.uint8), np.zeros(2, np.int32))
    assert prepare_split(split, (16, 16, 3), None).inputs.shape == (2, 16, 16, 3)
    assert prepare_split(split, (32, 32, 3), None) is split


def test_fixed_weights_are_not_inherited(tmp_path: Path) -> None:
    space = SpectrogramMlp((256, 1), 2)
    values = {**presets(space)["dense-128"], "front_end": "model"}
    parent, child = (
        space.build(fixed_hyperparameters(values | {"window": window})) for window in (64, 32)
    )
    before = [layer.get_weights() for layer in child.layers if not layer.trainable_weights]
    save_weights(parent, tmp_path / "weights.npz")
    assert inherit(child, read_weights(tmp_path / "weights.npz")) > 0
    after = [layer.get_weights() for layer in child.layers if not layer.trainable_weights]
    for old, new in zip(before, after, strict=True):
        assert all(map(np.array_equal, old, new))


class _Silent:
    def stage(self, name: str) -> None:
        pass

    def epoch(self, epoch: int, accuracy: float) -> None:
        pass


@pytest.mark.slow
@pytest.mark.parametrize("place", ["host", "model"])
def test_sounds_are_told_apart_wherever_the_spectrogram_is_made(tmp_path: Path, place: str) -> None:
    sounds = sound_folder(tmp_path / "sounds", files=30)
    dataset = prepare_dataset(
        str(sounds), image_size=None, seed=0, directory=tmp_path / "data", samples=512
    )
    space: Any = load_space("spectrogram_cnn", input_shape=dataset.input_shape, classes=2)
    values = {**presets(space)["conv-16x2"], "front_end": place}
    front_end = find_front_end(space, values)
    assert front_end is not None

    def build() -> Any:
        return space.build(fixed_hyperparameters(values))

    recipe = Recipe(8, 8, 0)
    found = evaluate(
        build,
        dataset=dataset,
        recipe=recipe,
        estimator=Estimator(),
        directory=tmp_path / "model",
        reporter=_Silent(),
        front_end=front_end,
    )
    assert found.accuracy > 0.9
    assert found.estimate.ops_mapped == found.estimate.ops_total
    host = HOSTS["desktop"]
    expected_ms = front_end.macs / 1e9 * host.ms_per_gmac
    expected_ms += front_end.elements / 1e6 * host.ms_per_million_elements
    assert found.estimate.front_end_ms == pytest.approx(expected_ms)
    content = (tmp_path / "model" / "model.tflite").read_bytes()
    assert validate(content, dataset, front_end) == found.accuracy


@pytest.mark.slow
def test_a_network_for_signals_is_trained_again(tmp_path: Path) -> None:
    sounds = sound_folder(tmp_path / "sounds", files=20)
    dataset = prepare_dataset(
        str(sounds), image_size=None, seed=0, directory=tmp_path / "data", samples=256
    )
    space = SpectrogramMlp(dataset.input_shape, 2)
    values = presets(space)["dense-128"]
    keras.utils.set_random_seed(0)
    trained = retrain(
        lambda: space.build(fixed_hyperparameters(values)),
        dataset,
        Recipe(6, 8, 0),
        lambda *_: None,
        lambda _model: (),
        front_end=space.front_end(values),
    )
    made = measure(trained, dataset, space.front_end(values))
    assert made.test_accuracy > 0.9
    assert made.input_shape == (7, 32, 1)
