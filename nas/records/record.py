"""One line of ``records.jsonl``: all that is known about one candidate."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

from nas.errors import UserError
from nas.json_values import convert
from nas.records import measurements
from nas.records.json_lines import append_line, read_lines
from nas.records.measurements import LATENCIES, Measurement

SCHEMA = 1
Status = Literal["complete", "infeasible", "stopped", "failed"]
STATUSES: tuple[Status, ...] = get_args(Status)


@dataclass(frozen=True)
class Record:
    """Everything known about one finished candidate; what is not known is ``None``, never 0.

    Accuracies are fractions (0 – 1) of the validation split, ``accuracy`` that of the int8 network
    with the 95 % interval of what it will be on the test split, so with room for chance in both;
    ``learning_curve`` is the float validation accuracy after each epoch.
    Latency is one warm inference at batch 1: an estimate with its 80 % interval, or the median and
    quartiles of ``latency_count`` inferences on ``latency_device``. ``preset`` names a hand-made
    network; ``parent`` is the candidate whose weights it began with, and ``inherited_share`` which
    share of its own weights these were. ``seconds`` is wall time by stage. ``gate`` says of a
    stopped candidate which accuracy it needed at its costs, which was expected of it, and its
    chance to reach the former.
    """

    candidate_id: str
    space: str
    hyperparameters: Mapping[str, Any]
    status: Status
    reason: str | None = None
    preset: str | None = None
    parent: str | None = None
    inherited_share: float | None = None
    trial: int | None = None
    accuracy: float | None = None
    accuracy_low: float | None = None
    accuracy_high: float | None = None
    float_accuracy: float | None = None
    learning_curve: tuple[float, ...] = ()
    gate: Mapping[str, float] = field(default_factory=dict)
    latency_ms: float | None = None
    latency_low_ms: float | None = None
    latency_high_ms: float | None = None
    latency_source: str | None = None
    latency_device: str | None = None
    latency_count: int | None = None
    front_end_ms: float | None = None
    energy_mj: float | None = None
    energy_source: str | None = None
    memory_bytes: int | None = None
    on_chip_bytes: int | None = None
    off_chip_bytes: int | None = None
    peak_activation_bytes: int | None = None
    training_memory_bytes: int | None = None
    model_bytes: int | None = None
    parameters: int | None = None
    macs: int | None = None
    ops_total: int | None = None
    ops_mapped: int | None = None
    epochs: int | None = None
    train_seconds: float | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    seed: int | None = None
    finished_at: str | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    schema: int = SCHEMA

    @property
    def cpu_ops(self) -> int | None:
        """Operators left on the host CPU."""
        if self.ops_total is None or self.ops_mapped is None:
            return None
        return self.ops_total - self.ops_mapped

    def as_dict(self) -> dict[str, Any]:
        """Return the record as JSON values, with ``cpu_ops`` beside the stored fields."""
        return {**vars(self), "cpu_ops": self.cpu_ops}


def finite(value: Any) -> Any:
    """Replace NaN and infinities, which JSON cannot carry, by ``None``, at any depth."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {key: finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [finite(entry) for entry in value]
    return value


def as_json(record: Record) -> dict[str, Any]:
    """Return the stored fields of a record as JSON values."""
    values: dict[str, Any] = finite(vars(record))
    return values


def append_record(path: Path, record: Record) -> None:
    """Append one record and wait until it is on disk, so that a crash cannot lose it."""
    append_line(path, as_json(record))


def read_records(path: Path) -> list[Record]:
    """Read all finished records, in order; a line cut off by a crash is left out.

    Where ``measurements.jsonl`` beside it has a candidate, its latency is the measured one.

    Args:
        path: ``records.jsonl``; a missing file holds no records.

    Returns:
        One record a candidate, the first where one candidate was written twice.
    """
    unique: dict[str, Record] = {}
    for place, values in read_lines(path):
        record = parse_record(values, place)
        unique.setdefault(record.candidate_id, record)
    good = measurements.read_good(path.with_name(measurements.FILE))
    return [measured(record, good.get(record.candidate_id)) for record in unique.values()]


def measured(record: Record, measurement: Measurement | None) -> Record:
    """Return a record with what a device measured; one it shows to be infeasible is that."""
    if measurement is None:
        return record
    # A device runs the network alone; what the host does before it is still an estimate, and no
    # part of what a power sensor saw.
    host_ms = record.front_end_ms or 0.0
    taken = measurement.latency()
    times = {name: host_ms + taken[name] for name in LATENCIES}
    energy = {} if host_ms else measurement.measured_energy()
    record = replace(record, **{**taken, **times, **energy})
    if measurement.broken is None or record.status != "complete":
        return record
    return replace(record, status="infeasible", reason=measurement.broken)


def parse_record(values: Any, place: str) -> Record:
    """Make a record of what ``as_json`` gave.

    Args:
        values: The JSON values.
        place: Where they are from, for the message.

    Raises:
        UserError: They are no record of this version.
    """
    if not isinstance(values, dict) or values.get("schema") != SCHEMA:
        raise UserError(
            f"{place}: not a record of schema {SCHEMA}; was it written by another version?"
        )
    try:
        return convert(values, Record)
    except ValueError as error:
        raise UserError(f"{place}: not a record ({error})") from None


NUMERIC_FIELDS = frozenset(
    entry.name for entry in fields(Record) if entry.type in (int | None, float | None)
)
"""Names of the fields that hold one number, or ``None`` where it is not known."""
