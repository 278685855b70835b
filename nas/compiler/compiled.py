"""A network after ``edgetpu_compiler``: what it costs is read from the file, not predicted.

The compiler replaces each piece of the network that it maps by one custom operator, whose options
hold a DarwiNN package; operators, shapes and work inside that piece are not in the file any more.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ai_edge_litert import schema_py_generated as schema
from flatbuffers import flexbuffers

from nas.compiler.darwinn import Executable, Package, Transfers, read_package
from nas.compiler.darwinn_fields import PACKAGE_KEY
from nas.compiler.darwinn_table import READING_ERRORS, BrokenPackageError, Budget
from nas.errors import UserError
from nas.network.tflite import (
    EDGETPU_CUSTOM_OP,
    MAX_OPERATORS,
    check_mark,
    read_model_file,
)
from nas.network.tflite_operator import operator_name


@dataclass(frozen=True)
class CompiledOperator:
    """One operator of a compiled file.

    Attributes:
        type: TFLite's name, or ``edgetpu-custom-op``.
        package: What runs on the Edge TPU, or ``None`` for an operator left on the CPU.
    """

    type: str
    package: Package | None

    @property
    def cached_parameter_bytes(self) -> int:
        """Parameters that stay in the chip, padding included."""
        return sum(e.parameter_bytes for e in self.package.loading) if self.package else 0

    @property
    def streamed_parameter_bytes(self) -> int:
        """Parameters sent on every inference, padding included."""
        return sum(e.parameter_bytes for e in self.package.running) if self.package else 0


@dataclass(frozen=True)
class CompiledModel:
    """The main subgraph of a compiled file; sums are over its Edge TPU operators.

    Attributes:
        operators: In execution order.
        file_bytes: Size of the file.
    """

    operators: tuple[CompiledOperator, ...]
    file_bytes: int

    @property
    def packages(self) -> tuple[Package, ...]:
        """What runs on the Edge TPU, in execution order."""
        return tuple(op.package for op in self.operators if op.package is not None)

    @property
    def cpu_operators(self) -> tuple[str, ...]:
        """Types of the operators left on the CPU, in execution order."""
        return tuple(op.type for op in self.operators if op.package is None)

    @property
    def cached_parameter_bytes(self) -> int:
        """Parameters that stay in the chip, padding included."""
        return sum(op.cached_parameter_bytes for op in self.operators)

    @property
    def streamed_parameter_bytes(self) -> int:
        """Parameters sent on every inference, padding included."""
        return sum(op.streamed_parameter_bytes for op in self.operators)

    @property
    def instruction_bytes(self) -> int:
        """Programs sent on every inference."""
        return sum(executable.instruction_bytes for executable in self._running)

    @property
    def scratch_bytes(self) -> int:
        """Memory on the host for intermediate activations."""
        return sum(executable.scratch_bytes for executable in self._running)

    @property
    def narrow_bytes_per_tile(self) -> int:
        """Most activation memory used in each tile."""
        return max((executable.narrow_bytes_per_tile for executable in self._running), default=0)

    @property
    def input_bytes(self) -> int | None:
        """Input activations sent on every inference; ``None`` where the file does not tell."""
        return sum(t.input_bytes for t in self._transfers) if self._transfers else None

    @property
    def output_bytes(self) -> int | None:
        """Output activations sent on every inference; ``None`` where the file does not tell."""
        return sum(t.output_bytes for t in self._transfers) if self._transfers else None

    @property
    def min_runtime_version(self) -> int:
        """Oldest Edge TPU runtime that runs the file."""
        return max(package.min_runtime_version for package in self.packages)

    @property
    def compiler_versions(self) -> tuple[str, ...]:
        """Versions of the compiler, as it wrote them."""
        return tuple(dict.fromkeys(package.compiler_version for package in self.packages))

    @property
    def _running(self) -> tuple[Executable, ...]:
        return tuple(executable for package in self.packages for executable in package.running)

    @property
    def _transfers(self) -> tuple[Transfers, ...]:
        """What every program moves; empty where one of them does not tell."""
        listed = tuple(e.transfers for e in self._running if e.transfers is not None)
        return listed if len(listed) == len(self._running) else ()


def read_compiled(path: Path | str) -> CompiledModel:
    """Read a ``.tflite`` file that came out of ``edgetpu_compiler``.

    Raises:
        UserError: The file cannot be opened, is broken, or is not compiled for the Edge TPU.
    """
    return parse_compiled(read_model_file(path), source=str(path))


def parse_compiled(data: bytes, source: str = "model") -> CompiledModel:
    """Read a compiled model in memory.

    Args:
        data: The whole file.
        source: Name of the file, for error messages.

    Raises:
        UserError: The bytes are broken, or not compiled for the Edge TPU.
    """
    check_mark(data, source)
    try:
        operators = _operators(data, Budget(len(data)))
    except BrokenPackageError as error:
        raise UserError(f"{source}: {error}") from None
    except READING_ERRORS as error:
        raise UserError(f"{source}: broken or truncated compiled model ({error})") from None
    if all(operator.package is None for operator in operators):
        raise UserError(f"{source}: not compiled for the Edge TPU (no {EDGETPU_CUSTOM_OP})")
    return CompiledModel(operators, len(data))


def _operators(data: bytes, budget: Budget) -> tuple[CompiledOperator, ...]:
    model = schema.Model.GetRootAs(data, 0)
    if not model.SubgraphsLength():
        raise BrokenPackageError("the TFLite file holds no subgraph")
    graph = model.Subgraphs(0)
    count = graph.OperatorsLength()
    if count > MAX_OPERATORS:
        raise BrokenPackageError(f"at most {MAX_OPERATORS} operators are read, got {count}")
    return tuple(_operator(model, graph.Operators(index), budget) for index in range(count))


def _operator(model: Any, operator: Any, budget: Budget) -> CompiledOperator:
    if operator.OpcodeIndex() >= model.OperatorCodesLength():
        raise BrokenPackageError("an operator's type is missing from the file")
    code = model.OperatorCodes(operator.OpcodeIndex())
    budget.draw(len(code.CustomCode() or b""))
    name = operator_name(code)
    if name != EDGETPU_CUSTOM_OP:
        return CompiledOperator(name, None)
    budget.draw(operator.CustomOptionsLength())
    package = _package(operator.CustomOptionsAsNumpy().tobytes())
    return CompiledOperator(name, read_package(package, budget))


def _package(options: bytes) -> bytes:
    entry = flexbuffers.GetRoot(options).AsMap[PACKAGE_KEY]
    return bytes(entry.AsStringBytes)
