"""The chosen network, trained longer than a search can afford."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras

from nas.data.dataset import Dataset, Split
from nas.data.images import resize_images
from nas.evaluation.interpreter import int8_accuracy
from nas.evaluation.pipeline import at_input_size
from nas.evaluation.quantization import quantize
from nas.evaluation.recipe import Recipe
from nas.evaluation.training import OnEpoch, Training, train


@dataclass(frozen=True)
class Retrained:
    """A network ready for the device.

    Attributes:
        content: The int8 ``.tflite`` file.
        training: Its float training.
        input_side: Side of its input in pixels.
        validation_accuracy: int8 accuracy on the validation split, 0 – 1.
        validation_examples: Examples of the validation split.
        test_accuracy: int8 accuracy on the test split, which nothing was chosen by, 0 – 1.
        test_examples: Examples of the test split.
    """

    content: bytes
    training: Training
    input_side: int
    validation_accuracy: float
    validation_examples: int
    test_accuracy: float
    test_examples: int


def retrain(
    build: Callable[[], Any], dataset: Dataset, recipe: Recipe, on_epoch: OnEpoch
) -> Retrained:
    """Train a network from new weights, quantize it, and measure it on validation and test.

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
    side = int(model.inputs[0].shape[1])
    resized = at_input_size(dataset, model)
    training = train(model, resized.train, resized.validation, recipe, on_epoch)
    content = quantize(model, resized.calibration)
    test = Split(resize_images(dataset.test.inputs, side), dataset.test.labels)
    return Retrained(
        content=content,
        training=training,
        input_side=side,
        validation_accuracy=int8_accuracy(content, resized.validation),
        validation_examples=len(dataset.validation),
        test_accuracy=int8_accuracy(content, test),
        test_examples=len(test),
    )
