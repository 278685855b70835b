"""The int8 network, run by a plain TFLite interpreter on the host."""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from nas.data.dataset import Split


def int8_accuracy(model: bytes, split: Split, threads: int | None = None) -> float:
    """Return the share of examples an int8 network classifies correctly.

    Args:
        model: Content of a ``.tflite`` file with one int8 or uint8 input at batch 1.
        split: Examples, and the labels to compare with.
        threads: Interpreters at work at once; default one a core.
    """
    return float(np.mean(predict(model, split.inputs, threads).argmax(axis=1) == split.labels))


def predict(model: bytes, inputs: NDArray[Any], threads: int | None = None) -> NDArray[np.float32]:
    """Run an int8 network on every example, one at a time as the device does.

    Args:
        model: Content of a ``.tflite`` file with one int8 or uint8 input at batch 1.
        inputs: Examples in the units of the float model, ``(n, …)``.
        threads: Interpreters at work at once; default one a core.

    Returns:
        Dequantized outputs, ``(n, classes)``.
    """
    parts = np.array_split(np.arange(len(inputs)), threads or os.cpu_count() or 1)
    with ThreadPoolExecutor(len(parts)) as pool:
        results = pool.map(lambda rows: _predict_serially(model, inputs, rows), parts)
        return np.concatenate([result for result in results if len(result)])


def quantized_outputs(model: bytes, inputs: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Run an int8 network on a few examples and return what goes in and comes out, as it is.

    By the reference kernels: faster ones round as they like, up to three levels apart between
    LiteRT 2.3 and tflite-runtime 2.14, while these two agree to the last bit.

    Args:
        model: Content of a ``.tflite`` file with one int8 or uint8 input at batch 1.
        inputs: Examples in the units of the float model, ``(n, …)``.

    Returns:
        Quantized inputs ``(n, …)`` and outputs ``(n, classes)``.
    """
    interpreter = Interpreter(
        model_content=model, experimental_op_resolver_type=OpResolverType.BUILTIN_REF
    )
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    taken = np.stack([quantized(example, source) for example in inputs])
    outputs = []
    for levels in taken:
        interpreter.set_tensor(source["index"], levels[np.newaxis])
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(target["index"])[0])
    return taken, np.stack(outputs)


def _predict_serially(
    model: bytes, inputs: NDArray[Any], rows: NDArray[np.int64]
) -> NDArray[np.float32]:
    interpreter = Interpreter(model_content=model, num_threads=1)
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    outputs = np.empty((len(rows), *target["shape"][1:]), np.float32)
    for position, row in enumerate(rows):
        interpreter.set_tensor(source["index"], quantized(inputs[row], source)[np.newaxis])
        interpreter.invoke()
        outputs[position] = dequantized(interpreter.get_tensor(target["index"])[0], target)
    return outputs


def quantized(example: NDArray[Any], tensor: dict[str, Any]) -> NDArray[Any]:
    """Round values of the float model to the levels of a tensor.

    Args:
        example: The values.
        tensor: The interpreter's details of the tensor.
    """
    scale, zero_point = tensor["quantization"]
    limits = np.iinfo(tensor["dtype"])
    levels = np.round(example.astype(np.float32) / scale) + zero_point
    rounded: NDArray[Any] = np.clip(levels, limits.min, limits.max).astype(tensor["dtype"])
    return rounded


def dequantized(levels: NDArray[Any], tensor: dict[str, Any]) -> NDArray[np.float32]:
    """Return levels of a tensor in the units of the float model.

    Args:
        levels: The levels.
        tensor: The interpreter's details of the tensor.
    """
    scale, zero_point = tensor["quantization"]
    values: NDArray[np.float32] = (levels.astype(np.float32) - zero_point) * np.float32(scale)
    return values
