"""Courses of replayed searches, and a file that keeps them for a benchmark that was cut short."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nas.errors import UserError
from nas.records.json_lines import append_line, read_lines

ENOUGH = 0.99
"""A search ends at this share of the hypervolume: all figures asked for are known."""


@dataclass(frozen=True)
class Course:
    """One search.

    Attributes:
        ratios: Share of the true front's hypervolume after each distinct training.
        repeats: Asks for a network that was trained before; answered from its record.
        barred: Asks for cells that the table does not list.
        slowest_s: Longest time of one ask, in seconds.
    """

    ratios: tuple[float, ...]
    repeats: int
    barred: int
    slowest_s: float

    def to(self, percent: int) -> int | None:
        """Return the trainings until this share of the hypervolume, ``None`` if never."""
        reached = (n for n, ratio in enumerate(self.ratios, start=1) if ratio >= percent / 100)
        return next(reached, None)

    def at(self, trainings: int) -> float | None:
        """Return the share after so many trainings, at least: a search that has enough ends."""
        if trainings <= len(self.ratios):
            return self.ratios[trainings - 1]
        return self.ratios[-1] if self.ratios and self.ratios[-1] >= ENOUGH else None


@dataclass
class KeptCourses:
    """Finished searches by what decides them; in memory alone without a file.

    Attributes:
        path: A file of one JSON object a line; ``None`` keeps nothing.
    """

    path: Path | None
    _courses: dict[str, Course] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.path is None:
            return
        for place, line in read_lines(self.path):
            try:
                course = Course(**{**line["course"], "ratios": tuple(line["course"]["ratios"])})
                self._courses[_key(line["search"])] = course
            except (KeyError, TypeError) as error:
                raise UserError(f"{place}: no course of a search ({error})") from None

    def find(self, search: Mapping[str, Any]) -> Course | None:
        """Return the course of a search, if it was run before."""
        return self._courses.get(_key(search))

    def add(self, search: Mapping[str, Any], course: Course) -> None:
        """Keep the course of a search, on disk before this returns."""
        self._courses[_key(search)] = course
        if self.path is not None:
            append_line(self.path, {"search": dict(search), "course": asdict(course)})


def _key(search: Mapping[str, Any]) -> str:
    return json.dumps(search, sort_keys=True)
