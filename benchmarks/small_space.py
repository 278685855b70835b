"""Small networks, 2,304 of them, whose evaluation takes little time: ``build`` is the space."""

from typing import Any

import keras
from keras import layers

WIDTHS = [4, 6, 8, 10, 12, 16]


def build(hp: Any, input_shape: tuple[int, ...], classes: int) -> Any:
    """Build two convolutions, a dense layer and the classifier."""
    inputs = keras.Input(input_shape)
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(inputs)
    for name in ("first", "second"):
        width = hp.Choice(f"{name}_width", WIDTHS)
        x = layers.Conv2D(width, hp.Choice(f"{name}_kernel", [1, 3]), padding="same")(x)
        x = layers.ReLU()(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(hp.Int("dense", 4, 64, step=4), activation="relu")(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))
