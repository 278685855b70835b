"""What ``edgetpu_compiler`` prints, read into the chip model's own types.

The compiler tells how many operators of each type it mapped, not which ones; and how many bytes of
parameters it streams, not of which layers. Both are completed from the network: what stays in
doubt is marked so, and what cannot be told is ``None``.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from ai_edge_litert.schema_py_generated import BuiltinOperator

from nas.edgetpu.memory import ParameterMemory, parameter_bytes
from nas.edgetpu.placement import MAPPED, Placed, Target, place
from nas.errors import CandidateError
from nas.network.network import Network, Operator

_UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_SIZE = re.compile(r"([0-9]{1,9}\.[0-9]{2})(B|KiB|MiB|GiB)")
_COUNT = re.compile(r"[0-9]{1,9}")
_HEADER = ["Operator", "Count", "Status"]

_VERSION = "Edge TPU Compiler version"
_CACHED = "On-chip memory used for caching model parameters"
_REMAINING = "On-chip memory remaining for caching model parameters"
_AVAILABLE = "On-chip memory available for caching model parameters"
_STREAMED = "Off-chip memory used for streaming uncached model parameters"
_SUBGRAPHS = "Number of Edge TPU subgraphs"
_TOTAL = "Total number of operations"
_ON_CHIP = "Number of operations that will run on Edge TPU"
_ON_CPU = "Number of operations that will run on CPU"
_LABELS = (
    _VERSION, _CACHED, _REMAINING, _AVAILABLE, _STREAMED, _SUBGRAPHS, _TOTAL, _ON_CHIP, _ON_CPU,
)  # fmt: skip

_STREAMED_LAYERS = 3
_LAYERS_LOOKED_AT = 100
_FORMULA_ERROR = 0.01


class CompileLogError(CandidateError):
    """The compiler's output contradicts itself: nothing of it is believed."""


@dataclass(frozen=True)
class ToldSize:
    """A size as printed, with two decimals.

    Attributes:
        size_bytes: Bytes, rounded as printed.
        step_bytes: Bytes between this size and the next one that can be printed.
    """

    size_bytes: int
    step_bytes: int

    def agrees(self, exact_bytes: int) -> bool:
        """Whether an exact size would be printed like this, rounded or cut."""
        return abs(exact_bytes - self.size_bytes) <= self.step_bytes


@dataclass(frozen=True)
class StatusCount:
    """One row of the operator table: some operators of one type that share a status."""

    type: str
    count: int
    status: str

    @property
    def is_mapped(self) -> bool:
        """Whether they run on the Edge TPU."""
        return self.status == MAPPED


@dataclass(frozen=True)
class CompileLog:
    """What the compiler told; ``None`` or no rows where it did not.

    Attributes:
        version: Version of the compiler.
        rows: The operator table.
        ops_total: Operators of the network.
        ops_mapped: Operators that run on the Edge TPU. Never inferred from a missing line.
        subgraphs: Pieces of the network on the Edge TPU.
        cached: Parameters kept in the chip.
        streamed: Parameters sent on every inference.
        capacity_bytes: Room for parameters in the chip.
    """

    version: str | None
    rows: tuple[StatusCount, ...]
    ops_total: int | None
    ops_mapped: int | None
    subgraphs: int | None
    cached: ToldSize | None
    streamed: ToldSize | None
    capacity_bytes: int | None


def parse_log(output: str, table: str = "") -> CompileLog:
    """Read the compiler's standard output and its ``.log`` file.

    Lines may be missing, as in older versions; unknown lines are skipped.

    Args:
        output: Standard output.
        table: The ``.log`` file, where there is one; its operator table is read rather than the
            one in ``output``.

    Raises:
        CompileLogError: Two numbers contradict each other.
    """
    said = _lines(f"{table}\n{output}")
    rows = _rows(table) or _rows(output)
    mapped = _agreed("mapped operators", _count(said, _ON_CHIP), _sum(rows, mapped=True))
    on_cpu = _agreed("operators on the CPU", _count(said, _ON_CPU), _sum(rows, mapped=False))
    both = None if mapped is None or on_cpu is None else mapped + on_cpu
    total = _agreed("operators", _count(said, _TOTAL), both)
    if mapped is not None and total is not None and mapped > total:
        raise CompileLogError(f"the compiler's log tells {mapped} of {total} operators mapped")
    cached = _size(said, _CACHED)
    return CompileLog(
        said.get(_VERSION), rows, total, mapped, _count(said, _SUBGRAPHS),
        cached, _size(said, _STREAMED), _capacity(said, cached),
    )  # fmt: skip


def _lines(text: str) -> dict[str, str]:
    """Label → the one word after it; the last line of a label holds."""
    said = {}
    for line in map(str.strip, text.splitlines()):
        label = next((each for each in _LABELS if line.startswith(each)), None)
        if label is not None and len(words := line[len(label) :].lstrip(": ").split()) == 1:
            said[label] = words[0]
    return said


