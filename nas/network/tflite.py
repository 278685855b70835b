"""Reads a TFLite file into a network, without TensorFlow and without running anything of it.

Whatever the bytes hold, the answer is a network or one clear line: sizes are bounded before they
are used, so a broken or hostile file costs no more time or memory than its own length.

Reference: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs
"""

import struct
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from nas.errors import UserError
from nas.network.attributes import Constant, read_attributes
from nas.network.macs import count_macs
from nas.network.network import Network, Operator, Tensor
from nas.network.tflite_operator import (
    WEIGHT_RANKS,
    BrokenFileError,
    check_operator,
    check_order,
    operator_name,
    printable,
    unpack_options,
)

EDGETPU_CUSTOM_OP = "edgetpu-custom-op"
"""The operator that stands for what the Edge TPU compiler mapped."""

_IDENTIFIER = b"TFL3"
MAX_OPERATORS = 20_000
"""A reader's work grows with the operators a file names; entries may be shared, so few bytes name
many. Real networks have a few thousand at most."""

_MAX_TENSORS = 100_000
_MAX_FILE_BYTES = 1 << 30
_READING_FACTOR = 4
_MAX_RANK = 8
_MAX_ELEMENTS = 1 << 40
_DTYPES = {
    value: name.lower() for name, value in vars(schema.TensorType).items() if isinstance(value, int)
}
_NUMPY_DTYPES = frozenset({
    "float16", "float32", "float64", "bool", "int8", "int16", "int32", "int64",
    "uint8", "uint16", "uint32", "uint64",
})  # fmt: skip
_UNREADABLE = (struct.error, ValueError, IndexError, TypeError, OverflowError, AttributeError)


class CompiledFileError(UserError):
    """The file is already compiled for the Edge TPU: ``compiled.py`` reads it."""


class _CompiledError(Exception):
    """The file holds the Edge TPU compiler's operator."""


def read_network(path: Path | str) -> Network:
    """Read the main subgraph of a TFLite file.

    Args:
        path: A ``.tflite`` file as the converter writes it, before ``edgetpu_compiler``.

    Returns:
        The network, operators in execution order.

    Raises:
        UserError: The file cannot be opened, is no TFLite file, is broken or is already compiled.
    """
    return parse_network(read_model_file(path), source=str(path))


def read_model_file(path: Path | str) -> bytes:
    """Read the bytes of a file of at most 1 GiB.

    Raises:
        UserError: It cannot be read, is too large or no regular file.
    """
    path = Path(path)
    try:
        if not path.is_file():
            reason = "not a regular file" if path.exists() else "no such file"
            raise UserError(f"{path}: {reason}; give a TFLite file")
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise UserError(f"{path}: a TFLite file of at most {_MAX_FILE_BYTES >> 30} GiB is read")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({error})") from None


def parse_network(data: bytes, source: str = "model") -> Network:
    """Read the main subgraph of a TFLite model in memory.

    Args:
        data: The whole file.
        source: Name of the file, for error messages.

    Returns:
        The network, operators in execution order; activation names are unique.

    Raises:
        CompiledFileError: The file is already compiled.
        UserError: The bytes are no TFLite file or are broken.
    """
    check_mark(data, source)
    try:
        return _Reader(data).network()
    except _CompiledError:
        remedy = "give the .tflite that went into the compiler"
        raise CompiledFileError(f"{source}: already compiled for the Edge TPU; {remedy}") from None
    except BrokenFileError as error:
        raise UserError(f"{source}: {error}") from None
    except _UNREADABLE as error:
        raise UserError(f"{source}: broken or truncated TFLite file ({error})") from None


def check_mark(data: bytes, source: str) -> None:
    """Refuse bytes without the mark of a TFLite file.

    Raises:
        UserError: They have none.
    """
    if data[4:8] != _IDENTIFIER:
        found = "an empty file" if not data else f"{len(data)} bytes without its mark TFL3"
        raise UserError(f"{source}: not a TFLite file (found {found})")


