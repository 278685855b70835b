"""A search space as a user would write it; ``mood`` makes its networks misbehave."""

import os
import signal
import time
from typing import Any

import keras
from keras import layers


def build(hp: Any, input_shape: tuple[int, ...], classes: int) -> Any:
    mood = hp.Choice("mood", ["good", "crash", "hang", "raise", "nan", "float", "exit"])
    if mood == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if mood == "hang":
        time.sleep(600)
    if mood == "raise":
        raise RuntimeError("this network\nis impossible")
    if mood == "exit":
        os._exit(7)
    return network(hp.Int("width", 4, 64, step=4), input_shape, classes, mood)


def well_behaved(hp: Any, input_shape: tuple[int, ...], classes: int) -> Any:
    return network(hp.Int("width", 4, 64, step=4), input_shape, classes, "good")


def network(width: int, input_shape: tuple[int, ...], classes: int, mood: str) -> Any:
    inputs = keras.Input(input_shape)
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(inputs)
    x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    if mood == "float":
        x = layers.Activation("elu")(x)
    if mood == "nan":
        x = layers.Rescaling(float("inf"))(x)
    x = layers.MaxPooling2D(4)(x)
    x = layers.Flatten()(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))
