"""An int8 file turned back into a float file, where nothing else is left of a network."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from nas.network.tflite_objects import packed, unpacked

_LOWEST, _HIGHEST = -128, 127
_DTYPES: Mapping[int, Any] = {schema.TensorType.INT8: np.int8, schema.TensorType.INT32: np.int32}


def restore(content: bytes) -> bytes:
    """Return the calibrated float file that rounds to an int8 file.

    Constants are what the int8 levels stand for, ``scale * (level - zero point)``, so the weights
    are rounded already. Activations have the ranges of their int8 tensors and are not rounded.
    QUANTIZE between int8 tensors is left out: rounding puts it where it is needed.

    Args:
        content: A full-integer ``.tflite`` file with one subgraph.
    """
    model = unpacked(content)
    (graph,) = model.subgraphs
    for tensor in graph.tensors:
        quantization = tensor.quantization
        if quantization is None or quantization.scale is None or not len(quantization.scale):
            continue
        data = model.buffers[tensor.buffer].data
        if data is None or not len(data):
            tensor.quantization = _ranges(quantization)
        else:
            tensor.buffer, tensor.quantization = len(model.buffers), None
            model.buffers.append(_buffer(_dequantized(tensor, quantization, data)))
        tensor.type = schema.TensorType.FLOAT32
    _leave_out_quantize(model, graph)
    return packed(model)


def _ranges(quantization: Any) -> Any:
    (scale,), (zero_point,) = quantization.scale, quantization.zeroPoint
    ranges = schema.QuantizationParametersT()
    ranges.min = [float(scale * (_LOWEST - zero_point))]
    ranges.max = [float(scale * (_HIGHEST - zero_point))]
    return ranges


def _dequantized(tensor: Any, quantization: Any, data: Any) -> NDArray[np.float32]:
    levels = np.asarray(data, np.uint8).view(_DTYPES[tensor.type]).reshape(tensor.shape)
    along = [1] * levels.ndim
    if len(quantization.scale) > 1:
        along[quantization.quantizedDimension] = -1
    scale = np.asarray(quantization.scale, np.float64).reshape(along)
    zero_point = np.asarray(quantization.zeroPoint, np.int64).reshape(along)
    return np.asarray(scale * (levels - zero_point), np.float32)


def _buffer(values: NDArray[np.float32]) -> Any:
    return schema.BufferT(data=np.frombuffer(values.tobytes(), np.uint8))


def _leave_out_quantize(model: Any, graph: Any) -> None:
    kinds = [code.builtinCode for code in model.operatorCodes]
    sources: dict[int, int] = {}
    kept = []
    for operator in graph.operators:
        operator.inputs = [sources.get(int(place), int(place)) for place in operator.inputs]
        if kinds[operator.opcodeIndex] == schema.BuiltinOperator.QUANTIZE:
            sources[int(operator.outputs[0])] = operator.inputs[0]
        else:
            kept.append(operator)
    graph.operators = kept
