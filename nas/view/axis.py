"""An axis of the front's charts: one objective, scaled to a unit that reads well."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nas.records.pareto import pareto_front
from nas.records.record import Record
from nas.view.quantity import interval, number, source
from objectives import Objective

_LOGARITHMIC_ABOVE = 30.0
_SCALES = (("GiB", 1024.0**3), ("MiB", 1024.0**2), ("KiB", 1024.0))
_COUNTS = (("billions", 1e9), ("millions", 1e6), ("thousands", 1e3))
# With a single objective the second axis shows how the search went.
_TRIAL = Objective("trial", "Trial", "minimize", pessimistic=1e9)


@dataclass(frozen=True)
class Axis:
    """One objective on a chart.

    Attributes:
        objective: What is shown.
        quantity: Words with the unit shown.
        origin: Where the values come from, empty when that is no question.
        factor: What a stored value is multiplied by to be shown.
        is_logarithmic: Whether the values span too much for an even scale.
    """

    objective: Objective
    quantity: str
    origin: str
    factor: float
    is_logarithmic: bool

    @property
    def title(self) -> str:
        """Words for the axis, such as ``Latency (ms), estimated``."""
        return f"{self.quantity}, {self.origin}" if self.origin else self.quantity

    def value(self, record: Record) -> float | None:
        """Return a record's value in the unit shown."""
        value = number(record, self.objective.name)
        return None if value is None else self.factor * value

    def interval(self, record: Record) -> tuple[float, float] | None:
        """Return a record's interval in the unit shown."""
        found = interval(record, self.objective.name)
        return None if found is None else (self.factor * found[0], self.factor * found[1])


def front_axes(records: Sequence[Record], objectives: Sequence[Objective]) -> tuple[Axis, ...]:
    """Return the axes of the first three objectives: upwards, to the right, and colour.

    Args:
        records: Candidates the axes must hold.
        objectives: What the search pursues, at least one; there are two or three axes.
    """
    chosen = (*objectives, _TRIAL) if len(objectives) == 1 else tuple(objectives[:3])
    return tuple(axis_of(objective, records) for objective in chosen)


def placed(records: Sequence[Record], axes: Sequence[Axis]) -> list[Record]:
    """Return the complete candidates that know a value for every axis."""
    return [
        record
        for record in records
        if record.status == "complete" and all(axis.value(record) is not None for axis in axes)
    ]


def staircase(front: Sequence[Record], up: Axis, right: Axis) -> list[tuple[float, float]]:
    """Return the corners ``(right, up)`` of the best value upwards for each value to the right.

    Points of the front that are there for a further objective lie off this line.
    """
    best = pareto_front(front, (right.objective, up.objective))
    corners: list[tuple[float, float]] = []
    for record in best:
        x, y = right.value(record), up.value(record)
        if x is None or y is None:
            continue
        if corners:
            corners.append((x, corners[-1][1]))
        corners.append((x, y))
    return corners


def origin(record: Record, axes: Sequence[Axis]) -> str | None:
    """Return ``measured`` when every value that can be was, ``estimated`` when not.

    ``None`` where no axis shows anything that could be measured.
    """
    found = {source(record, axis.objective.name) for axis in axes} - {None}
    if not found:
        return None
    return "measured" if found == {"device"} else "estimated"


def line_name(axes: Sequence[Axis], objectives: Sequence[Objective]) -> str:
    """Return what the staircase is called in a legend."""
    if len(objectives) <= 2:
        return "Pareto front"
    up, right = (axis.objective.name for axis in axes[:2])
    return f"{up} / {right} front"


def axis_of(objective: Objective, records: Sequence[Record]) -> Axis:
    """Return the axis of one objective, scaled to the complete candidates."""
    values = [number(record, objective.name) for record in records if record.status == "complete"]
    known = [value for value in values if value is not None]
    unit, factor = _scale(objective.name, max(known, default=0.0))
    return Axis(
        objective,
        _quantity(objective.title, unit),
        _origin(objective.name, records),
        factor,
        is_logarithmic=_spans_widely(known),
    )


def _quantity(title: str, unit: str | None) -> str:
    if unit is None:
        return title
    bare = re.sub(r" \(bytes\)$", "", title)
    return f"{bare} ({unit})"


def _scale(name: str, largest: float) -> tuple[str | None, float]:
    if name.endswith("accuracy"):
        return "%", 100.0
    if name.endswith(("_ms", "_mj")):
        return None, 1.0
    steps = _SCALES if name.endswith("_bytes") else _COUNTS
    unit, size = next((step for step in steps if largest >= step[1]), (None, 1.0))
    return (unit or ("bytes" if steps is _SCALES else None)), 1 / size


def _origin(name: str, records: Sequence[Record]) -> str:
    found = {source(record, name) for record in records if record.status == "complete"} - {None}
    words = {"estimate": "estimated", "device": "measured on the device"}
    return " or ".join(words[each] for each in words if each in found)


def _spans_widely(values: Sequence[float]) -> bool:
    return bool(values) and min(values) > 0 and max(values) / min(values) > _LOGARITHMIC_ABOVE
