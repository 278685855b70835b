"""Layers that have learned before: frozen first, then trained at a lower rate."""

import numpy as np
import pytest

from nas.data.dataset import Dataset
from nas.evaluation.recipe import Phase, Recipe
from nas.evaluation.training import train
from tests.evaluation.test_training import ignore, small_network

LAYER = "conv2d"


def test_a_network_that_starts_anew_has_one_phase() -> None:
    assert Recipe(8, 16, 0).phases(has_learned=False) == (Phase(0, 8, 4e-3, is_frozen=False),)


@pytest.mark.parametrize(("epochs", "frozen"), [(80, 60), (5, 4), (2, 2), (1, 1)])
def test_three_of_four_epochs_are_frozen(epochs: int, frozen: int) -> None:
    first, *others = Recipe(epochs, 16, 0).phases(has_learned=True)
    assert first == Phase(0, frozen, 4e-3, is_frozen=True)
    expected = [Phase(frozen, epochs, 4e-4, is_frozen=False)] if frozen < epochs else []
    assert [(each.start, each.end, each.is_frozen) for each in others] == [
        (each.start, each.end, each.is_frozen) for each in expected
    ]
    assert all(each.learning_rate == pytest.approx(4e-4) for each in others)


@pytest.mark.slow
def test_frozen_layers_keep_their_weights_until_they_are_fine_tuned(
    tiny_dataset: Dataset,
) -> None:
    model = small_network()
    (name,) = (layer.name for layer in model.layers if layer.name.startswith(LAYER))
    layer = model.get_layer(name)
    kernels, rates = [], []

    def keep(_epoch: int, _accuracy: float) -> None:
        kernels.append(np.array(layer.kernel))
        rates.append(float(model.optimizer.learning_rate))

    recipe = Recipe(4, 16, 0, frozen_share=0.5)
    training = train(
        model, tiny_dataset.train, tiny_dataset.validation, recipe, keep, learned=[name]
    )
    assert len(training.learning_curve) == 4
    assert np.array_equal(kernels[0], kernels[1])
    assert not np.array_equal(kernels[1], kernels[2])
    assert rates[2] < rates[0] / 5
    assert layer.trainable


@pytest.mark.slow
def test_frozen_to_the_end_only_the_others_learn(tiny_dataset: Dataset) -> None:
    model = small_network()
    (name,) = (layer.name for layer in model.layers if layer.name.startswith(LAYER))
    before = [np.array(w) for w in model.get_layer(name).get_weights()]
    recipe = Recipe(2, 16, 0, frozen_share=1.0)
    train(model, tiny_dataset.train, tiny_dataset.validation, recipe, ignore, learned=[name])
    after = model.get_layer(name).get_weights()
    assert all(map(np.array_equal, before, after))
