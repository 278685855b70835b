"""A search in the terminal: a live view for people, plain lines for logs and pipes."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from nas.study.events import Event
from nas.view.lines import event_line
from nas.view.live import live_view
from nas.view.progress import Progress
from nas.view.summary import front_table, next_step
from nas.view.text import plain
from objectives import Objective

__all__ = ["TerminalView", "data_progress", "front_table", "next_step"]

_LOGGER = logging.getLogger(__name__)
_REFRESHES_PER_SECOND = 4


class TerminalView:
    """Watches a search and shows it; an observer and a context manager.

    Each finished candidate is a line. In a terminal, a live view stands below the lines.

    Args:
        trials: Candidates to record.
        objectives: What the search pursues.
        console: Where to write; default standard error.
        clock: Returns seconds, from any start.
    """

    def __init__(
        self,
        trials: int,
        objectives: Sequence[Objective],
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._objectives = objectives
        self._console = console or Console(stderr=True)
        self._clock = clock
        # Replaced whole by every event, so that the drawing thread never sees half a change.
        self._progress = Progress(trials, clock())
        self._live = self._new_live() if self._console.is_interactive else None

    def __enter__(self) -> Self:
        if self._live is not None:
            self._guarded(self._live.start)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Take the live view away; the lines stay."""
        if self._live is not None:
            self._guarded(self._live.stop)

    def notify(self, event: Event) -> None:
        """Show an event; a view that fails is logged and never stops the search."""
        self._guarded(lambda: self._show(event))

    def _show(self, event: Event) -> None:
        self._progress = self._progress.after(event, self._clock())
        line = event_line(event, self._progress.trials, self._objectives)
        if line is not None:
            self._console.print(Text(line), highlight=False, soft_wrap=True)

    def _guarded(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception:
            _LOGGER.warning("the view of the search failed; the search goes on", exc_info=True)

    def _new_live(self) -> Live:
        return Live(
            get_renderable=self._render,
            console=self._console,
            refresh_per_second=_REFRESHES_PER_SECOND,
            transient=True,
            # Standard output is for results; what is printed there must not end up here.
            redirect_stdout=False,
        )

    def _render(self) -> RenderableType:
        return live_view(self._progress, self._objectives, self._clock())


@contextmanager
def data_progress(
    data: str, console: Console | None = None
) -> Iterator[Callable[[int, int], None]]:
    """Show how far the preparation of a data set is.

    Args:
        data: What the user named as data.
        console: Where to write; default standard error.

    Yields:
        What to call with the examples that are ready and their total.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = console or Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    hidden = not console.is_interactive
    with Progress(*columns, console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task(f"Preparing {plain(data, 40)}", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
