"""One candidate's way: build, train, quantize, measure its int8 accuracy, cost the file."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import keras

from nas.data.dataset import Dataset
from nas.edgetpu.estimator import Estimate, Estimator
from nas.evaluation.inheritance import WEIGHTS_FILE, inherit, read_weights, save_weights
from nas.evaluation.interpreter import int8_accuracy
from nas.evaluation.peak_memory import PeakMemory
from nas.evaluation.preparation import FrontEnd, prepare_dataset
from nas.evaluation.quantization import quantize
from nas.evaluation.recipe import Recipe
from nas.evaluation.training import Training, train
from nas.network.network import host_work
from nas.network.tflite import parse_network

MODEL_FILE = "model.tflite"


class Reporter(Protocol):
    """Whoever is told how an evaluation proceeds."""

    def stage(self, name: str) -> None:
        """A stage begins."""

    def epoch(self, epoch: int, accuracy: float) -> None:
        """A training epoch ended with this validation accuracy."""


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
        accuracy: int8 accuracy on the validation split, 0 – 1.
        validation_examples: Examples it was measured on.
        training: The float training.
        training_memory_bytes: Peak memory of the training above what was there before.
        model_bytes: Size of the ``.tflite`` file.
        parameters: Parameters of the Keras model.
        estimate: Costs of the ``.tflite`` file.
        seconds: Wall time by stage.
        inherited_share: Share of the weights that began as another network's, 0 – 1; ``None`` if
            none was asked.
    """

    accuracy: float
    validation_examples: int
    training: Training
    training_memory_bytes: int
    model_bytes: int
    parameters: int
    estimate: Estimate
    seconds: Mapping[str, float]
    inherited_share: float | None = None


def evaluate(
    build: Callable[[], Any],
    *,
    dataset: Dataset,
    recipe: Recipe,
    estimator: Estimator,
    directory: Path,
    reporter: Reporter,
    warm_start: Callable[[Any], Collection[str]] = lambda _model: (),
    parent: Path | None = None,
    keep_weights: bool = False,
    front_end: FrontEnd | None = None,
) -> Evaluation:
    """Train a network briefly and measure what became of it; its int8 file is kept.

    Args:
        build: Makes the Keras model.
        dataset: Data; the test split is not read.
        recipe: How to train.
        estimator: Chip model.
        directory: Where ``model.tflite`` is written.
        reporter: Told about stages and epochs.
        warm_start: Loads what the model's layers have learned before; returns their names.
        parent: Weights of a relative to start from.
        keep_weights: Whether the trained weights are written beside the model, for descendants.
        front_end: What prepares signals for the network.

    Raises:
        CandidateError: The network cannot be trained or converted.
    """
    stages = _Stages(reporter)
    keras.utils.set_random_seed(recipe.seed)
    memory = PeakMemory()
    with stages.stage("build"):
        model = build()
        learned = warm_start(model)
        share = None if parent is None else inherit(model, read_weights(parent))
        dataset = at_input_size(dataset, model, front_end)
    with stages.stage("train"):
        training = train(
            model, dataset.train, dataset.validation, recipe, reporter.epoch, learned=learned
        )
        training_memory_bytes = memory.rise_bytes()
    with stages.stage("quantize"):
        content = quantize(model, dataset.calibration)
        _write_model(directory, content)
        if keep_weights:
            save_weights(model, directory / WEIGHTS_FILE)
    with stages.stage("evaluate"):
        accuracy = int8_accuracy(content, dataset.validation)
    with stages.stage("estimate"):
        network = replace(parse_network(content, MODEL_FILE), front_end=host_work(front_end))
        estimate = estimator.estimate(network)
    return Evaluation(
        accuracy=accuracy,
        validation_examples=len(dataset.validation),
        training=training,
        training_memory_bytes=training_memory_bytes,
        model_bytes=len(content),
        parameters=model.count_params(),
        estimate=estimate,
        seconds=stages.seconds,
        inherited_share=share,
    )


def at_input_size(dataset: Dataset, model: Any, front_end: FrontEnd | None = None) -> Dataset:
    """Return the data set with inputs as a model takes them; the test split stays as it is."""
    return prepare_dataset(dataset, tuple(model.inputs[0].shape[1:]), front_end)


def _write_model(directory: Path, content: bytes) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / MODEL_FILE).write_bytes(content)


@dataclass
class _Stages:
    """Tells which stage begins and keeps how long each took."""

    reporter: Reporter
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self.reporter.stage(name)
        started = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - started, 3)
