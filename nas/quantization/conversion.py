"""The two halves of a quantization: calibrating the float file, and rounding it to int8."""

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.lite.python.convert import mlir_quantize

from nas.errors import CandidateError
from nas.evaluation.quantization import (
    calibration_batches,
    check_is_integer,
    convert,
    integer_converter,
)
from nas.network.tflite import parse_network


def calibrate(model: Any, inputs: NDArray[Any]) -> bytes:
    """Convert a trained Keras model to a float file that knows the ranges of its activations.

    It is what TensorFlow's converter itself rounds to int8: batch normalization is folded and
    activations are fused, so layers are here as they will be on the device.

    Args:
        model: A built Keras model with one input.
        inputs: Calibration examples, ``(n, …)``.

    Raises:
        CandidateError: The network cannot be converted.
    """
    converter = integer_converter(model, inputs)
    # Both halves are how tf.lite.experimental.QuantizationDebugger works in TensorFlow 2.20.
    converter._experimental_calibrate_only = True
    return convert(converter)


def to_int8(calibrated: bytes) -> bytes:
    """Round a calibrated file to int8, with the settings of ``nas.evaluation.quantization``.

    Args:
        calibrated: A float file with ranges.

    Raises:
        CandidateError: It cannot be rounded, or something in it stays float.
    """
    try:
        content = bytes(
            mlir_quantize(
                calibrated,
                input_data_type=tf.int8,
                output_data_type=tf.int8,
                disable_per_channel_for_dense_layers=True,
            )
        )
    except (ValueError, RuntimeError) as error:
        raise CandidateError(f"the network cannot be rounded to int8: {error}") from error
    check_is_integer(parse_network(content, "the rounded network"))
    return content


def calibration_examples(inputs: NDArray[Any]) -> NDArray[np.float32]:
    """Return examples just as the converter is shown them, ``(n, …)``."""
    return np.concatenate([batch for [batch] in calibration_batches(inputs)])