class _Reader:
    """One file being read."""

    def __init__(self, data: bytes) -> None:
        self._model = schema.Model.GetRootAs(data, 0)
        self._file_bytes = len(data)
        # Vectors may be shared, so a small hostile file could name a huge amount of reading.
        self._budget = _READING_FACTOR * len(data)
        if self._count(self._model.SubgraphsLength(), "subgraphs") < 1:
            raise BrokenFileError("the TFLite file holds no subgraph")
        self._graph = self._model.Subgraphs(0)
        self._buffer_count = self._count(self._model.BuffersLength(), "buffers")
        self._code_count = self._count(self._model.OperatorCodesLength(), "operator codes")
        self._buffers: dict[int, Constant] = {}
        self._tensors = self._read_tensors()

    def network(self) -> Network:
        """Return the main subgraph."""
        inputs = self._activations(
            self._indices(self._graph.InputsAsNumpy(), self._graph.InputsLength())
        )
        outputs = self._activations(
            self._indices(self._graph.OutputsAsNumpy(), self._graph.OutputsLength())
        )
        count = self._count(self._graph.OperatorsLength(), "operators", MAX_OPERATORS)
        operators = tuple(self._operator(index) for index in range(count))
        if not operators:
            raise BrokenFileError("the TFLite file holds no operator; nothing to estimate")
        check_order(inputs, operators)
        return Network(operators, inputs, outputs, self._model.SubgraphsLength(), self._file_bytes)

    def _count(self, length: int, what: str, most: int = _MAX_FILE_BYTES) -> int:
        if length > most:
            raise BrokenFileError(f"a network of at most {most} {what} is read, got {length}")
        self._budget -= 4 * length
        if self._budget < 0:
            raise BrokenFileError(f"broken TFLite file: it claims {length} more {what}")
        return length

    def _indices(self, vector: Any, length: int) -> list[int]:
        return [int(index) for index in vector.tolist()] if self._count(length, "indices") else []

    def _read_tensors(self) -> list[Tensor]:
        count = self._count(self._graph.TensorsLength(), "tensors", _MAX_TENSORS)
        names: set[str] = set()
        tensors = []
        for index in range(count):
            tensors.append(self._tensor(index, names))
            names.add(tensors[-1].name)
        return tensors

    def _tensor(self, index: int, names: set[str]) -> Tensor:
        raw = self._graph.Tensors(index)
        stored = raw.Name() or b""
        self._count(len(stored) // 4, "characters in names")
        name = printable(stored) or f"tensor_{index}"
        shape, unknown_axes = self._shape(raw, name)
        dtype = _DTYPES.get(raw.Type(), "unknown")
        constant = self._constant(raw, prod(shape), dtype, name)
        if constant is not None:
            self._buffers[index] = constant
        return Tensor(
            name=f"{name}#{index}" if name in names else name,
            shape=shape,
            dtype=dtype,
            is_constant=constant is not None,
            scales=raw.Quantization().ScaleLength() if raw.Quantization() else 0,
            is_dynamic=bool(unknown_axes),
            is_batch_dynamic=unknown_axes == [0] and len(shape) > 1,
            is_state=raw.IsVariable(),
        )

    def _shape(self, raw: Any, name: str) -> tuple[tuple[int, ...], list[int]]:
        if max(raw.ShapeLength(), raw.ShapeSignatureLength()) > _MAX_RANK:
            raise BrokenFileError(f"tensor `{name}` has more than {_MAX_RANK} dimensions")
        shape = tuple(int(raw.Shape(axis)) for axis in range(raw.ShapeLength()))
        signature = [raw.ShapeSignature(axis) for axis in range(raw.ShapeSignatureLength())]
        if any(size < -1 for size in shape) or prod(map(abs, shape)) > _MAX_ELEMENTS:
            raise BrokenFileError(f"tensor `{name}` has the impossible shape {shape}")
        unknown = [axis for axis, size in enumerate(signature or shape) if size < 0]
        return tuple(1 if size < 0 else size for size in shape), unknown

    def _constant(self, raw: Any, elements: int, dtype: str, name: str) -> Constant | None:
        if raw.Buffer() >= self._buffer_count:
            raise BrokenFileError(f"tensor `{name}` names the missing buffer {raw.Buffer()}")
        buffer = self._model.Buffers(raw.Buffer())
        if buffer.Offset() > 1:
            raise BrokenFileError("weights outside the flatbuffer (model over 2 GB) are not read")
        if not raw.Buffer() or not buffer.DataLength():
            return None
        data: Constant = buffer.DataAsNumpy()
        if dtype not in _NUMPY_DTYPES or raw.Sparsity() is not None:
            return data
        if data.size != elements * np.dtype(dtype).itemsize:
            raise BrokenFileError(
                f"tensor `{name}` needs {elements} values of {dtype}, "
                f"its data has {data.size} bytes"
            )
        return data.view(dtype)

    def _activations(self, indices: Sequence[int]) -> tuple[Tensor, ...]:
        return tuple(self._at(index) for index in indices)

    def _at(self, index: int) -> Tensor:
        if not 0 <= index < len(self._tensors):
            raise BrokenFileError(f"broken TFLite file: it names the missing tensor {index}")
        return self._tensors[index]

    def _operator(self, index: int) -> Operator:
        raw = self._graph.Operators(index)
        name, version = self._code(raw.OpcodeIndex())
        places = self._indices(raw.InputsAsNumpy(), raw.InputsLength())
        inputs = tuple(None if place == -1 else self._at(place) for place in places)
        outputs = self._activations(self._indices(raw.OutputsAsNumpy(), raw.OutputsLength()))
        if not outputs:
            raise BrokenFileError(f"operator {index} ({name}) has no output")
        constants = {at: self._buffers.get(place) for at, place in enumerate(places)}
        if name in WEIGHT_RANKS:
            biases = (data.nbytes for at, data in constants.items() if at != 1 and data is not None)
            self._count(sum(biases) // 4, "biases")
        attributes = read_attributes(name, unpack_options(raw), constants)
        macs = count_macs(name, inputs, outputs)
        operator = Operator(index, name, version, inputs, outputs, attributes, macs)
        check_operator(operator)
        return operator

    def _code(self, index: int) -> tuple[str, int]:
        if index >= self._code_count:
            raise BrokenFileError(f"broken TFLite file: it names the missing operator code {index}")
        code = self._model.OperatorCodes(index)
        self._count(len(code.CustomCode() or b"") // 4, "characters in names")
        name = operator_name(code)
        if name == EDGETPU_CUSTOM_OP:
            raise _CompiledError
        return name, code.Version()
