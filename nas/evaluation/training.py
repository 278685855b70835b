"""Brief, seeded training that keeps the best checkpoint."""

import math
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from nas.data.dataset import Split
from nas.errors import CandidateError
from nas.evaluation.augmentation import augment
from nas.evaluation.recipe import Phase, Recipe

EVALUATION_BATCH = 256


@dataclass(frozen=True)
class Training:
    """What a training did; the model holds the weights of ``best_epoch``.

    Attributes:
        learning_curve: Validation accuracy after each epoch, 0 – 1.
        best_epoch: Epoch with the highest validation accuracy, from 1; the first of equals.
        train_seconds: Wall time of the training.
    """

    learning_curve: tuple[float, ...]
    best_epoch: int
    train_seconds: float

    @property
    def accuracy(self) -> float:
        """Validation accuracy of the kept checkpoint, 0 – 1."""
        return self.learning_curve[self.best_epoch - 1]


OnEpoch = Callable[[int, float], None]
"""Called with the epoch, from 1, and its validation accuracy."""


def train(
    model: Any,
    train_split: Split,
    validation: Split,
    recipe: Recipe,
    on_epoch: OnEpoch,
    *,
    learned: Collection[str] = (),
) -> Training:
    """Train a built model in place and leave the best checkpoint's weights in it.

    Args:
        model: A Keras classifier of ``(batch, height, width, channels)`` inputs, uncompiled.
        train_split: What to learn from.
        validation: What to compare epochs on.
        recipe: How to train.
        on_epoch: Told after every epoch.
        learned: Names of layers that have learned before and stay frozen at first.

    Raises:
        CandidateError: The loss became NaN, or memory ran out.
    """
    started = time.monotonic()
    _set_normalization_momentum(model, recipe.normalization_momentum)
    best = _BestCheckpoint(on_epoch)
    examples = batches(
        train_split,
        recipe.batch_size,
        shuffle_seed=recipe.seed,
        augmentation=recipe.augmentation,
    )
    try:
        for phase in recipe.phases(has_learned=bool(learned)):
            for name in learned:
                model.get_layer(name).trainable = not phase.is_frozen
            _compile(model, recipe, phase, math.ceil(len(train_split) / recipe.batch_size))
            model.fit(
                examples,
                validation_data=batches(validation, EVALUATION_BATCH),
                initial_epoch=phase.start,
                epochs=phase.end,
                callbacks=[best],
                shuffle=False,  # the pipeline shuffles
                verbose=0,
            )
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        raise CandidateError("out of memory while training") from error
    model.set_weights(best.weights)
    return Training(tuple(best.curve), best.epoch, time.monotonic() - started)


def batches(
    split: Split,
    batch_size: int,
    shuffle_seed: int | None = None,
    augmentation: Sequence[str] = (),
) -> Any:
    """Return a prefetched ``tf.data.Dataset`` of float32 inputs and labels.

    Rows are gathered from the split's array, which is memory-mapped: the operating system's page
    cache holds what fits, and nothing is copied for what does not.

    Args:
        split: Examples.
        batch_size: Examples a batch; the last one may be smaller.
        shuffle_seed: Seed of a new order every epoch; ``None`` keeps the split's order.
        augmentation: Random changes of the images, from the same seed.
    """
    random = np.random.default_rng(shuffle_seed)
    count, shape = len(split), split.inputs.shape[1:]
    order = tf.data.Dataset.range(count)
    if shuffle_seed is not None:
        order = order.shuffle(count, seed=shuffle_seed)

    def read(index: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.int32]]:
        return augment(split.inputs[index], augmentation, random), split.labels[index]

    def gather(rows: Any) -> Any:
        types = (split.inputs.dtype, np.int32)
        inputs, labels = tf.numpy_function(read, [rows], types)
        inputs.set_shape((None, *shape))
        labels.set_shape((None,))
        return tf.cast(inputs, tf.float32), labels

    return order.batch(batch_size).map(gather).prefetch(2)


def outputs_logits(model: Any) -> bool:
    """Tell whether a classifier ends without softmax or sigmoid, so that the loss must add it."""
    last = model.layers[-1]
    activation = getattr(getattr(last, "activation", None), "__name__", "")
    return type(last).__name__ != "Softmax" and activation not in ("softmax", "sigmoid")


def _set_normalization_momentum(model: Any, momentum: float) -> None:
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = momentum


def _compile(model: Any, recipe: Recipe, phase: Phase, steps: int) -> None:
    total = steps * (phase.end - phase.start)
    warmup = max(1, round(total * recipe.warmup))
    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=phase.learning_rate / warmup,
        decay_steps=max(1, total - warmup),
        warmup_target=phase.learning_rate,
        warmup_steps=warmup,
    )
    optimizer = keras.optimizers.Adam(rate)
    # Variables made inside the traced step would force a second trace of all of it.
    optimizer.build(model.trainable_variables)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=outputs_logits(model))
    model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=False)


class _BestCheckpoint(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps the weights of the epoch with the best validation accuracy."""

    def __init__(self, on_epoch: OnEpoch) -> None:
        super().__init__()
        self._on_epoch = on_epoch
        self.curve: list[float] = []
        self.weights: list[Any] = []
        self.epoch = 0

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Compare one epoch with the best so far."""
        results = logs or {}
        if not math.isfinite(results["loss"]):
            raise CandidateError(f"the loss became {results['loss']} in epoch {epoch + 1}")
        self.curve.append(float(results["val_accuracy"]))
        if self.curve[-1] > max(self.curve[:-1], default=-1.0):
            self.weights, self.epoch = self.model.get_weights(), epoch + 1
        self._on_epoch(epoch + 1, self.curve[-1])
