"""Brief training: the best checkpoint, the same from the same seed, failures by name."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from nas.data.dataset import Dataset, Split
from nas.errors import CandidateError
from nas.evaluation.recipe import Recipe
from nas.evaluation.training import batches, outputs_logits, train
from tests.own_space import network


def small_network(mood: str = "good") -> Any:
    keras.utils.set_random_seed(0)
    return network(8, (16, 16, 3), 2, mood)


def ignore(_epoch: int, _accuracy: float) -> None:
    pass


def accuracy(model: Any, split: Split) -> float:
    predictions = model.predict(split.inputs.astype(np.float32), verbose=0).argmax(axis=1)
    return float((predictions == split.labels).mean())


@pytest.mark.slow
def test_the_model_keeps_the_weights_of_its_best_epoch(tiny_dataset: Dataset) -> None:
    model, told = small_network(), []
    training = train(
        model, tiny_dataset.train, tiny_dataset.validation, Recipe(4, 16, 0),
        lambda epoch, value: told.append((epoch, value)),
    )  # fmt: skip
    assert told == list(enumerate(training.learning_curve, start=1))
    assert training.accuracy == max(training.learning_curve)
    assert training.best_epoch == 1 + training.learning_curve.index(training.accuracy)
    assert accuracy(model, tiny_dataset.validation) == pytest.approx(training.accuracy, abs=1e-6)
    assert training.accuracy > 0.9


@pytest.mark.slow
def test_the_best_epoch_is_kept_and_not_the_last_one(tiny_dataset: Dataset) -> None:
    """Wrong labels make the network worse with every epoch after the first."""
    model = small_network()
    train(model, tiny_dataset.train, tiny_dataset.validation, Recipe(3, 16, 0), ignore)
    wrong = Split(tiny_dataset.train.inputs, 1 - tiny_dataset.train.labels)
    again = train(model, wrong, tiny_dataset.validation, Recipe(6, 16, 0), ignore)
    assert again.learning_curve[-1] < again.accuracy
    assert accuracy(model, tiny_dataset.validation) == pytest.approx(again.accuracy, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("changes", [(), ("shift", "light")])
def test_the_same_seed_gives_the_same_curve(
    tiny_dataset: Dataset, changes: tuple[str, ...]
) -> None:
    recipe = Recipe(2, 16, 5, augmentation=changes)
    curves = [
        train(
            small_network(), tiny_dataset.train, tiny_dataset.validation, recipe, ignore
        ).learning_curve
        for _ in range(2)
    ]
    assert curves[0] == curves[1]


def test_batches_hold_changed_images_that_differ_between_epochs(tiny_dataset: Dataset) -> None:
    split, count = tiny_dataset.train, len(tiny_dataset.train)
    changed = batches(split, count, shuffle_seed=0, augmentation=("light",))
    first, second = (next(iter(changed))[0].numpy() for _ in range(2))
    assert first.shape == split.inputs.shape
    assert (first != next(iter(batches(split, count, shuffle_seed=0)))[0].numpy()).any()
    assert sorted(map(float, first.mean((1, 2, 3)))) != sorted(map(float, second.mean((1, 2, 3))))


@pytest.mark.slow
def test_batch_normalization_follows_brief_trainings(tiny_dataset: Dataset) -> None:
    model = small_network()
    train(model, tiny_dataset.train, tiny_dataset.validation, Recipe(1, 16, 0), ignore)
    momenta = [
        layer.momentum for layer in model.layers if isinstance(layer, layers.BatchNormalization)
    ]
    assert momenta == [0.9]


@pytest.mark.slow
def test_a_loss_that_becomes_nan_fails_the_candidate_with_the_epoch(tiny_dataset: Dataset) -> None:
    with pytest.raises(CandidateError, match="the loss became nan in epoch 1"):
        train(
            small_network("nan"), tiny_dataset.train, tiny_dataset.validation, Recipe(2, 16, 0),
            ignore,
        )  # fmt: skip


def test_every_example_is_seen_once_an_epoch_in_a_new_order(tiny_dataset: Dataset) -> None:
    split = Split(tiny_dataset.train.inputs, np.arange(len(tiny_dataset.train), dtype=np.int32))
    pipeline = batches(split, 16, shuffle_seed=0)
    epochs = [np.concatenate([labels for _, labels in pipeline]) for _ in range(2)]
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(len(split)))
    assert epochs[0].tolist() != epochs[1].tolist()


def test_a_batch_holds_the_pixels_of_its_labels(tiny_dataset: Dataset) -> None:
    split = Split(tiny_dataset.train.inputs, np.arange(len(tiny_dataset.train), dtype=np.int32))
    inputs, rows = next(iter(batches(split, 8, shuffle_seed=1)))
    np.testing.assert_array_equal(inputs.numpy(), split.inputs[rows.numpy()])


@pytest.mark.parametrize(
    ("last", "is_logits"),
    [
        (layers.Dense(2), True),
        (layers.Dense(2, activation="softmax"), False),
        (layers.Dense(2, activation="sigmoid"), False),
        (layers.Softmax(), False),
        (layers.Activation("softmax"), False),
    ],
)
def test_loss_and_output_agree_about_logits(last: Any, is_logits: bool) -> None:
    model = keras.Sequential([keras.Input((4,)), last])
    assert outputs_logits(model) is is_logits
