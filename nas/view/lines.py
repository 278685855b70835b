"""What a search says, as lines of plain text for logs and pipes."""

from collections.abc import Sequence

from nas.records.record import Record
from nas.study.events import (
    CandidateFinished,
    CandidateMeasured,
    DeviceTold,
    Event,
    SearchFinished,
    SearchStarted,
)
from nas.view.quantity import number, short_name, shown, source
from nas.view.text import plain
from objectives import Objective

_REASON = 200
_TOLD = 400


def event_line(event: Event, trials: int, objectives: Sequence[Objective]) -> str | None:
    """Return the line for an event (two for the start), ``None`` for a small one.

    Args:
        event: What happened.
        trials: Candidates to record.
        objectives: What the search pursues.
    """
    match event:
        case SearchStarted():
            return f"{_started(event, trials)}\n{_legend(objectives)}"
        case CandidateFinished(record, finished, front):
            return f"[{finished:>{len(str(trials))}}/{trials}] " + _finished(
                record, objectives, on_front=_is_in(front, record)
            )
        case CandidateMeasured(record, estimated_ms, front):
            return _measured(record, estimated_ms, on_front=_is_in(front, record))
        case DeviceTold(line):
            return plain(line, _TOLD)
        case SearchFinished(finished, front, seconds, reason):
            return (
                f"Ended after {duration(seconds)} ({plain(reason)}): {finished} candidates, "
                f"{len(front)} on the front"
            )
        case _:
            return None


def duration(seconds: float) -> str:
    """Return a time for people: ``8 s``, ``3 min 20 s`` or ``2 h 5 min``."""
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _values(record: Record, objectives: Sequence[Objective]) -> str:
    return ", ".join(_objective(record, objective.name) for objective in objectives)


def _started(event: SearchStarted, trials: int) -> str:
    config = event.config
    synthetic = " (synthetic)" if config.is_synthetic else ""
    line = (
        f"Searching {plain(config.space)} on {plain(config.data)}{synthetic}: "
        f"{trials} candidates, in {plain(event.directory.path)}"
    )
    return f"{line}; {event.finished} are there already" if event.finished else line


def _legend(objectives: Sequence[Objective]) -> str:
    return f"Each line: candidate, {', '.join(short_name(each.name) for each in objectives)}"


def _finished(record: Record, objectives: Sequence[Objective], *, on_front: bool) -> str:
    name = plain(record.candidate_id, 40)
    if record.preset is not None:
        name += f" ({plain(record.preset, 30)})"
    if record.status == "complete":
        return f"{name} {_values(record, objectives)}" + (", on the front" if on_front else "")
    reason = "" if record.reason is None else f": {plain(record.reason, _REASON)}"
    return f"{name} {record.status}{reason}"


def _is_in(front: Sequence[Record], record: Record) -> bool:
    return any(each.candidate_id == record.candidate_id for each in front)


def _measured(record: Record, estimated_ms: float | None, *, on_front: bool) -> str:
    latency = shown("latency_ms", number(record, "latency_ms"))
    line = (
        f"{plain(record.candidate_id, 40)} measured on {plain(record.latency_device, 60)}: "
        f"{latency} (estimate {shown('latency_ms', estimated_ms)})"
    )
    if source(record, "energy_mj") == "device":
        line += f", {shown('energy_mj', number(record, 'energy_mj'))}"
    if record.status != "complete":
        return f"{line}, {record.status}: {plain(record.reason, _REASON)}"
    return line + (", on the front" if on_front else "")


def _objective(record: Record, name: str) -> str:
    said = source(record, name)
    note = f" ({plain(said, 20)})" if said else ""
    return f"{shown(name, number(record, name))}{note}"
