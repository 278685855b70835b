"""Views that keep up with a running search."""

import logging
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from nas.records.record import read_records
from nas.records.run import RunConfig, RunDirectory
from nas.study.events import CandidateFinished, CandidateMeasured, Event
from nas.view.files import write_views
from objectives import Objective

_LOGGER = logging.getLogger(__name__)

PAUSE_S = 20.0
"""Shortest time between two drawings, which cost about half a second of the training's cores."""


class ViewRefresher:
    """Rewrites table and picture as candidates finish, and the page when the search ends.

    Args:
        directory: The run.
        config: Its configuration.
        objectives: What the search pursues.
    """

    def __init__(
        self, directory: RunDirectory, config: RunConfig, objectives: Sequence[Objective]
    ) -> None:
        self._directory = directory
        self._config = config
        self._objectives = objectives
        self._drawn_at = -PAUSE_S

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Write every view, also after an interruption."""
        if self._directory.records.exists():
            self._write(with_page=True)

    def notify(self, event: Event) -> None:
        """Redraw after a candidate, unless that was done a moment ago."""
        due = time.monotonic() - self._drawn_at >= PAUSE_S
        if isinstance(event, CandidateFinished | CandidateMeasured) and due:
            self._write(with_page=False)
            self._drawn_at = time.monotonic()

    def _write(self, with_page: bool) -> None:
        """Write the views; what cannot be written can be rebuilt later, so the search goes on."""
        records = read_records(self._directory.records)
        try:
            write_views(
                self._directory, self._config, records, self._objectives, with_page=with_page
            )
        except OSError as error:
            _LOGGER.warning("the views cannot be written: %s", error)
