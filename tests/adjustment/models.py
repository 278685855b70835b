"""Networks to adjust: one of each construction that has to survive."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray


def residual() -> Any:
    inputs = keras.Input((12, 12, 3), name="image")
    x = layers.Conv2D(8, 3, padding="same", use_bias=False, name="stem")(inputs)
    x = layers.ReLU(6)(layers.BatchNormalization(name="stem_bn")(x))
    y = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(x)
    y = layers.BatchNormalization()(layers.Conv2D(8, 1, name="project")(y))
    x = layers.Add(name="sum")([x, y])
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(3, activation="softmax", name="head")(x))


def grouped() -> Any:
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(12, 3, strides=2, padding="same", name="first")(inputs)
    x = layers.Conv2D(24, 3, groups=3, padding="same", activation="relu", name="grouped")(x)
    x = layers.Conv2D(24, 3, groups=24, padding="same", name="grouped_depthwise")(x)
    x = layers.Conv2D(6, 3, padding="same", dilation_rate=2, name="dilated")(x)
    return keras.Model(inputs, layers.Dense(2)(layers.Flatten()(x)))


def branched() -> Any:
    inputs = keras.Input((10, 10, 3))
    x = layers.Conv2D(6, 3, name="first")(inputs)
    a = layers.SeparableConv2D(5, 3, depth_multiplier=2, padding="same", name="separable")(x)
    b = layers.Conv2D(7, 1, name="other")(x)
    joined = layers.Concatenate()([a, b])
    c = layers.Conv2D(12, 1, name="tied")(x)
    x = layers.Add(name="sum")([joined, c]) * 0.5
    s = layers.GlobalAveragePooling2D(keepdims=True)(x)
    s = layers.Conv2D(12, 1, activation="sigmoid", name="excite")(s)
    x = layers.Multiply()([x, s])
    x = layers.Conv2DTranspose(4, 2, strides=2, name="transposed")(x)
    x = layers.PReLU(shared_axes=[1, 2])(x)
    x = layers.Dense(9, activation="tanh", name="hidden")(layers.Flatten()(x))
    return keras.Model(inputs, layers.Softmax()(layers.Dense(4)(x)))


def shared() -> Any:
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same", name="first")(inputs)
    twice = layers.Conv2D(4, 3, padding="same", activation="relu", name="twice")
    x = layers.Add()([twice(x), twice(twice(x))])
    return keras.Model(inputs, layers.Dense(2)(layers.GlobalMaxPooling2D()(x)))


def nested() -> Any:
    inner = keras.Input((None, None, 3))
    y = layers.Conv2D(5, 3, name="conv")(inner)
    backbone = keras.Model(inner, layers.BatchNormalization()(y), name="backbone")
    inputs = keras.Input((9, 9, 3))
    x = layers.Conv2D(3, 1, name="conv")(layers.Rescaling(1 / 127.5, offset=-1)(inputs))
    x = backbone(x)
    x = keras.Sequential([layers.Flatten(), layers.Dense(6, activation="relu")], name="neck")(x)
    return keras.Model(inputs, layers.Dense(2, name="head")(x))


MODELS: dict[str, Callable[[], Any]] = {
    "residual": residual,
    "grouped": grouped,
    "branched": branched,
    "shared": shared,
    "nested": nested,
}


def with_random_weights(model: Any) -> Any:
    """Give every weight a value, biases and normalizations too, so that no error is hidden."""
    random = np.random.default_rng(0)
    model.set_weights([np.abs(random.normal(0.2, 0.3, w.shape)) for w in model.get_weights()])
    return model


def outputs(model: Any) -> NDArray[np.float32]:
    """Return what a model of images makes of two of them."""
    shape = model.inputs[0].shape[1:]
    images = np.random.default_rng(1).random((2, *shape), np.float32)
    return np.asarray(model(images, training=False))
