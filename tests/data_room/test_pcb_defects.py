import math

import numpy as np
import pytest

from nas.data.pcb_defects import DEFECT_KINDS, Board, add_defect
from nas.data.pcb_layout import CROP, draw_layout


def boards(kind: str) -> list[Board]:
    made = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        made.append(add_defect(kind, draw_layout(rng), rng))
    return made


def test_the_six_classic_defects_are_drawn() -> None:
    assert DEFECT_KINDS == (
        "open",
        "short",
        "mouse bite",
        "spur",
        "spurious copper",
        "missing hole",
    )


@pytest.mark.parametrize("kind", DEFECT_KINDS)
def test_a_defect_lies_inside_the_crop(kind: str) -> None:
    for board in boards(kind):
        points = [point for polygon in board.added + board.removed for point in polygon]
        assert all(0 < value < CROP for point in points for value in point)


@pytest.mark.parametrize(
    ("kind", "adds", "removes"),
    [
        ("open", False, True),
        ("short", True, False),
        ("mouse bite", False, True),
        ("spur", True, False),
        ("spurious copper", True, False),
        ("missing hole", False, False),
    ],
)
def test_a_defect_adds_or_removes_copper(kind: str, adds: bool, removes: bool) -> None:
    for board in boards(kind):
        assert (bool(board.added), bool(board.removed)) == (adds, removes)


def test_an_open_cuts_through_its_trace() -> None:
    for board in boards("open"):
        for cut in board.removed:
            left, right = (cut[0], cut[3])
            width = max(trace.width for trace in board.layout.traces[:2])
            assert math.dist(left, right) > min(width, board.layout.traces[0].width)


def test_a_short_reaches_copper_at_both_ends() -> None:
    for board in boards("short"):
        for a, b, c, d in board.added:
            for first, second in ((a, b), (c, d)):
                end = ((first[0] + second[0]) / 2, (first[1] + second[1]) / 2)
                assert board.layout.distance(end) < 0


def test_spurious_copper_touches_no_other_copper() -> None:
    touching = [
        board
        for board in boards("spurious copper")
        for island in board.added
        if min(board.layout.distance(point) for point in island) <= 0
    ]
    assert not touching


def test_a_spur_starts_on_its_trace_and_does_not_reach_the_next() -> None:
    for board in boards("spur"):
        for root, tip, other_tip, other_root in board.added:
            assert min(board.layout.distance(root), board.layout.distance(other_root)) < 0.01
            assert max(board.layout.distance(tip), board.layout.distance(other_tip)) > 0


def test_a_missing_hole_leaves_the_pad() -> None:
    for board in boards("missing hole"):
        undrilled = [pad for pad in board.layout.pads if pad.hole_radius < 0]
        assert len(undrilled) == 1
        assert not undrilled[0].is_drilled
