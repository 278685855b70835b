"""Networks that suffer from int8 in one known way, and one that does not.

Each classifies small random pictures; the labels are what the float network itself says, so its
accuracy is 1 and all that int8 loses is due to rounding.
"""

from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from nas.data.dataset import Dataset, Split

SIDE, CHANNELS, CLASSES = 8, 16, 4
SPREAD = 4.0
"""Standard deviation of a class's score before softmax."""

PLAIN = np.ones(CHANNELS)
UNEVEN = np.logspace(-2.5, 0.5, CHANNELS)
"""Gains of channels: the first gets a thousandth of the range of the last."""


def pictures(count: int, seed: int, brightest: int = 240) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    colours = rng.uniform(0, brightest, (count, 1, 1, 3))
    textures = rng.uniform(0.5, 1.0, (count, SIDE, SIDE, 3))
    return (colours * textures).astype(np.uint8)


def depthwise(gains: NDArray[Any], bound: float | None = None) -> Any:
    """A depthwise-separable network: the second layer takes the gains of the first one back.

    The function in float is the same whatever the gains, as long as no bound is reached.
    """
    inputs = keras.Input((SIDE, SIDE, 3))
    x = layers.Rescaling(1 / 127.5)(inputs)
    x = layers.Conv2D(CHANNELS, 3, padding="same", name="widen")(x)
    x = layers.ReLU(bound, name="rectify")(x)
    x = layers.DepthwiseConv2D(3, padding="same", name="look")(x)
    x = layers.ReLU(name="rectify_again")(x)
    x = layers.Conv2D(CHANNELS, 1, name="mix")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    model = keras.Model(inputs, layers.Dense(CLASSES, activation="softmax", name="decide")(x))
    rng = np.random.default_rng(0)
    for name in ("widen", "look", "mix", "decide"):
        kernel, bias = model.get_layer(name).get_weights()
        spread = (kernel.shape[-2] * kernel.shape[0]) ** -0.5
        model.get_layer(name).set_weights([rng.normal(0, spread, kernel.shape), bias])
    rescale_outputs(model, "widen", gains)
    kernel, bias = model.get_layer("look").get_weights()
    model.get_layer("look").set_weights([kernel / gains[:, np.newaxis], bias])
    return model


def spiking() -> Any:
    """A network with a channel that only a white pixel excites, and that nothing listens to."""
    model = depthwise(PLAIN)
    kernel, bias = model.get_layer("widen").get_weights()
    kernel[..., 0], bias[0] = 0.0, -5.9 * 3000
    kernel[1, 1, :, 0] = 3000.0
    model.get_layer("widen").set_weights([kernel, bias])
    kernel, bias = model.get_layer("look").get_weights()
    kernel[:, :, 0] = 0.0
    model.get_layer("look").set_weights([kernel, bias])
    return model


def rescale_outputs(model: Any, name: str, gains: NDArray[Any]) -> None:
    kernel, bias = model.get_layer(name).get_weights()
    model.get_layer(name).set_weights([kernel * gains, bias * gains])


def dataset(model: Any, calibration: NDArray[np.uint8], least: float = 0.0) -> Dataset:
    """Pictures with the network's own answers, made clear and even over the classes before.

    Args:
        model: The network.
        calibration: Pictures for calibration.
        least: Pictures whose best class is less probable are left out of the others.
    """
    inputs = {name: pictures(300, seed) for seed, name in enumerate(("train", "validation"))}
    inner = keras.Model(model.input, model.get_layer("pool").output)
    kernel, _ = model.get_layer("decide").get_weights()
    scores = inner.predict(inputs["train"].astype(np.float32), verbose=0) @ kernel
    clear = SPREAD / scores.std(axis=0)
    centre = scores.mean(axis=0)
    model.get_layer("decide").set_weights([kernel * clear, -centre * clear])

    def split(examples: NDArray[np.uint8]) -> Split:
        scores = model.predict(examples.astype(np.float32), verbose=0)
        sure = scores.max(axis=1) >= least
        return Split(examples[sure], scores.argmax(axis=1).astype(np.int32)[sure])

    return Dataset(
        name="made up",
        class_names=tuple("abcd"),
        train=split(inputs["train"]),
        validation=split(inputs["validation"]),
        calibration=split(calibration),
        test=split(inputs["validation"][:1]),
        fingerprint="",
    )
