"""Copper of a drawn circuit-board crop: parallel traces at 45° steps, pads, vias.

Lengths are in units of 1/64 of the crop's side, so that a crop shows the same board at any side.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

CROP = 64.0
CLEARANCE = 2.5
# A drilled pad this far from the border shows its whole hole.
HOLE_MARGIN = 3.5
Point = tuple[float, float]
LaneKind = Literal["through", "pad", "surface", "via", "empty"]

# Every board, sound or not, has two neighbouring traces and a drilled pad near its centre: what a
# defect needs must not tell the classes apart.
_CENTRE_LANES: tuple[LaneKind, ...] = ("through", "through", "pad")
# Lanes by distance from the centre one, in pitches; beyond these no lane meets the crop.
_PLACES = (0, 1, -1, -2, 2, -3, 3, -4, 4)
# How far a lane runs from its bend: out of the crop on both sides.
_REACH = 1.6 * CROP
_OTHER_LANES: tuple[LaneKind, ...] = ("through", "pad", "surface", "via", "empty")


@dataclass(frozen=True)
class Trace:
    """A copper line through ``points``, ``width`` wide."""

    points: tuple[Point, ...]
    width: float

    @property
    def segments(self) -> Iterator[tuple[Point, Point]]:
        """Straight pieces, each as its two ends."""
        return zip(self.points, self.points[1:], strict=False)


@dataclass(frozen=True)
class Pad:
    """A round pad, drilled if ``hole_radius`` is positive, or a square surface pad."""

    centre: Point
    radius: float
    hole_radius: float

    @property
    def is_drilled(self) -> bool:
        """Whether a hole belongs in this pad."""
        return self.hole_radius > 0


@dataclass(frozen=True)
class Layout:
    """What lies on a crop: the two centre traces first, lanes ``pitch`` apart, and pads."""

    traces: tuple[Trace, ...]
    pads: tuple[Pad, ...]
    pitch: float

    def distance(self, point: Point) -> float:
        """Distance from a point to the nearest copper edge, negative inside."""
        to_traces = (
            _distance_to_segment(point, *ends) - trace.width / 2
            for trace in self.traces
            for ends in trace.segments
        )
        to_pads = (math.dist(point, pad.centre) - 1.2 * pad.radius for pad in self.pads)
        return min((*to_traces, *to_pads), default=CROP)


@dataclass(frozen=True)
class _Lane:
    """One lane: it runs in along one direction to its middle and out along another."""

    start: Point
    middle: Point
    end: Point
    width: float
    pad_radius: float

    def at(self, offset: float) -> Point:
        """Point ``offset`` behind the middle, on the way to the end."""
        share = offset / math.dist(self.middle, self.end)
        return (
            self.middle[0] + share * (self.end[0] - self.middle[0]),
            self.middle[1] + share * (self.end[1] - self.middle[1]),
        )


def _distance_to_segment(point: Point, start: Point, end: Point) -> float:
    dx, dy = end[0] - start[0], end[1] - start[1]
    along = ((point[0] - start[0]) * dx + (point[1] - start[1]) * dy) / (dx * dx + dy * dy)
    share = min(1.0, max(0.0, along))
    return math.dist(point, (start[0] + share * dx, start[1] + share * dy))


def _unit(eighth: int) -> Point:
    """Direction at ``eighth`` times 45°."""
    x, y = ((1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1))[eighth % 8]
    norm = math.sqrt(x * x + y * y)
    return x / norm, y / norm


def _moved(point: Point, direction: Point, length: float) -> Point:
    return point[0] + length * direction[0], point[1] + length * direction[1]


def _lane_shift(incoming: Point, outgoing: Point, pitch: float) -> Point:
    """Vector between lanes that keeps them ``pitch`` apart before and after the bend."""
    x, y = -(incoming[1] + outgoing[1]), incoming[0] + outgoing[0]
    scale = pitch / (x * -incoming[1] + y * incoming[0])
    return x * scale, y * scale


def _drilled(centre: Point, radius: float) -> Pad:
    return Pad(centre, radius, 0.46 * radius)


def _fill_lane(
    kind: LaneKind, lane: _Lane, rng: np.random.Generator
) -> tuple[list[Trace], list[Pad]]:
    """Traces and pads of one lane."""
    stop = lane.at(rng.uniform(0.0, 8.0))
    whole = Trace((lane.start, lane.middle, lane.end), lane.width)
    stub = Trace((lane.start, lane.middle, stop), lane.width)
    if kind == "through":
        return [whole], []
    if kind == "pad":
        return [stub], [_drilled(stop, lane.pad_radius)]
    if kind == "surface":
        return [stub], [Pad(stop, 0.85 * lane.pad_radius, 0.0)]
    if kind == "via":
        return [whole], [_drilled(stop, max(0.72 * lane.pad_radius, 0.75 * lane.width))]
    return [], []


def _lane_kinds(rng: np.random.Generator) -> list[LaneKind]:
    """Kind of the lane at each place."""
    drawn = rng.integers(len(_OTHER_LANES), size=len(_PLACES) - len(_CENTRE_LANES))
    return [*_CENTRE_LANES, *(_OTHER_LANES[int(kind)] for kind in drawn)]


def _lanes(rng: np.random.Generator, pitch: float) -> Iterator[_Lane]:
    """Parallel lanes that bend together, from the centre outwards, alternating sides."""
    heading, turn = 2 * int(rng.integers(4)), int(rng.integers(-1, 2))
    incoming, outgoing = _unit(heading), _unit(heading + turn)
    shift = _lane_shift(incoming, outgoing, pitch if rng.random() < 0.5 else -pitch)
    origin = (CROP / 2 + rng.uniform(-4, 4), CROP / 2 + rng.uniform(-4, 4))
    width, pad_radius = pitch * rng.uniform(0.28, 0.38), min(6.5, (pitch - CLEARANCE) / 2)
    for place in _PLACES:
        middle = _moved(origin, shift, place)
        start, end = _moved(middle, incoming, -_REACH), _moved(middle, outgoing, _REACH)
        yield _Lane(start, middle, end, width * rng.uniform(0.85, 1.15), pad_radius)


def draw_layout(rng: np.random.Generator) -> Layout:
    """Lay out the copper of one crop.

    Args:
        rng: Source of every choice.

    Returns:
        A layout free of defects: neighbouring copper keeps ``CLEARANCE``.
    """
    pitch = rng.uniform(15.0, 18.0)
    traces: list[Trace] = []
    pads: list[Pad] = []
    for kind, lane in zip(_lane_kinds(rng), _lanes(rng, pitch), strict=True):
        lane_traces, lane_pads = _fill_lane(kind, lane, rng)
        traces += lane_traces
        pads += lane_pads
    return Layout(tuple(traces), tuple(pads), pitch)
