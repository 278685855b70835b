"""The chosen network, trained longer than a search can afford, and measured."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import keras

from nas.data.dataset import Dataset, Split
from nas.edgetpu.tflite import parse_network
from nas.evaluation.golden import GOLDEN_EXAMPLES, Golden, make_golden
from nas.evaluation.interpreter import int8_accuracy
from nas.evaluation.pipeline import at_input_size
from nas.evaluation.preparation import FrontEnd, prepare_split
from nas.evaluation.quantization import quantize
from nas.evaluation.recipe import Recipe
from nas.evaluation.training import OnEpoch, train


@dataclass(frozen=True)
class Deployable:
    """A network ready for the device.

    Attributes:
        content: The int8 ``.tflite`` file.
        epochs: Epochs of its training; ``None`` is unknown.
        best_epoch: Epoch whose weights it has, from 1; ``None`` is unknown.
        input_shape: Shape of one input.
        front_end: What prepares signals for it.
        validation_accuracy: int8 accuracy on the validation split, 0 – 1.
        validation_examples: Examples of the validation split.
        test_accuracy: int8 accuracy on the test split, which nothing was chosen by, 0 – 1.
        test_examples: Examples of the test split.
        golden: Examples of the validation split, and what the network says of them.
    """

    content: bytes
    epochs: int | None
    best_epoch: int | None
    input_shape: tuple[int, ...]
    front_end: FrontEnd | None
    validation_accuracy: float
    validation_examples: int
    test_accuracy: float
    test_examples: int
    golden: Golden


def retrain(
    build: Callable[[], Any],
    dataset: Dataset,
    recipe: Recipe,
    on_epoch: OnEpoch,
    warm_start: Callable[[Any], Collection[str]],
    *,
    front_end: FrontEnd | None = None,
) -> Deployable:
    """Train a network anew, quantize it, and measure it.

    Args:
        build: Makes the Keras model.
        dataset: Data with all four splits.
        recipe: How to train.
        on_epoch: Told after every epoch.
        warm_start: Loads what the model's layers have learned before; returns their names.
        front_end: What prepares signals for the network.

    Raises:
        CandidateError: The network cannot be trained or converted.
    """
    keras.utils.set_random_seed(recipe.seed)
    model = build()
    resized = at_input_size(dataset, model, front_end)
    training = train(
        model, resized.train, resized.validation, recipe, on_epoch, learned=warm_start(model)
    )
    content = quantize(model, resized.calibration)
    return measure(
        content, dataset, front_end, epochs=recipe.epochs, best_epoch=training.best_epoch
    )


def measure(
    content: bytes,
    dataset: Dataset,
    front_end: FrontEnd | None = None,
    *,
    epochs: int | None = None,
    best_epoch: int | None = None,
) -> Deployable:
    """Measure an int8 file on the validation and the test split.

    Args:
        content: The file.
        dataset: Data with these splits, as stored.
        front_end: What prepares signals for the network.
        epochs: Epochs of its training.
        best_epoch: Epoch whose weights it has, from 1.

    Raises:
        UserError: It is no TFLite file.
    """
    input_shape = parse_network(content).inputs[0].shape[1:]

    def accuracy(split: Split) -> float:
        return int8_accuracy(content, prepare_split(split, input_shape, front_end))

    chosen = slice(GOLDEN_EXAMPLES)
    examples = Split(dataset.validation.inputs[chosen], dataset.validation.labels[chosen])
    return Deployable(
        content=content,
        epochs=epochs,
        best_epoch=best_epoch,
        input_shape=input_shape,
        front_end=front_end,
        validation_accuracy=accuracy(dataset.validation),
        validation_examples=len(dataset.validation),
        test_accuracy=accuracy(dataset.test),
        test_examples=len(dataset.test),
        golden=make_golden(content, prepare_split(examples, input_shape, front_end).inputs),
    )
