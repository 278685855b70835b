"""Small files that name a huge amount of reading, because their tables share parts."""

from collections.abc import Callable, Sequence

import flatbuffers
import pytest
from ai_edge_litert import schema_py_generated as schema

from nas.compiler.compiled import parse_compiled
from nas.errors import UserError
from nas.network.tflite import MAX_OPERATORS, CompiledFileError, parse_network
from tests.compiler.darwinn_packages import Program, write_compiled, write_options, write_package
from tests.edgetpu.bounds import bounded

COPIES = 15_000
LONG = 100_000
CONV = schema.BuiltinOperator.CONV_2D
RELU = schema.BuiltinOperator.RELU


class _Model:
    """A TFLite file of two activations, whose parts a test shares."""

    def __init__(self, builtin: int = RELU, custom: str = "") -> None:
        self.builder = flatbuffers.Builder(1 << 16)
        self.tensors = [self.tensor(), self.tensor()]
        self.buffers = [self.buffer(b"")]
        self.code = self._code(builtin, custom)

    def vector(self, offsets: Sequence[int]) -> int:
        self.builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self.builder.PrependUOffsetTRelative(offset)
        return int(self.builder.EndVector())

    def numbers(self, values: Sequence[int]) -> int:
        self.builder.StartVector(4, len(values), 4)
        for value in reversed(values):
            self.builder.PrependInt32(value)
        return int(self.builder.EndVector())

    def tensor(
        self, shape: Sequence[int] = (1, 4), name: str = "", type_: int = 9, buffer: int = 0
    ) -> int:
        text, sizes = self.builder.CreateString(name), self.numbers(shape)
        schema.TensorStart(self.builder)
        schema.TensorAddShape(self.builder, sizes)
        schema.TensorAddName(self.builder, text)
        schema.TensorAddType(self.builder, type_)
        schema.TensorAddBuffer(self.builder, buffer)
        return int(schema.TensorEnd(self.builder))

    def buffer(self, data: bytes) -> int:
        stored = self.builder.CreateByteVector(data)
        schema.BufferStart(self.builder)
        schema.BufferAddData(self.builder, stored)
        return int(schema.BufferEnd(self.builder))

    def operator(
        self, inputs: Sequence[int] = (0,), options: int = 0, kind: int = 0, custom: bytes = b""
    ) -> int:
        places, outputs = self.numbers(inputs), self.numbers((1,))
        stored = self.builder.CreateByteVector(custom)
        schema.OperatorStart(self.builder)
        schema.OperatorAddInputs(self.builder, places)
        schema.OperatorAddOutputs(self.builder, outputs)
        schema.OperatorAddBuiltinOptionsType(self.builder, kind)
        schema.OperatorAddBuiltinOptions(self.builder, options)
        schema.OperatorAddCustomOptions(self.builder, stored)
        return int(schema.OperatorEnd(self.builder))

    def _code(self, builtin: int, custom: str) -> int:
        text = self.builder.CreateString(custom) if custom else 0
        schema.OperatorCodeStart(self.builder)
        schema.OperatorCodeAddBuiltinCode(self.builder, builtin)
        schema.OperatorCodeAddCustomCode(self.builder, text)
        return int(schema.OperatorCodeEnd(self.builder))

    def write(self, operators: Sequence[int]) -> bytes:
        tensors, parts = self.vector(self.tensors), self.vector(operators)
        inputs, outputs = self.numbers((0,)), self.numbers((1,))
        schema.SubGraphStart(self.builder)
        schema.SubGraphAddTensors(self.builder, tensors)
        schema.SubGraphAddInputs(self.builder, inputs)
        schema.SubGraphAddOutputs(self.builder, outputs)
        schema.SubGraphAddOperators(self.builder, parts)
        graphs = self.vector([schema.SubGraphEnd(self.builder)])
        codes, buffers = self.vector([self.code]), self.vector(self.buffers)
        schema.ModelStart(self.builder)
        schema.ModelAddOperatorCodes(self.builder, codes)
        schema.ModelAddSubgraphs(self.builder, graphs)
        schema.ModelAddBuffers(self.builder, buffers)
        self.builder.Finish(schema.ModelEnd(self.builder), file_identifier=b"TFL3")
        return bytes(self.builder.Output())


def _one_name() -> bytes:
    model = _Model()
    model.tensors += [model.tensor(name="x" * LONG)] * COPIES
    return model.write([model.operator()])


def _one_custom_name() -> bytes:
    model = _Model(schema.BuiltinOperator.CUSTOM, "x" * LONG)
    return model.write([model.operator()] * COPIES)


def _one_string_in_options() -> bytes:
    model = _Model(schema.BuiltinOperator.VAR_HANDLE)
    text = model.builder.CreateString("x" * LONG)
    schema.VarHandleOptionsStart(model.builder)
    schema.VarHandleOptionsAddContainer(model.builder, text)
    options = schema.VarHandleOptionsEnd(model.builder)
    kind = schema.BuiltinOptions.VarHandleOptions
    return model.write([model.operator(options=options, kind=kind)] * COPIES)


def _one_bias() -> bytes:
    model = _Model(CONV)
    model.tensors += [model.tensor((4, 1, 1, 4), type_=9, buffer=1)]
    model.tensors += [model.tensor((LONG,), type_=2, buffer=2)]
    model.buffers += [model.buffer(bytes(16)), model.buffer(bytes(4 * LONG))]
    return model.write([model.operator((0, 2, 3))] * COPIES)


def _one_list_of_inputs() -> bytes:
    model = _Model()
    return model.write([model.operator([0] * LONG)] * COPIES)


def _too_many_operators() -> bytes:
    model = _Model()
    return model.write([model.operator()] * (MAX_OPERATORS + 1))


def _one_package() -> bytes:
    model = _Model(schema.BuiltinOperator.CUSTOM, "edgetpu-custom-op")
    options = write_options(write_package((Program(parameters=bytes(LONG)),)))
    return model.write([model.operator(custom=options)] * COPIES)


def _one_executable() -> bytes:
    program = Program(copies=3_000)
    return write_compiled(write_package((program,), copies=COPIES))


def _one_transfer() -> bytes:
    return write_compiled(write_package((Program(copies=40_000),)))


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "name": (_one_name, "more characters in names"),
    "custom name": (_one_custom_name, "more characters in names"),
    "bias": (_one_bias, "more biases"),
    "inputs": (_one_list_of_inputs, "more indices"),
    "operators": (_too_many_operators, "at most 20000 operators"),
    "package": (_one_package, "more content than the file holds"),
    "executable": (_one_executable, "more content than the file holds"),
    "transfer": (_one_transfer, "more content than the file holds"),
}


def _parse(data: bytes) -> None:
    try:
        parse_network(data)
    except CompiledFileError:
        parse_compiled(data)


@pytest.mark.parametrize(
    "shared",
    [pytest.param(n, marks=pytest.mark.slow) if n == "transfer" else n for n in REFUSED],
)
def test_a_part_that_is_shared_too_often_is_refused_soon(shared: str) -> None:
    build, message = REFUSED[shared]
    data = build()
    with bounded(shared), pytest.raises(UserError, match=message):
        _parse(data)


@pytest.mark.slow
def test_text_that_is_never_needed_is_not_copied() -> None:
    data = _one_string_in_options()
    with bounded("options"):
        assert len(parse_network(data).operators) == COPIES
