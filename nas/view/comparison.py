"""Several runs beside each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from nas.records.pareto import pareto_front
from nas.records.record import Record
from nas.records.run import RunConfig, RunDirectory
from nas.view.quantity import number, short_name, shown
from nas.view.text import plain
from objectives import Objective


@dataclass(frozen=True)
class Run:
    """A run as it was read."""

    directory: RunDirectory
    config: RunConfig
    records: Sequence[Record]
    objectives: Sequence[Objective]

    @property
    def front(self) -> list[Record]:
        """The Pareto front."""
        return pareto_front(self.records, self.objectives)


def comparison_table(runs: Sequence[Run]) -> Table:
    """Return a row a run: its front's size and its best value in each objective.

    An objective that a run did not pursue is left empty there.
    """
    objectives = {each.name: each for run in runs for each in run.objectives}
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    for title in ("run", "candidates", "front"):
        table.add_column(title, justify="left" if title == "run" else "right")
    for name in objectives:
        table.add_column(f"best {short_name(name)}", justify="right")
    for run in runs:
        front = run.front
        counts = (str(len(run.records)), str(len(front)))
        best = [
            _best(front, each) if each in run.objectives else "" for each in objectives.values()
        ]
        table.add_row(Text(plain(run.directory.path, 60)), *counts, *best)
    return table


def differences(runs: Sequence[Run]) -> list[str]:
    """Return why the runs cannot be compared number by number, a sentence each."""
    sources = {record.latency_source for run in runs for record in run.front} - {None}
    found: dict[str, set[Any]] = {
        "data: their accuracies do not compare": {run.config.data_fingerprint for run in runs},
        "objectives": {run.config.objectives for run in runs},
        "epochs of training": {run.config.epochs for run in runs},
        "changes of training images": {run.config.augment for run in runs},
        "latency sources (estimate and device)": sources,
        "chip settings": {(run.config.link, run.config.clock_mhz, run.config.host) for run in runs},
    }
    return [f"The runs differ in {what}." for what, values in found.items() if len(values) > 1]


def _best(front: Sequence[Record], objective: Objective) -> str:
    values = [number(record, objective.name) for record in front]
    known = [value for value in values if value is not None]
    if not known:
        return ""
    return shown(objective.name, max(known) if objective.direction == "maximize" else min(known))
