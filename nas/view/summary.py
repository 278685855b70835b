"""The front as a table in the terminal, and what to do with it."""

from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from nas.records.pareto import knee
from nas.records.record import Record
from nas.records.run import RunConfig, RunDirectory
from nas.view.quantity import number, short_name, shown, shown_interval, source
from nas.view.statement import statements
from nas.view.table import export_command
from nas.view.text import plain
from objectives import Objective


def front_table(
    front: Sequence[Record],
    objectives: Sequence[Objective],
    *,
    limit: int | None = None,
    has_intervals: bool = True,
) -> Table:
    """Return the front as a table, the best in the first objective first.

    Args:
        front: Non-dominated records.
        objectives: What the search pursues, a column each.
        limit: Most rows to show; a caption then tells how many are left out.
        has_intervals: Whether values are followed by their intervals.
    """
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    table.add_column("candidate", no_wrap=True)
    for objective in objectives:
        table.add_column(short_name(objective.name), justify="right")
    table.add_column("source")
    has_presets = any(record.preset is not None for record in front)
    if has_presets:
        table.add_column("preset")
    rows = front[:limit]
    for record in rows:
        table.add_row(
            *_cells(record, objectives, has_intervals), *([_preset(record)] if has_presets else [])
        )
    if len(rows) < len(front):
        table.caption = f"and {len(front) - len(rows)} more"
    return table


def next_step(path: Path, front: Sequence[Record], objectives: Sequence[Objective]) -> str:
    """Return what to do with a run in one line: export a candidate, or find out what failed."""
    if not front:
        return f"No candidate is complete; {plain(path, 200)}/records.jsonl has the reasons."
    best = knee(front, objectives)
    return f"Next: {export_command(path, best.candidate_id)}"


def print_run(
    console: Console,
    directory: RunDirectory,
    config: RunConfig,
    front: Sequence[Record],
    objectives: Sequence[Objective],
) -> None:
    """Print a run's front, what its numbers are, where its files lie and the next step."""
    if front:
        console.print(front_table(front, objectives))
    for sentence in statements(config, front):
        console.print(Text(plain(sentence, 400)), highlight=False)
    files = ", ".join(each.name for each in (directory.front_csv, directory.front_png))
    where = f"{plain(directory.path, 200)}: {files}, {directory.report.name}"
    # Commands and paths stay on one line, so that they can be copied.
    for line in (where, next_step(directory.path, front, objectives)):
        console.print(Text(line), highlight=False, soft_wrap=True)


def _cells(record: Record, objectives: Sequence[Objective], has_intervals: bool) -> list[Text]:
    names = [objective.name for objective in objectives]
    values = [_value(record, name, has_intervals) for name in names]
    return [Text(plain(record.candidate_id, 40)), *values, _sources(record, names)]


def _value(record: Record, name: str, has_interval: bool) -> Text:
    cell = Text(shown(name, number(record, name)))
    spread = shown_interval(record, name) if has_interval else None
    if spread is not None:
        cell.append(f" {_bounds(spread)}", style="dim")
    return cell


def _bounds(spread: str) -> str:
    """Return an interval without spaces and without the unit, which the value has."""
    return spread.rsplit(" ", 1)[0].replace(" - ", "-")


def _sources(record: Record, names: Sequence[str]) -> Text:
    found = {source(record, name) for name in names} - {None}
    said = " + ".join(sorted(plain(each, 20) for each in found)) or "-"
    return Text(said, style="bold" if said == "device" else "italic")


def _preset(record: Record) -> Text:
    return Text("" if record.preset is None else plain(record.preset, 20))