def _rows(text: str) -> tuple[StatusCount, ...]:
    """Rows of the last operator table in a text."""
    rows: list[StatusCount] | None = None
    for line in text.splitlines():
        words = line.strip().split(None, 2)
        if words == _HEADER:
            rows = []
        elif rows is not None and len(words) == len(_HEADER) and _COUNT.fullmatch(words[1]):
            rows.append(StatusCount(words[0], int(words[1]), words[2]))
    return tuple(rows or ())


def _sum(rows: Sequence[StatusCount], *, mapped: bool) -> int | None:
    return sum(row.count for row in rows if row.is_mapped is mapped) if rows else None


def _agreed(what: str, told: int | None, counted: int | None) -> int | None:
    if told is not None and counted is not None and told != counted:
        raise CompileLogError(
            f"the compiler's log contradicts itself: {told} {what} in one place, "
            f"{counted} in another; compile again"
        )
    return counted if told is None else told


def _count(said: Mapping[str, str], label: str) -> int | None:
    value = said.get(label, "")
    return int(value) if _COUNT.fullmatch(value) else None


def _size(said: Mapping[str, str], label: str) -> ToldSize | None:
    match = _SIZE.fullmatch(said.get(label, ""))
    if match is None:
        return None
    unit = _UNITS[match[2]]
    return ToldSize(round(float(match[1]) * unit), max(1, round(unit / 100)))


def _capacity(said: Mapping[str, str], cached: ToldSize | None) -> int | None:
    """Room for parameters: compilers before 2.1 told it, later ones what remains of it."""
    available, remaining = _size(said, _AVAILABLE), _size(said, _REMAINING)
    if available is not None:
        return available.size_bytes
    return None if remaining is None or cached is None else cached.size_bytes + remaining.size_bytes


def placement_as_told(network: Network, log: CompileLog) -> tuple[Placed, ...] | None:
    """Tell where each operator runs, as the compiler has it.

    Args:
        network: What was compiled.
        log: What the compiler told.

    Returns:
        One entry an operator, in order: exactly as many mapped ones of each type as told. Where
        operators of one type have several statuses, the rules for placement say which is which,
        and ``is_certain`` is false. ``None`` where the table is missing or not this network's.
    """
    told: dict[str, list[StatusCount]] = {}
    for row in log.rows:
        told.setdefault(row.type, []).append(row)
    entries: dict[str, list[Placed]] = {}
    for entry in place(network):
        entries.setdefault(_told_type(entry.operator), []).append(entry)
    counts = {type_: sum(row.count for row in rows) for type_, rows in told.items()}
    if not told or counts != {type_: len(each) for type_, each in entries.items()}:
        return None
    placed = [each for type_, rows in told.items() for each in _settle(entries[type_], rows)]
    return tuple(sorted(placed, key=lambda entry: entry.operator.index))


def _told_type(operator: Operator) -> str:
    return operator.type if hasattr(BuiltinOperator, operator.type) else "CUSTOM"


def _settle(predicted: list[Placed], rows: Sequence[StatusCount]) -> Iterator[Placed]:
    """Give operators of one type their statuses: those expected on the chip first."""
    ordered = sorted(predicted, key=lambda entry: (entry.target == "cpu", entry.operator.index))
    ranked = sorted(rows, key=lambda row: not row.is_mapped)
    statuses = [row.status for row in ranked for _ in range(row.count)]
    for entry, status in zip(ordered, statuses, strict=True):
        reason = entry.reason if entry.reason.startswith(f"{status}:") else status
        target: Target = "edgetpu" if status == MAPPED else "cpu"
        yield Placed(entry.operator, target, reason, is_certain=len(rows) == 1)


def memory_as_told(mapped: Iterable[Operator], log: CompileLog) -> ParameterMemory | None:
    """Tell where the parameters of the mapped operators are kept, as the compiler has it.

    The compiler caches whole layers; 1 to 3 were left out in all 56 networks that overflowed. The
    fewest whose sizes add up to the told bytes, within 1 %, are taken for the streamed ones; layers
    of equal size cannot be told apart.

    Args:
        mapped: The mapped operators.
        log: What the compiler told.

    Returns:
        The size of each layer by the estimator's formula, with the told capacity; ``None`` where a
        size was not told, no layers add up to it, or an operator cannot have been mapped.
    """
    if log.streamed is None or log.capacity_bytes is None:
        return None
    try:
        sizes = {operator.index: parameter_bytes(operator) for operator in mapped}
    except (ValueError, IndexError):  # told to be mapped, though it lacks what such operators have
        return None
    streamed = _layers_of(sizes, log.streamed)
    return None if streamed is None else ParameterMemory(sizes, streamed, log.capacity_bytes)


def _layers_of(sizes: Mapping[int, int], told: ToldSize) -> frozenset[int] | None:
    if told.size_bytes == 0:
        return frozenset()
    allowed = max(told.step_bytes, _FORMULA_ERROR * told.size_bytes)
    largest = Counter(sizes).most_common(_LAYERS_LOOKED_AT)
    for count in range(1, _STREAMED_LAYERS + 1):
        off_by, layers = min(
            ((abs(sum(n for _, n in each) - told.size_bytes), each)
             for each in combinations(sorted(largest), count)),
            default=(allowed + 1, ()),
        )  # fmt: skip
        if off_by <= allowed:
            return frozenset(index for index, _ in layers)
    return None
