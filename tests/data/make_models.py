"""Makes the small TFLite files beside it: ``python tests/data/make_models.py`` (needs TensorFlow).

They are committed, so that the tests which read them need no TensorFlow.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

HERE = Path(__file__).parent
SIDE = 16


def convolutional() -> keras.Model:
    """A convolution, a depthwise convolution, a residual addition, a mean and a dense layer."""
    image = keras.Input((SIDE, SIDE, 3), batch_size=1)
    x = keras.layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(image)
    y = keras.layers.DepthwiseConv2D(3, padding="same", activation="relu")(x)
    y = keras.layers.Conv2D(8, 1)(y)
    x = keras.layers.Add()([x, y])
    x = keras.layers.MaxPooling2D()(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, keras.layers.Dense(4, activation="softmax")(x))


def late_unsupported() -> keras.Model:
    """A LEAKY_RELU, which the Edge TPU does not know, between two convolutions."""
    image = keras.Input((SIDE, SIDE, 3), batch_size=1)
    x = keras.layers.Conv2D(4, 3)(image)
    x = keras.layers.LeakyReLU()(x)
    return keras.Model(image, keras.layers.Conv2D(4, 3)(x))


def _convert(model: keras.Model, configure: Callable[[Any], None], batch: int | None = 1) -> bytes:
    function = tf.function(lambda image: model(image, training=False))
    concrete = function.get_concrete_function(tf.TensorSpec([batch, SIDE, SIDE, 3], tf.float32))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
    configure(converter)
    return bytes(converter.convert())


def _samples() -> Iterator[list[np.ndarray[Any, Any]]]:
    images = np.random.default_rng(0).uniform(-1, 1, (8, 1, SIDE, SIDE, 3))
    for image in images.astype(np.float32):
        yield [image]


def _quantize(converter: Any) -> None:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = _samples
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True


def _quantize_dense_per_channel(converter: Any) -> None:
    _quantize(converter)
    converter._experimental_disable_per_channel_quantization_for_dense_layers = False


def _quantize_inside(converter: Any) -> None:
    _quantize(converter)
    converter.inference_input_type = converter.inference_output_type = tf.float32


def _leave_float(_: Any) -> None:
    pass


def main() -> None:
    """Write every file."""
    keras.utils.set_random_seed(0)
    model = convolutional()
    files = {
        "convolutional_int8": _convert(model, _quantize),
        "convolutional_float_ends": _convert(model, _quantize_inside),
        "convolutional_per_channel_dense": _convert(model, _quantize_dense_per_channel),
        "convolutional_dynamic_batch": _convert(model, _quantize, batch=None),
        "convolutional_float": _convert(model, _leave_float),
        "late_unsupported_int8": _convert(late_unsupported(), _quantize),
    }
    for name, data in files.items():
        (HERE / f"{name}.tflite").write_bytes(data)


if __name__ == "__main__":
    main()
