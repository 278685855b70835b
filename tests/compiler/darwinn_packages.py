"""Hand-built compiled models: a TFLite file around a DarwiNN package, as the compiler writes it."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

import flatbuffers
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import flexbuffers

from nas.compiler import darwinn_fields as fields
from nas.compiler.darwinn_fields import Content, ExecutableType

Fields = dict[int, int]
ARG_MAX = schema.BuiltinOperator.ARG_MAX
_FIELDS = 17
"""Fields of ``Executable``, the widest table."""


@dataclass(frozen=True)
class Program:
    """One executable to be written; its transfers are named again in each further copy."""

    type: int = ExecutableType.EXECUTION_ONLY
    parameters: bytes = b""
    bitstreams: Sequence[bytes] = (bytes(40), bytes(24))
    transfers: Sequence[tuple[int, int]] = ((Content.INPUT, 48), (Content.OUTPUT, 16))
    is_deterministic: bool = True
    scratch_bytes: int = 0
    narrow_bytes: int = 768
    copies: int = 1


LOADING = Program(
    ExecutableType.PARAMETER_CACHING, bytes(320), (bytes(8),), ((Content.PARAMETERS, 320),)
)
RUNNING = Program(parameters=bytes(64), scratch_bytes=5)


@dataclass
class _Writer:
    builder: flatbuffers.Builder = field(default_factory=lambda: flatbuffers.Builder(1024))

    def table(
        self,
        offsets: Fields | None = None,
        numbers: Fields | None = None,
        enumerators: Fields | None = None,
        octets: Fields | None = None,
    ) -> int:
        """Write a table of field number → value, by the width of the values."""
        builder = self.builder
        builder.StartObject(_FIELDS)
        for writes, values in (
            (builder.PrependUOffsetTRelativeSlot, offsets),
            (builder.PrependInt32Slot, numbers),
            (builder.PrependInt16Slot, enumerators),
            (builder.PrependUint8Slot, octets),
        ):
            for number, value in (values or {}).items():
                writes(number, value, 0)
        return int(builder.EndObject())

    def vector(self, offsets: Sequence[int]) -> int:
        self.builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self.builder.PrependUOffsetTRelative(offset)
        return int(self.builder.EndVector())

    def octets(self, data: bytes) -> int:
        return int(self.builder.CreateByteVector(data))

    def finish(self, root: int, identifier: bytes | None = None) -> bytes:
        self.builder.Finish(root, file_identifier=identifier)
        return bytes(self.builder.Output())


def write_executable(program: Program) -> bytes:
    """Write one executable."""
    writer = _Writer()
    streams = [
        writer.table({fields.InstructionBitstream.BITSTREAM: writer.octets(stream)})
        for stream in program.bitstreams
    ]
    offsets: Fields = {
        fields.Executable.INSTRUCTION_BITSTREAMS: writer.vector(streams),
        fields.Executable.PARAMETERS: writer.octets(program.parameters),
        fields.Executable.DMA_HINTS: _write_hints(writer, program),
    }
    numbers: Fields = {
        fields.Executable.SCRATCH_BYTES: program.scratch_bytes,
        fields.Executable.NARROW_BYTES_PER_TILE: program.narrow_bytes,
    }
    types: Fields = {fields.Executable.TYPE: int(program.type)}
    return writer.finish(writer.table(offsets, numbers, types))


def _write_hints(writer: _Writer, program: Program) -> int:
    hints = []
    for content, size_bytes in program.transfers:
        meta = writer.table(enumerators={fields.Meta.CONTENT: int(content)})
        sizes: Fields = {fields.DmaDescriptor.SIZE_BYTES: size_bytes}
        descriptor = writer.table({fields.DmaDescriptor.META: meta}, sizes)
        kind: Fields = {fields.DmaHint.KIND: int(fields.HintKind.DMA_DESCRIPTOR)}
        hints.append(writer.table({fields.DmaHint.VALUE: descriptor}, octets=kind))
    complete: Fields = {fields.DmaHints.FULLY_DETERMINISTIC: int(program.is_deterministic)}
    return writer.table(
        {fields.DmaHints.HINTS: writer.vector(hints * program.copies)}, octets=complete
    )


def write_package(
    programs: Sequence[Program] = (RUNNING, LOADING), runtime: int = 14, copies: int = 1
) -> bytes:
    """Write a package of some executables, all of them named again in each further copy."""
    inner = _Writer()
    parts = [inner.octets(write_executable(program)) for program in programs] * copies
    multi = inner.finish(inner.table({fields.MultiExecutable.EXECUTABLES: inner.vector(parts)}))
    outer = _Writer()
    offsets: Fields = {
        fields.Package.MULTI_EXECUTABLE: outer.octets(multi),
        fields.Package.COMPILER_VERSION: outer.builder.CreateString("16.0"),
    }
    numbers: Fields = {fields.Package.MIN_RUNTIME_VERSION: runtime}
    return outer.finish(outer.table(offsets, numbers), fields.IDENTIFIER)


class _Octets(bytes):
    """Bytes that the builder takes for a string, as the compiler stores them."""

    def encode(self, _: str) -> bytes:
        return bytes(self)


def write_options(package: bytes) -> bytes:
    """Write the options of the compiler's custom operator."""
    builder = flexbuffers.Builder()
    with builder.Map():
        builder.Int("1", 0)
        builder.Key(fields.PACKAGE_KEY)
        builder.String(_Octets(package))
        builder.Int("5", -1)
    return bytes(builder.Finish())


def nest_options(depth: int) -> bytes:
    """Write options whose package is again such options, and so on."""
    builder = flexbuffers.Builder()
    with ExitStack() as maps:
        for level in range(depth):
            maps.enter_context(builder.Map(fields.PACKAGE_KEY if level else None))
        builder.Int(fields.PACKAGE_KEY, 0)
    return bytes(builder.Finish())


def write_compiled(*packages: bytes, cpu_operators: Sequence[int] = ()) -> bytes:
    """Write a compiled model: one operator a package, then some on the CPU, in a chain."""
    return write_model([write_options(package) for package in packages], cpu_operators)


def write_model(options: Sequence[bytes], cpu_operators: Sequence[int] = ()) -> bytes:
    """Write a compiled model around the options of its custom operators."""
    count = len(options) + len(cpu_operators)
    graph = schema.SubGraphT()
    graph.tensors = [_tensor(index) for index in range(count + 1)]
    graph.inputs, graph.outputs = [0], [count]
    graph.operators = [_operator(index, options) for index in range(count)]
    model = schema.ModelT()
    model.version = 3
    model.subgraphs, model.buffers = [graph], [schema.BufferT()]
    model.operatorCodes = [_code(schema.BuiltinOperator.CUSTOM, "edgetpu-custom-op")]
    model.operatorCodes += [_code(builtin) for builtin in cpu_operators]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _tensor(index: int) -> schema.TensorT:
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.type = f"t{index}", [1, 4], schema.TensorType.INT8
    return tensor


def _operator(index: int, options: Sequence[bytes]) -> schema.OperatorT:
    operator = schema.OperatorT()
    operator.inputs, operator.outputs = [index], [index + 1]
    if index < len(options):
        operator.customOptions = list(options[index])
    else:
        operator.opcodeIndex = index - len(options) + 1
    return operator


def _code(builtin: int, custom: str | None = None) -> schema.OperatorCodeT:
    code = schema.OperatorCodeT()
    code.builtinCode, code.customCode = builtin, custom
    code.deprecatedBuiltinCode = min(builtin, 127)
    return code
