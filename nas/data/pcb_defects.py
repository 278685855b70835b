"""The six classic defects of etched boards, as copper added to or removed from a layout."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from nas.data.pcb_layout import CLEARANCE, CROP, HOLE_MARGIN, Layout, Pad, Point, Trace

# A defect keeps this far from the border, so that the crop shows all of it.
_MARGIN = 13.0
_TRIES = 60
# Between an island of copper and its neighbours.
_ISLAND_GAP = 1.2

Polygon = tuple[Point, ...]


@dataclass(frozen=True)
class Board:
    """A layout with the copper a defect adds and removes."""

    layout: Layout
    added: tuple[Polygon, ...] = ()
    removed: tuple[Polygon, ...] = ()


@dataclass(frozen=True)
class _Spot:
    """A place on a trace, with the direction along it and the one to its side."""

    point: Point
    along: Point
    side: Point
    width: float

    def offset(self, forward: float, sideways: float) -> Point:
        """Point at a distance forward and sideways from the spot."""
        return (
            self.point[0] + forward * self.along[0] + sideways * self.side[0],
            self.point[1] + forward * self.along[1] + sideways * self.side[1],
        )


def _is_inside(point: Point, margin: float = _MARGIN) -> bool:
    return all(margin <= coordinate <= CROP - margin for coordinate in point)


def _is_clear_of_pads(point: Point, layout: Layout) -> bool:
    return all(math.dist(point, pad.centre) > 1.2 * pad.radius + 3.0 for pad in layout.pads)


def _spot_on(trace: Trace, rng: np.random.Generator) -> _Spot:
    """A random place on a trace, inside the crop or not."""
    segments = list(trace.segments)
    start, end = segments[int(rng.integers(len(segments)))]
    share, length = rng.random(), math.dist(start, end)
    along = ((end[0] - start[0]) / length, (end[1] - start[1]) / length)
    side = (-along[1], along[0]) if rng.random() < 0.5 else (along[1], -along[0])
    point = (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))
    return _Spot(point, along, side, trace.width)


def _pick_spot(layout: Layout, rng: np.random.Generator) -> _Spot:
    """A place on one of the two centre traces, clear of pads and of the border."""
    for _ in range(_TRIES * 10):
        spot = _spot_on(layout.traces[int(rng.integers(2))], rng)
        if _is_inside(spot.point) and _is_clear_of_pads(spot.point, layout):
            return spot
    return _spot_on(layout.traces[0], rng)


def _blob(centre: Point, radius: float, rng: np.random.Generator) -> Polygon:
    """An irregular round outline."""
    radii = radius * rng.uniform(0.75, 1.25, size=9)
    return tuple(
        (
            centre[0] + float(r) * math.cos(2 * math.pi * k / 9),
            centre[1] + float(r) * math.sin(2 * math.pi * k / 9),
        )
        for k, r in enumerate(radii)
    )


def _bar(spot: _Spot, near: float, far: float, breadth: float, slant: float) -> Polygon:
    """A slanted bar across the side direction, from ``near`` to ``far``."""
    half = breadth / 2
    return (
        spot.offset(-half - slant, near),
        spot.offset(half - slant, near),
        spot.offset(half + slant, far),
        spot.offset(-half + slant, far),
    )


def _open(layout: Layout, rng: np.random.Generator) -> Board:
    """A trace is interrupted."""
    spot = _pick_spot(layout, rng)
    reach = spot.width / 2 + 0.8
    cut = _bar(spot, -reach, reach, rng.uniform(3.0, 6.0), rng.uniform(-1.2, 1.2))
    return Board(layout, removed=(cut,))


def _short(layout: Layout, rng: np.random.Generator) -> Board:
    """Copper joins the two centre traces."""
    between = replace(layout, traces=(_midway(*layout.traces[:2]),) * 2)
    spot, half = _pick_spot(between, rng), 0.56 * layout.pitch
    bridge = _bar(spot, -half, half, rng.uniform(2.4, 4.5), rng.uniform(-1.0, 1.0))
    return Board(layout, added=(bridge,))


def _midway(first: Trace, second: Trace) -> Trace:
    """The line halfway between two parallel traces."""
    pairs = zip(first.points, second.points, strict=True)
    return Trace(tuple(((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in pairs), first.width)


def _mouse_bite(layout: Layout, rng: np.random.Generator) -> Board:
    """A round piece is missing at the edge of a trace."""
    spot = _pick_spot(layout, rng)
    radius = spot.width * rng.uniform(0.50, 0.62)
    return Board(layout, removed=(_blob(spot.offset(0.0, spot.width / 2), radius, rng),))


def _spur(layout: Layout, rng: np.random.Generator) -> Board:
    """A thorn of copper grows from a trace without reaching its neighbour."""
    spot = _pick_spot(layout, rng)
    edge, gap = spot.width / 2, layout.pitch - spot.width
    tip = edge + min(rng.uniform(4.0, 6.5), max(2.5, gap - CLEARANCE))
    half = rng.uniform(1.6, 2.8)
    thorn = (
        spot.offset(-half, edge - 0.5),
        spot.offset(-0.7, tip),
        spot.offset(0.8, tip),
        spot.offset(half, edge - 0.5),
    )
    return Board(layout, added=(thorn,))


def _spurious_copper(layout: Layout, rng: np.random.Generator) -> Board:
    """An island of copper lies where none belongs."""
    drawn = rng.uniform(_MARGIN, CROP - _MARGIN, size=(_TRIES, 2))
    places = [(float(x), float(y)) for x, y in drawn]
    radius = rng.uniform(2.2, 3.8)
    roomy = (place for place in places if layout.distance(place) >= radius + _ISLAND_GAP)
    place = next(roomy, None) or max(places, key=layout.distance)
    radius = min(radius, layout.distance(place) - _ISLAND_GAP)
    return Board(layout, added=(_blob(place, radius, rng),))


def _missing_hole(layout: Layout, rng: np.random.Generator) -> Board:
    """A round pad was not drilled."""
    pads = list(layout.pads)
    drilled = [
        k for k, pad in enumerate(pads) if pad.is_drilled and _is_inside(pad.centre, HOLE_MARGIN)
    ]
    index = drilled[int(rng.integers(len(drilled)))]
    pads[index] = _undrilled(pads[index])
    return Board(replace(layout, pads=tuple(pads)))


def _undrilled(pad: Pad) -> Pad:
    # A negative radius still tells a round pad from a square surface pad, which has none.
    return replace(pad, hole_radius=-pad.hole_radius)


_MAKERS: dict[str, Callable[[Layout, np.random.Generator], Board]] = {
    "open": _open,
    "short": _short,
    "mouse bite": _mouse_bite,
    "spur": _spur,
    "spurious copper": _spurious_copper,
    "missing hole": _missing_hole,
}
DEFECT_KINDS = tuple(_MAKERS)


# A fault of the process seldom strikes once: fewest and most on a crop.
_COUNTS = {
    "open": (1, 2),
    "short": (1, 2),
    "mouse bite": (1, 3),
    "spur": (1, 3),
    "spurious copper": (1, 3),
    "missing hole": (1, 1),
}


def _joined(board: Board, other: Board) -> Board:
    return Board(other.layout, board.added + other.added, board.removed + other.removed)


def add_defect(kind: str, layout: Layout, rng: np.random.Generator) -> Board:
    """Put one defect on a layout.

    Args:
        kind: One of ``DEFECT_KINDS``.
        layout: A sound layout.
        rng: Source of the defect's place and shape.

    Returns:
        The board with the defect, which lies wholly inside the crop.
    """
    board = Board(layout)
    fewest, most = _COUNTS[kind]
    for _ in range(int(rng.integers(fewest, most + 1))):
        board = _joined(board, _MAKERS[kind](layout, rng))
    return board
