"""The tables of the report, as HTML in which data is text and nothing else."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from nas.records.pareto import knee, pareto_front
from nas.records.record import Record
from nas.view.quantity import UNKNOWN, number, shown, shown_interval, shown_setting, source
from nas.view.text import plain
from objectives import Objective

_SHORT = 90
_LONG = 6000
_NUMBERS = {
    "accuracy": "Accuracy, int8",
    "float_accuracy": "Accuracy, float",
    "latency_ms": "Latency",
    "energy_mj": "Energy",
    "memory_bytes": "Memory",
    "on_chip_bytes": "On-chip",
    "off_chip_bytes": "Off-chip",
    "peak_activation_bytes": "Peak activations",
    "training_memory_bytes": "Training memory",
    "parameters": "Parameters",
    "macs": "MACs",
    "cpu_ops": "Operators on CPU",
    "epochs": "Epochs",
    "train_seconds": "Training (s)",
}


@dataclass(frozen=True)
class Cell:
    """One cell: HTML made safe already, and the value the column is sorted by."""

    html: str
    order: float | str | None = None


def text(value: object) -> str:
    """Return data as HTML; a long text opens on demand."""
    whole = plain(value, _LONG)
    if len(whole) <= _SHORT:
        return f"<bdi>{escape(whole)}</bdi>"
    summary = f"<summary><bdi>{escape(plain(whole, _SHORT))}</bdi></summary>"
    return f"<details>{summary}<bdi>{escape(whole)}</bdi></details>"


def quantity(record: Record, name: str) -> Cell:
    """Return a number with its interval; an estimate looks different from a measurement."""
    value = number(record, name)
    if value is None:
        return Cell(f'<span class="unknown">{UNKNOWN}</span>')
    parts = [f"<b>{shown(name, value)}</b>"]
    spread, said = shown_interval(record, name), source(record, name)
    if spread is not None:
        parts.append(f"<small>{spread}</small>")
    if said is not None:
        kind = "device" if said == "device" else "estimate"
        parts.append(f'<span class="source {kind}">{escape(plain(said, 20))}</span>')
    return Cell(" ".join(parts), value)


def front_table(records: Sequence[Record], objectives: Sequence[Objective], run: Path | str) -> str:
    """Return the table of the front, with the command that exports each row.

    Args:
        records: All records of the run.
        objectives: What the search pursues.
        run: The run directory as the user named it.
    """
    front = pareto_front(records, objectives)
    if not front:
        return "<p>No candidate is complete yet.</p>"
    best = knee(front, objectives)
    columns: dict[str, Callable[[Record], Cell]] = {
        "Candidate": lambda record: _candidate(record, is_knee=record is best),
        **{_NUMBERS.get(each.name, each.title): _number_column(each.name) for each in objectives},
        "Export": lambda record: Cell(_command(export_command(run, record.candidate_id))),
        "Hyperparameters": _hyperparameters,
    }
    return _table("front", "Candidates that no other dominates", columns, front)


def candidate_table(records: Sequence[Record]) -> str:
    """Return the table of all candidates; a number no candidate knows has no column."""
    known = [
        name for name in _NUMBERS if any(number(record, name) is not None for record in records)
    ]
    columns: dict[str, Callable[[Record], Cell]] = {
        "Candidate": lambda record: _candidate(record, is_knee=False),
        "Status": lambda record: Cell(
            f'<span class="status {record.status}">{record.status}</span>', record.status
        ),
        "Reason": lambda record: Cell(text(record.reason or ""), plain(record.reason or "")),
        **{_NUMBERS[name]: _number_column(name) for name in known},
        "Hyperparameters": _hyperparameters,
    }
    return _table("candidates", "Every candidate of the run", columns, records)


def pairs(values: Mapping[str, object]) -> str:
    """Return names and values as a description list."""
    rows = (f"<dt>{escape(name)}</dt><dd>{text(value)}</dd>" for name, value in values.items())
    return f"<dl>{''.join(rows)}</dl>"


def export_command(run: Path | str, pick: str) -> str:
    """Return the shell command that exports a candidate of a run."""
    pick = plain(pick)
    words = ("python", "-m", "nas.export", str(run), "--pick", pick, "--out", f"bundles/{pick}")
    return shlex.join(words)


def _number_column(name: str) -> Callable[[Record], Cell]:
    return lambda record: quantity(record, name)


def _candidate(record: Record, *, is_knee: bool) -> Cell:
    marks = [f"<code>{escape(plain(record.candidate_id, 40))}</code>"]
    if record.preset is not None:
        name = escape(plain(record.preset, 40))
        marks.append(f'<span class="preset">preset <bdi>{name}</bdi></span>')
    if is_knee:
        marks.append('<span class="knee">knee</span>')
    return Cell(" ".join(marks), plain(record.candidate_id))


def _hyperparameters(record: Record) -> Cell:
    said = ", ".join(
        f"{name}={shown_setting(value)}" for name, value in record.hyperparameters.items()
    )
    return Cell(text(said), plain(said))


def _command(command: str) -> str:
    button = '<button type="button" class="copy">Copy</button>'
    return f'<span class="command">{button}<code>{escape(command)}</code></span>'


def _table(
    name: str,
    caption: str,
    columns: Mapping[str, Callable[[Record], Cell]],
    records: Sequence[Record],
) -> str:
    heads = "".join(f'<th scope="col">{escape(title)}</th>' for title in columns)
    rows = "".join(
        f'<tr id="{name}-{index}">{_cells(columns, record)}</tr>'
        for index, record in enumerate(records)
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f"<table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _cells(columns: Mapping[str, Callable[[Record], Cell]], record: Record) -> str:
    head, *others = (column(record) for column in columns.values())
    row_head = f'<th scope="row" data-order="{_order(head)}">{head.html}</th>'
    return row_head + "".join(
        f'<td data-order="{_order(cell)}">{cell.html}</td>' for cell in others
    )


def _order(cell: Cell) -> str:
    return "" if cell.order is None else escape(str(cell.order))
