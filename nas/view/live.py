"""The view of a running search in a terminal, drawn anew several times a second."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from nas.view.lines import duration
from nas.view.progress import Progress, Running
from nas.view.quantity import shown
from nas.view.summary import front_table
from nas.view.text import plain
from objectives import Objective

_FRONT_ROWS = 6


def live_view(progress: Progress, objectives: Sequence[Objective], now_s: float) -> RenderableType:
    """Return what the terminal shows while the clock stands at ``now_s``."""
    parts: list[RenderableType] = [_bar(progress, now_s)]
    if progress.running:
        parts.append(_running_table(list(progress.running.values())))
    if progress.front:
        parts.append(Text(f"Pareto front: {len(progress.front)}", style="bold"))
        parts.append(
            front_table(progress.front, objectives, limit=_FRONT_ROWS, has_intervals=False)
        )
    return Group(*parts)


def _bar(progress: Progress, now_s: float) -> Table:
    line = Table.grid(padding=(0, 1))
    done = min(progress.finished, progress.trials)
    line.add_row(
        Text(f"candidate {done} of {progress.trials}"),
        ProgressBar(total=progress.trials, completed=done, width=24),
        Text(", ".join(_times(progress, now_s)), style="dim"),
    )
    return line


def _times(progress: Progress, now_s: float) -> Iterator[str]:
    yield f"{duration(now_s - progress.started_s)} so far"
    left_s = progress.seconds_left(now_s)
    if left_s is not None:
        yield f"about {duration(left_s)} left"


def _running_table(running: Sequence[Running]) -> Table:
    table = Table.grid(padding=(0, 1))
    for each in running:
        table.add_row(*_running_row(each))
    return table


def _running_row(each: Running) -> tuple[RenderableType, ...]:
    return (
        Text(plain(each.candidate_id, 20)),
        Text(plain(each.preset or "", 16), style="italic"),
        Text(plain(each.stage, 12)),
        ProgressBar(total=max(each.epochs, 1), completed=each.epoch, width=12),
        Text(f"epoch {each.epoch} of {each.epochs}" if each.epochs else ""),
        Text("" if each.accuracy is None else shown("accuracy", each.accuracy)),
    )
