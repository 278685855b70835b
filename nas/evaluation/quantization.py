"""Full-integer int8 quantization."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from nas.data.dataset import Split
from nas.errors import CandidateError
from nas.network.network import Network, Operator
from nas.network.tflite import parse_network

CALIBRATION_EXAMPLES = 100


def quantize(model: Any, calibration: Split, examples: int = CALIBRATION_EXAMPLES) -> bytes:
    """Convert a trained Keras model to a full-integer int8 TFLite file.

    Weights are int8 per channel, in dense layers per tensor, as the Edge TPU compiler expects;
    inputs and outputs are int8, the batch is 1 and static.

    Args:
        model: A built Keras model with one input.
        calibration: Examples that activation ranges are taken from.
        examples: How many of them are used at most.

    Returns:
        The content of the ``.tflite`` file.

    Raises:
        CandidateError: The network cannot be converted, or something in it stays float.
    """
    content = convert(integer_converter(model, calibration.inputs[:examples]))
    check_is_integer(parse_network(content, "the converted network"))
    return content


def integer_converter(model: Any, inputs: NDArray[Any]) -> Any:
    """Return a converter to int8 that is set up but has not run.

    Args:
        model: A built Keras model with one input.
        inputs: Calibration examples, ``(n, …)``.
    """
    converter = tf.lite.TFLiteConverter.from_concrete_functions([_batch_1_function(model)])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: calibration_batches(inputs)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    # Since TensorFlow 2.17 dense weights are per channel, which the compiler may refuse, and the
    # operator version does not tell.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    return converter


def convert(converter: Any) -> bytes:
    """Run a converter.

    Raises:
        CandidateError: The network cannot be converted.
    """
    with warnings.catch_warnings():
        # TensorFlow asks for the statistics that the representative examples replace.
        warnings.filterwarnings("ignore", "Statistics for quantized inputs", UserWarning)
        try:
            return bytes(converter.convert())
        except (ValueError, RuntimeError, tf.errors.OpError) as error:
            raise CandidateError(f"the network cannot be converted to int8: {error}") from error


def check_is_integer(network: Network) -> None:
    """Check that nothing inside a network stays float or has a dynamic shape.

    The converter itself does not: it leaves a float operator between DEQUANTIZE and QUANTIZE.

    Raises:
        CandidateError: An operator is not integer or not static; it is named.
    """
    for operator in network.operators:
        tensors = [tensor for tensor in (*operator.inputs, *operator.outputs) if tensor]
        if any(tensor.dtype.startswith("float") for tensor in tensors):
            raise CandidateError(f"{_place(operator)} stays float after quantization")
        if any(tensor.is_dynamic for tensor in tensors):
            raise CandidateError(f"{_place(operator)} has a dynamic shape")


def _place(operator: Operator) -> str:
    return f"operator {operator.index} {operator.type} ({operator.outputs[0].name})"


def _batch_1_function(model: Any) -> Any:
    """Trace inference at batch 1; a concrete function converts four times as fast as a model."""
    (model_input,) = model.inputs
    signature = tf.TensorSpec((1, *model_input.shape[1:]), tf.float32)
    return tf.function(lambda x: model(x, training=False)).get_concrete_function(signature)


def calibration_batches(inputs: NDArray[Any]) -> Iterator[list[NDArray[np.float32]]]:
    """Yield examples one by one, as the converter is shown them.

    The first image gets one black and one white value, so that the input's range is exactly
    0 – 255 and the int8 input is the pixel value less 128, without rounding.
    """
    for index, example in enumerate(inputs):
        batch = example[np.newaxis].astype(np.float32)
        if index == 0 and example.dtype == np.uint8:
            batch.flat[0], batch.flat[1] = 0.0, 255.0
        yield [batch]
