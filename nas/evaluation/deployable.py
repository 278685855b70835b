"""The chosen network, trained longer than a search can afford, and measured."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from nas.data.dataset import Dataset, Split
from nas.evaluation.golden import GOLDEN_EXAMPLES, Golden, make_golden
from nas.evaluation.interpreter import int8_accuracy
from nas.evaluation.pipeline import at_input_size
from nas.evaluation.preparation import FrontEnd, prepare_split
from nas.evaluation.quantization import quantize
from nas.evaluation.recipe import Recipe
from nas.evaluation.training import OnEpoch, train
from nas.network.tflite import parse_network


@dataclass(frozen=True)
class Trained:
    """A network after one training.

    Attributes:
        content: The int8 ``.tflite`` file.
        accuracy: int8 accuracy on the validation split, 0 – 1.
        float_accuracy: The same before quantization; ``None`` is unknown.
        seed: Seed of the training; ``None`` is unknown.
        epochs: Epochs of the training; ``None`` is unknown.
        best_epoch: Epoch whose weights it has, from 1; ``None`` is unknown.
        augmentation: Random changes of the images it was trained on.
    """

    content: bytes
    accuracy: float
    float_accuracy: float | None = None
    seed: int | None = None
    epochs: int | None = None
    best_epoch: int | None = None
    augmentation: tuple[str, ...] = ()


@dataclass(frozen=True)
class Deployable:
    """A network ready for the device.

    Attributes:
        trained: The network.
        tried: The trainings that it was chosen from.
        input_shape: Shape of one input.
        front_end: What prepares signals for it.
        validation_examples: Examples of the validation split.
        test_accuracy: int8 accuracy on the test split, which nothing was chosen by, 0 – 1.
        test_examples: Examples of the test split.
        golden: Examples of the validation split, and what the network says of them.
    """

    trained: Trained
    tried: tuple[Trained, ...]
    input_shape: tuple[int, ...]
    front_end: FrontEnd | None
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
    refine: Callable[[Any, Dataset, bytes], bytes] = lambda _model, _dataset, content: content,
) -> Trained:
    """Train a network anew and quantize it.

    Args:
        build: Makes the Keras model.
        dataset: Data; the test split is not read.
        recipe: How to train.
        on_epoch: Told after every epoch.
        warm_start: Loads what the model's layers have learned before; returns their names.
        front_end: What prepares signals for the network.
        refine: May give a better int8 file, from the trained model, its data and the plain file.

    Raises:
        CandidateError: The network cannot be trained or converted.
    """
    keras.utils.clear_session()  # or the names of layers would tell how many were built before
    keras.utils.set_random_seed(recipe.seed)
    model = build()
    resized = at_input_size(dataset, model, front_end)
    training = train(
        model, resized.train, resized.validation, recipe, on_epoch, learned=warm_start(model)
    )
    content = refine(model, resized, quantize(model, resized.calibration))
    return Trained(
        content,
        int8_accuracy(content, resized.validation),
        training.accuracy,
        recipe.seed,
        recipe.epochs,
        training.best_epoch,
        recipe.augmentation,
    )


def validate(content: bytes, dataset: Dataset, front_end: FrontEnd | None = None) -> float:
    """Return the accuracy of an int8 file on the validation split, 0 – 1.

    Args:
        content: The file.
        dataset: Data, as stored.
        front_end: What prepares signals for the network.

    Raises:
        UserError: It is no TFLite file.
    """
    return _accuracy(content, dataset.validation, front_end)


def measure(
    trained: Trained,
    dataset: Dataset,
    front_end: FrontEnd | None = None,
    *,
    tried: Sequence[Trained] = (),
) -> Deployable:
    """Measure a network on the test split, and ask it for golden outputs.

    Args:
        trained: The network.
        dataset: Data with all four splits, as stored.
        front_end: What prepares signals for the network.
        tried: The trainings that it was chosen from.
    """
    input_shape = _input_shape(trained.content)
    chosen = slice(GOLDEN_EXAMPLES)
    examples = Split(dataset.validation.inputs[chosen], dataset.validation.labels[chosen])
    return Deployable(
        trained=trained,
        tried=tuple(tried),
        input_shape=input_shape,
        front_end=front_end,
        validation_examples=len(dataset.validation),
        test_accuracy=_accuracy(trained.content, dataset.test, front_end),
        test_examples=len(dataset.test),
        golden=make_golden(trained.content, prepare_split(examples, input_shape, front_end).inputs),
    )


def _accuracy(content: bytes, split: Split, front_end: FrontEnd | None) -> float:
    return int8_accuracy(content, prepare_split(split, _input_shape(content), front_end))


def _input_shape(content: bytes) -> tuple[int, ...]:
    return parse_network(content).inputs[0].shape[1:]
