"""The program that the Edge TPU compiler writes: a DarwiNN package, read without running it.

A package holds one executable that runs the network and, where parameters are cached, one that
loads them into the chip before the first inference.
"""

from collections import Counter
from dataclasses import dataclass

from nas.compiler import darwinn_fields as fields
from nas.compiler.darwinn_fields import Content, ExecutableType
from nas.compiler.darwinn_table import BrokenPackageError, Budget, DarwinnTable


@dataclass(frozen=True)
class Transfers:
    """What one run of an executable moves over the link, beside its program.

    Attributes:
        input_bytes: Input activations. A picture that is worked on in parts is sent with the rows
            its parts share, so this may be more than the input tensor.
        output_bytes: Output activations, padding included.
        parameter_bytes: Parameters.
        scratch_bytes: Intermediate activations kept on the host.
    """

    input_bytes: int
    output_bytes: int
    parameter_bytes: int
    scratch_bytes: int


@dataclass(frozen=True)
class Executable:
    """One program of a package.

    Attributes:
        type: Whether it runs the network, or loads the parameters that stay in the chip.
        parameter_bytes: Parameters it sends, padding included.
        instruction_bytes: Its program.
        scratch_bytes: Memory it needs on the host for intermediate activations.
        narrow_bytes_per_tile: Activation memory it uses in each tile.
        transfers: What it moves, or ``None`` where the file does not list all of it.
    """

    type: ExecutableType
    parameter_bytes: int
    instruction_bytes: int
    scratch_bytes: int
    narrow_bytes_per_tile: int
    transfers: Transfers | None


@dataclass(frozen=True)
class Package:
    """What the compiler made of one piece of the network.

    Attributes:
        min_runtime_version: Oldest runtime that runs it.
        compiler_version: As the compiler wrote it.
        executables: Its programs.
    """

    min_runtime_version: int
    compiler_version: str
    executables: tuple[Executable, ...]

    @property
    def loading(self) -> tuple[Executable, ...]:
        """The programs that load parameters once, before the first inference."""
        return tuple(e for e in self.executables if e.type is ExecutableType.PARAMETER_CACHING)

    @property
    def running(self) -> tuple[Executable, ...]:
        """The programs of every inference; a stand-alone one is for want of another."""
        only = tuple(e for e in self.executables if e.type is ExecutableType.EXECUTION_ONLY)
        return only or tuple(e for e in self.executables if e.type is ExecutableType.STAND_ALONE)


def read_package(data: bytes, budget: Budget) -> Package:
    """Read a serialized package.

    Args:
        data: The package's bytes.
        budget: What may still be read of the file it is in.

    Raises:
        BrokenPackageError: It is no package, or an impossible one. Broken bytes may also raise any
            of ``READING_ERRORS``.
    """
    if data[4:8] != fields.IDENTIFIER:
        raise BrokenPackageError("its Edge TPU operator holds no DarwiNN package (mark DWN1)")
    package = DarwinnTable.root(memoryview(data), budget)
    serialized = package.octets(fields.Package.MULTI_EXECUTABLE)
    parts = DarwinnTable.root(serialized, budget).buffers(fields.MultiExecutable.EXECUTABLES)
    read = Package(
        min_runtime_version=package.count(fields.Package.MIN_RUNTIME_VERSION),
        compiler_version=package.text(fields.Package.COMPILER_VERSION),
        executables=tuple(_executable(DarwinnTable.root(part, budget)) for part in parts),
    )
    if not read.running or not all(program.instruction_bytes for program in read.running):
        raise BrokenPackageError("its DarwiNN package holds no program that runs the network")
    return read


def _executable(table: DarwinnTable) -> Executable:
    bitstreams = table.tables(fields.Executable.INSTRUCTION_BITSTREAMS)
    sizes = [len(stream.octets(fields.InstructionBitstream.BITSTREAM)) for stream in bitstreams]
    return Executable(
        type=ExecutableType(table.enumerator(fields.Executable.TYPE)),
        parameter_bytes=len(table.octets(fields.Executable.PARAMETERS)),
        instruction_bytes=sum(sizes),
        scratch_bytes=table.count(fields.Executable.SCRATCH_BYTES),
        narrow_bytes_per_tile=table.count(fields.Executable.NARROW_BYTES_PER_TILE),
        transfers=_transfers(table.table(fields.Executable.DMA_HINTS)),
    )


def _transfers(hints: DarwinnTable | None) -> Transfers | None:
    if hints is None or not hints.octet(fields.DmaHints.FULLY_DETERMINISTIC):
        return None
    moved: Counter[Content] = Counter()
    for hint in hints.tables(fields.DmaHints.HINTS):
        if hint.octet(fields.DmaHint.KIND) == fields.HintKind.DMA_DESCRIPTOR:
            content, size_bytes = _transfer(hint.table(fields.DmaHint.VALUE))
            moved[content] += size_bytes
    return Transfers(
        input_bytes=moved[Content.INPUT],
        output_bytes=moved[Content.OUTPUT],
        parameter_bytes=moved[Content.PARAMETERS],
        scratch_bytes=moved[Content.SCRATCH],
    )


def _transfer(descriptor: DarwinnTable | None) -> tuple[Content, int]:
    meta = descriptor.table(fields.DmaDescriptor.META) if descriptor else None
    if descriptor is None or meta is None:
        raise BrokenPackageError("its DarwiNN package lists a transfer of nothing")
    content = Content(meta.enumerator(fields.Meta.CONTENT))
    return content, descriptor.count(fields.DmaDescriptor.SIZE_BYTES)
