"""A TFLite file that can be changed: its constants and the ranges of its activations."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from nas.network.network import Network, Operator
from nas.network.tflite import parse_network
from nas.network.tflite_objects import packed, unpacked


@dataclass(frozen=True)
class Node:
    """One operator and the places of its tensors.

    Attributes:
        operator: What it is.
        inputs: Places of its inputs in the file as it was read; -1 for an omitted one.
        output: Place of its first output.
    """

    operator: Operator
    inputs: tuple[int, ...]
    output: int

    @property
    def index(self) -> int:
        """Position in the file, from 0."""
        return self.operator.index

    @property
    def type(self) -> str:
        """TFLite's name, such as ``CONV_2D``."""
        return self.operator.type


class TfliteFile:
    """The main subgraph of a float or int8 file; tensors are named by their place.

    Args:
        content: The whole file.

    Raises:
        UserError: It is no TFLite file.
    """

    def __init__(self, content: bytes) -> None:
        self.network: Network = parse_network(content, "the calibrated network")
        self._model: Any = unpacked(content)
        self._graph: Any = self._model.subgraphs[0]
        for raw in self._graph.operators:
            raw.inputs = [int(place) for place in raw.inputs]

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """The operators of the file as it was read, in execution order."""
        return tuple(
            Node(operator, tuple(raw.inputs), int(raw.outputs[0]))
            for operator, raw in zip(self.network.operators, self._graph.operators, strict=True)
        )

    @property
    def input(self) -> int:
        """Place of the input."""
        return int(self._graph.inputs[0])

    @property
    def output(self) -> int:
        """Place of the output."""
        return int(self._graph.outputs[0])

    @output.setter
    def output(self, place: int) -> None:
        self._graph.outputs = [place]
        self._model.signatureDefs = []

    @cached_property
    def readers(self) -> Mapping[int, tuple[Node, ...]]:
        """The operators that read each tensor."""
        found: dict[int, tuple[Node, ...]] = {}
        for node in self.nodes:
            for place in node.inputs:
                found[place] = (*found.get(place, ()), node)
        return found

    def name(self, place: int) -> str:
        """Return a tensor's name, whole."""
        return bytes(self._graph.tensors[place].name or b"").decode("utf-8", "replace")

    def place(self, name: str) -> int:
        """Return the place of what an operator writes, by its name.

        Raises:
            KeyError: No operator writes it.
        """
        return {self.name(node.output): node.output for node in self.nodes}[name]

    def shape(self, place: int) -> tuple[int, ...]:
        """Return a tensor's shape with the batch."""
        return tuple(map(int, self._graph.tensors[place].shape))

    def constant(self, node: Node, position: int) -> NDArray[Any]:
        """Return a float, int8 or int32 constant of one operator, as it is now.

        Args:
            node: The operator.
            position: Which of its inputs.
        """
        tensor = self._graph.tensors[self._graph.operators[node.index].inputs[position]]
        data = np.asarray(self._model.buffers[tensor.buffer].data, np.uint8)
        values: NDArray[Any] = data.view(_DTYPES[tensor.type]).reshape(tensor.shape).copy()
        return values

    def set_constant(self, node: Node, position: int, values: NDArray[Any]) -> None:
        """Give one operator another float constant; others that read the old one keep it.

        Args:
            node: The operator.
            position: Which of its inputs.
            values: Of the shape of the old one; stored as float32.
        """
        tensor = copy(self._graph.tensors[node.inputs[position]])
        tensor.buffer = len(self._model.buffers)
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(np.ascontiguousarray(values, np.float32).tobytes(), np.uint8)
        self._model.buffers.append(buffer)
        self._graph.operators[node.index].inputs[position] = self._append(tensor)

    def scales(self, place: int) -> NDArray[np.float32]:
        """Return a tensor's quantization scales: none, one, or one a channel."""
        quantization = self._graph.tensors[place].quantization
        stored = None if quantization is None else quantization.scale
        return np.asarray([] if stored is None else stored, np.float32)

    def zero_point(self, place: int) -> int:
        """Return the int8 level of zero of a tensor with one scale."""
        return int(self._graph.tensors[place].quantization.zeroPoint[0])

    def limits(self, place: int) -> tuple[float, float] | None:
        """Return the least and greatest value seen in calibration, if it was looked at."""
        quantization = self._graph.tensors[place].quantization
        if quantization is None or quantization.min is None or not len(quantization.min):
            return None
        return float(quantization.min[0]), float(quantization.max[0])

    def set_limits(self, place: int, low: float, high: float) -> None:
        """Tell the quantizer which values a tensor takes."""
        quantization = self._graph.tensors[place].quantization
        quantization.min, quantization.max = [low], [high]

    def round_output(self, node: Node, scale: float, zero_point: int) -> None:
        """Round an operator's float output as an int8 tensor would.

        Args:
            node: The operator.
            scale: Step of the int8 tensor.
            zero_point: Its level of zero.
        """
        original = self._graph.tensors[node.output]
        levels, rounded = copy(original), copy(original)
        levels.type, levels.name = schema.TensorType.INT8, b"levels"
        levels.quantization = schema.QuantizationParametersT()
        levels.quantization.scale, levels.quantization.zeroPoint = [scale], [zero_point]
        rounded.name = b"rounded"
        inner, outer = self._append(levels), self._append(rounded)
        for raw in self._graph.operators:
            raw.inputs = [outer if place == node.output else place for place in raw.inputs]
        if self.output == node.output:
            self.output = outer
        self._graph.operators[node.index + 1 : node.index + 1] = [
            self._operator(schema.BuiltinOperator.QUANTIZE, node.output, inner),
            self._operator(schema.BuiltinOperator.DEQUANTIZE, inner, outer),
        ]

    def content(self) -> bytes:
        """Return the file as it is now."""
        return packed(self._model)

    def _append(self, tensor: Any) -> int:
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def _operator(self, kind: int, source: int, target: int) -> Any:
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = kind
        code.version = 1
        self._model.operatorCodes.append(code)
        operator = schema.OperatorT()
        operator.opcodeIndex = len(self._model.operatorCodes) - 1
        operator.inputs, operator.outputs = [source], [target]
        return operator


_DTYPES: Mapping[int, Any] = {
    schema.TensorType.FLOAT32: np.float32,
    schema.TensorType.INT8: np.int8,
    schema.TensorType.INT32: np.int32,
}
