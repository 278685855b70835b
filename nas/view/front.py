"""The Pareto front as a table of comma-separated values."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nas.records.pareto import pareto_front
from nas.records.record import Record
from nas.view.whole_file import whole_file
from objectives import Objective

_FIRST_COLUMNS = ("candidate_id", "accuracy", "latency_ms", "memory_bytes")
# A spreadsheet takes a cell with one of these in front as a formula (OWASP, "CSV Injection").
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_front_csv(path: Path, records: Sequence[Record], objectives: Sequence[Objective]) -> None:
    """Write the front of ``records``, whole or not at all.

    Args:
        path: ``pareto.csv``.
        records: Candidates of any status; those not on the front are left out.
        objectives: What the search pursues.
    """
    rows = front_rows(records, objectives)
    with (
        whole_file(path) as partial,
        partial.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file,
    ):
        csv.writer(file, lineterminator="\n").writerows(rows)


def front_rows(records: Sequence[Record], objectives: Sequence[Objective]) -> list[list[Any]]:
    """Return the header and one row a record of the front, the best in the first objective first.

    Values are as stored, ``None`` where unknown. A hyperparameter called like a column is headed
    ``hyperparameters.NAME``. Texts (not numbers) that a spreadsheet would run as a formula get an
    apostrophe in front; ``records.jsonl`` has them as they are.
    """
    front = pareto_front(records, objectives)
    further = (each.name for each in objectives if each.name not in _FIRST_COLUMNS)
    columns = [*_FIRST_COLUMNS, *further]
    names = sorted({name for record in front for name in record.hyperparameters})
    headings = [f"hyperparameters.{name}" if name in columns else name for name in names]
    rows = [_row(record, columns, names) for record in front]
    return [[*columns, *map(_without_formula, headings)], *rows]


def _row(record: Record, columns: Sequence[str], names: Sequence[str]) -> list[Any]:
    values = [getattr(record, column) for column in columns]
    values += [record.hyperparameters.get(name) for name in names]
    return [_without_formula(value) for value in values]


def _without_formula(value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith(_FORMULA_STARTS) or _is_number(value):
        return value
    return f"'{value}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
