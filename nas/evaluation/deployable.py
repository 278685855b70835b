"""The chosen network, trained longer than a search can afford, and measured."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras

from nas.data.dataset import Dataset, Split
from nas.data.images import resize_images
from nas.edgetpu.tflite import parse_network
from nas.evaluation.interpreter import int8_accuracy
from nas.evaluation.pipeline import at_input_size
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
        input_side: Side of its input in pixels.
        validation_accuracy: int8 accuracy on the validation split, 0 – 1.
        validation_examples: Examples of the validation split.
        test_accuracy: int8 accuracy on the test split, which nothing was chosen by, 0 – 1.
        test_examples: Examples of the test split.
    """

    content: bytes
    epochs: int | None
    best_epoch: int | None
    input_side: int
    validation_accuracy: float
    validation_examples: int
    test_accuracy: float
    test_examples: int


def retrain(
    build: Callable[[], Any], dataset: Dataset, recipe: Recipe, on_epoch: OnEpoch
) -> Deployable:
    """Train a network from new weights, quantize it, and measure it.

    Args:
        build: Makes the Keras model.
        dataset: Data with all four splits.
        recipe: How to train.
        on_epoch: Told after every epoch.

    Raises:
        CandidateError: The network cannot be trained or converted.
    """
    keras.utils.set_random_seed(recipe.seed)
    model = build()
    resized = at_input_size(dataset, model)
    training = train(model, resized.train, resized.validation, recipe, on_epoch)
    content = quantize(model, resized.calibration)
    return measure(content, dataset, epochs=recipe.epochs, best_epoch=training.best_epoch)


def measure(
    content: bytes, dataset: Dataset, *, epochs: int | None = None, best_epoch: int | None = None
) -> Deployable:
    """Measure an int8 file on the validation and the test split.

    Args:
        content: The file.
        dataset: Data with these splits, not yet at the network's input size.
        epochs: Epochs of its training.
        best_epoch: Epoch whose weights it has, from 1.

    Raises:
        UserError: It is no TFLite file.
    """
    side = int(parse_network(content).inputs[0].shape[1])

    def accuracy(split: Split) -> float:
        return int8_accuracy(content, Split(resize_images(split.inputs, side), split.labels))

    return Deployable(
        content=content,
        epochs=epochs,
        best_epoch=best_epoch,
        input_side=side,
        validation_accuracy=accuracy(dataset.validation),
        validation_examples=len(dataset.validation),
        test_accuracy=accuracy(dataset.test),
        test_examples=len(dataset.test),
    )
