import math

import numpy as np

from nas.data.pcb_layout import CLEARANCE, CROP, HOLE_MARGIN, Layout, draw_layout


def layouts() -> list[Layout]:
    return [draw_layout(np.random.default_rng(seed)) for seed in range(300)]


def test_every_board_has_what_each_defect_needs() -> None:
    for layout in layouts():
        assert all(len(trace.points) == 3 for trace in layout.traces[:2])
        centre = layout.pads[0].centre
        assert layout.pads[0].is_drilled
        assert all(HOLE_MARGIN <= value <= CROP - HOLE_MARGIN for value in centre)


def test_traces_keep_their_clearance() -> None:
    for layout in layouts():
        for first, second in zip(layout.traces, layout.traces[1:], strict=False):
            across = min(math.dist(a, b) for a, b in zip(first.points, second.points, strict=True))
            assert across - (first.width + second.width) / 2 >= CLEARANCE


def test_traces_run_at_multiples_of_45_degrees() -> None:
    for layout in layouts()[:50]:
        for trace in layout.traces:
            for start, end in trace.segments:
                angle = math.degrees(math.atan2(end[1] - start[1], end[0] - start[0]))
                assert math.isclose(angle / 45, round(angle / 45), abs_tol=1e-6) or (
                    math.dist(start, end) < 1e-9
                )


def test_distance_is_negative_on_copper_and_positive_beside_it() -> None:
    for layout in layouts()[:50]:
        (start, middle, _), width = layout.traces[0].points, layout.traces[0].width
        between = ((start[0] + middle[0]) / 2, (start[1] + middle[1]) / 2)
        assert layout.distance(between) <= -width / 2 + 1e-9
