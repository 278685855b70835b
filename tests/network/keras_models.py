"""Keras models that the readers of networks are tested on."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from nas.network.network import Network, Operator

keras: Any = pytest.importorskip("keras")
layers = keras.layers

Build = Callable[[Any], Any]


def make_model(shape: tuple[int | None, ...], build: Build) -> Any:
    image = keras.Input(shape)
    return keras.Model(image, build(image))


def convolve(x: Any, filters: int = 4, kernel: int = 3, **settings: Any) -> Any:
    return layers.Conv2D(filters, kernel, padding="same", **settings)(x)


def normalize(x: Any) -> Any:
    return layers.BatchNormalization()(x)


def signature(network: Network) -> Counter[Any]:
    return Counter(map(_operator_signature, network.operators))


def _operator_signature(operator: Operator) -> Any:
    tensors = tuple(
        tensor and (tensor.shape, tensor.dtype, tensor.is_constant, tensor.scales)
        for tensor in (*operator.inputs, *operator.outputs)
    )
    attributes = tuple(sorted(operator.attributes.items()))
    return operator.type, operator.version, tensors, attributes, operator.macs


def _separable_block(x: Any, filters: int) -> Any:
    shortcut = normalize(convolve(x, filters, 1, strides=2, use_bias=False))
    for _ in range(2):
        x = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False)(layers.ReLU()(x))
        x = normalize(x)
    return layers.Add()([layers.MaxPooling2D(3, 2, padding="same")(x), shortcut])


def _xception_like(x: Any) -> Any:
    x = convolve(layers.Rescaling(1 / 127.5, -1)(x), 8, strides=2, use_bias=False)
    x = layers.ReLU()(normalize(x))
    for filters in (16, 24):
        x = _separable_block(x, filters)
    x = layers.Dropout(0.3)(layers.GlobalAveragePooling2D()(layers.ReLU()(x)))
    return layers.Dense(5, activation="softmax")(x)


def _inverted_bottleneck(x: Any, filters: int, stride: int) -> Any:
    y = layers.ReLU(6.0)(normalize(convolve(x, 4 * x.shape[-1], 1, use_bias=False)))
    y = layers.ZeroPadding2D(((0, 1), (0, 1)))(y) if stride == 2 else y
    padding = "valid" if stride == 2 else "same"
    y = layers.DepthwiseConv2D(3, stride, padding=padding, use_bias=False)(y)
    y = normalize(convolve(layers.ReLU(6.0)(normalize(y)), filters, 1, use_bias=False))
    return layers.Add()([x, y]) if stride == 1 and x.shape[-1] == filters else y


def _mobilenet_like(x: Any) -> Any:
    for filters, stride in ((8, 2), (8, 1), (16, 2), (16, 1)):
        x = _inverted_bottleneck(x, filters, stride)
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    return layers.Softmax()(layers.Flatten()(layers.Conv2D(5, 1)(x)))


def _plain(x: Any) -> Any:
    x = layers.MaxPooling2D()(convolve(x, 8, activation="relu"))
    x = layers.AveragePooling2D(2)(convolve(x, 8, activation="relu"))
    x = layers.Dense(16, activation="relu")(layers.Flatten()(x))
    return layers.Dense(1, activation="sigmoid")(x)


def _mlp(x: Any) -> Any:
    for _ in range(2):
        x = layers.Dropout(0.1)(layers.ReLU()(normalize(layers.Dense(16, use_bias=False)(x))))
    return layers.Dense(3)(layers.Dense(8)(x))


def _squeezed(x: Any) -> Any:
    x = layers.Activation("swish")(normalize(convolve(x, 8)))
    gate = layers.Dense(2, activation="relu")(layers.GlobalAveragePooling2D()(x))
    gate = layers.Reshape((1, 1, 8))(layers.Dense(8, activation="sigmoid")(gate))
    return convolve(layers.Multiply()([x, gate]), 4)


def _cell(x: Any) -> Any:
    """A cell as in NAS-Bench-201: every edge applies its own ReLU."""
    a = normalize(convolve(layers.ReLU()(x), use_bias=False))
    b = normalize(convolve(layers.ReLU()(x), kernel=1, use_bias=False))
    pooled = layers.AveragePooling2D(3, 1, padding="same")(x)
    return layers.ReLU()(normalize(layers.Add()([a, b, pooled, x])))


def _decoder(x: Any) -> Any:
    x = layers.Conv2DTranspose(4, 3, 2, padding="same", use_bias=False)(x)
    x = layers.ReLU()(normalize(x))
    x = convolve(layers.UpSampling2D(2, interpolation="bilinear")(x))
    return layers.UpSampling2D(2)(layers.LeakyReLU(0.1)(x))


def _sequence(x: Any) -> Any:
    x = layers.MaxPooling1D(2)(layers.ReLU()(normalize(layers.Conv1D(4, 3, padding="same")(x))))
    x = layers.Conv1D(8, 3, strides=2, padding="same", activation="relu")(x)
    return layers.Dense(3)(layers.GlobalAveragePooling1D()(x))


NETWORKS: dict[str, Callable[[], Any]] = {
    "xception": lambda: make_model((32, 32, 3), _xception_like),
    "mobilenet": lambda: make_model((32, 32, 3), _mobilenet_like),
    "plain": lambda: make_model((16, 16, 3), _plain),
    "mlp": lambda: make_model((12,), _mlp),
    "squeeze and excite": lambda: make_model((8, 8, 3), _squeezed),
    "cell": lambda: make_model((8, 8, 4), _cell),
    "decoder": lambda: make_model((8, 8, 4), _decoder),
    "sequence": lambda: make_model((16, 4), _sequence),
    "keras mobilenet v2": lambda: keras.applications.MobileNetV2(
        weights=None, input_shape=(96, 96, 3), classes=7
    ),
}
