"""The decision chart: who wins over the number of parameters, for each size of the input."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import log, sqrt
from typing import Any

from nas.platforms.contest import QUANTITIES, Contest, Platform, Quantity, Setup, contest_of
from nas.platforms.families import FAMILIES, Family, Kind, weights_of

FEWEST, MOST = 1e3, 3e7
STEPS = 55
"""Networks of a curve, evenly spaced in the logarithm of their parameters."""

_CLOSE_ENOUGH = 1.01
"""A crossover is known when the networks on both sides have parameters within this factor."""


@dataclass(frozen=True)
class Point:
    """One network of a curve: how many weights it has, and its contest."""

    parameters: int
    contest: Contest


@dataclass(frozen=True)
class Crossover:
    """Where the faster or the more frugal platform changes.

    Attributes:
        parameters: Where the estimates are equal.
        before: Who wins with fewer parameters.
        low: Most parameters below it with which ``before`` wins beyond both intervals; ``None``
            if it does nowhere on that side before another crossover.
        high: Fewest parameters above it with which the other one wins beyond both intervals.
    """

    parameters: float
    before: Platform
    low: int | None
    high: int | None

    @property
    def after(self) -> Platform:
        """Who wins with more parameters."""
        return "cpu" if self.before == "edgetpu" else "edgetpu"


@dataclass(frozen=True)
class Curve:
    """Networks of one kind and input size, in one set-up.

    Attributes:
        setup: Who competes.
        kind: Kind of the networks.
        size: Size of their input, as their family counts it.
        quantity: What they compete in.
        points: By parameters, ascending; no two have the same.
        crossovers: In order.
    """

    setup: Setup
    kind: Kind
    size: int
    quantity: Quantity
    points: tuple[Point, ...]
    crossovers: tuple[Crossover, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "setup": self.setup.name,
            "link": self.setup.link,
            "host": self.setup.host,
            "clock_mhz": self.setup.clock_mhz,
            "kind": self.kind,
            "size": self.size,
            "quantity": self.quantity,
            "points": [{"parameters": p.parameters, **p.contest.as_dict()} for p in self.points],
            "crossovers": [{**vars(each), "after": each.after} for each in self.crossovers],
        }


@dataclass(frozen=True)
class Chart:
    """Every curve, and how the networks are made."""

    curves: tuple[Curve, ...]

    @cached_property
    def setups(self) -> tuple[Setup, ...]:
        """The set-ups in order."""
        return tuple(dict.fromkeys(curve.setup for curve in self.curves))

    def of(self, setup: Setup, kind: Kind, quantity: Quantity) -> list[Curve]:
        """Return the curves of one panel, by size."""
        wanted = (setup, kind, quantity)
        return [each for each in self.curves if (each.setup, each.kind, each.quantity) == wanted]

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "families": {kind: family.description for kind, family in FAMILIES.items()},
            "curves": [curve.as_dict() for curve in self.curves],
        }


def make_chart(setups: Sequence[Setup]) -> Chart:
    """Cost the networks of every kind and size in every set-up.

    Args:
        setups: Who competes.
    """
    curves = [
        curve
        for setup in setups
        for family in FAMILIES.values()
        for size in family.sizes
        for curve in _curves(setup, family, size)
    ]
    return Chart(tuple(curves))


def _curves(setup: Setup, family: Family, size: int) -> list[Curve]:
    """Return a curve for each quantity; a network is costed once for all of them."""
    steps = [FEWEST * (MOST / FEWEST) ** (step / (STEPS - 1)) for step in range(STEPS)]
    competition = _Competition(setup, family, size)
    for parameters in steps:
        competition.at(parameters)
    return [competition.curve(quantity) for quantity in QUANTITIES]


class _Competition:
    """The networks of one size in one set-up, costed as they are asked for."""

    def __init__(self, setup: Setup, family: Family, size: int) -> None:
        self._setup, self._family, self._size = setup, family, size
        self._known: dict[int, dict[Quantity, Contest]] = {}

    def at(self, parameters: float) -> Point | None:
        """Return a network of about so many parameters, by its latency."""
        network = self._family.network(self._size, parameters)
        if network is None:
            return None
        weights = weights_of(network)
        if weights not in self._known:
            estimate = self._setup.estimator.estimate(network)
            found = {q: contest_of(estimate, self._setup.host, q) for q in QUANTITIES}
            self._known[weights] = {q: each for q, each in found.items() if each is not None}
        return self._point(weights, "latency_ms")

    def curve(self, quantity: Quantity) -> Curve:
        """Return all networks costed so far, and the crossovers among them."""
        crossovers = self._crossovers(quantity)
        points = self._points(quantity)
        return Curve(
            self._setup, self._family.kind, self._size, quantity, tuple(points),
            tuple(_bounded(crossovers, points)),
        )  # fmt: skip

    def _crossovers(self, quantity: Quantity) -> list[tuple[float, Platform]]:
        points = self._points(quantity)
        pairs = pairwise(points)
        return [
            self._cross(*pair, quantity) for pair in pairs if _leader(pair[0]) != _leader(pair[1])
        ]

    def _cross(self, one: Point, other: Point, quantity: Quantity) -> tuple[float, Platform]:
        """Halve the span of parameters in which the leader changes."""
        leader = _leader(one)
        while other.parameters > _CLOSE_ENOUGH * one.parameters:
            asked = sqrt(one.parameters * other.parameters)
            self.at(asked)
            between = [p for p in self._points(quantity)
                       if one.parameters < p.parameters < other.parameters]  # fmt: skip
            if not between:
                break
            middle = min(between, key=lambda point: abs(log(point.parameters / asked)))
            one, other = (middle, other) if _leader(middle) == leader else (one, middle)
        return sqrt(one.parameters * other.parameters), leader

    def _points(self, quantity: Quantity) -> list[Point]:
        found = (self._point(weights, quantity) for weights in sorted(self._known))
        return [point for point in found if point is not None]

    def _point(self, weights: int, quantity: Quantity) -> Point | None:
        found = self._known[weights].get(quantity)
        return None if found is None else Point(weights, found)


def _leader(point: Point) -> Platform:
    return "edgetpu" if point.contest.ratio > 1 else "cpu"


def _bounded(
    crossovers: Sequence[tuple[float, Platform]], points: Sequence[Point]
) -> list[Crossover]:
    """Add to each crossover how far its uncertainty reaches, at most to the next ones."""
    places = [0.0, *(place for place, _ in crossovers), float("inf")]
    bounded = []
    for number, (place, before) in enumerate(crossovers):
        below = [p for p in points if places[number] < p.parameters < place]
        above = [p for p in points if place < p.parameters < places[number + 2]]
        after: Platform = "cpu" if before == "edgetpu" else "edgetpu"
        bounded.append(
            Crossover(
                place,
                before,
                max((p.parameters for p in below if p.contest.winner == before), default=None),
                min((p.parameters for p in above if p.contest.winner == after), default=None),
            )
        )
    return bounded
