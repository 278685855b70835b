"""The front, its hypervolume and its knee, against answers worked out by hand."""

import numpy as np
import pytest

from nas.records.pareto import hypervolume, is_non_dominated, knee, losses, pareto_front
from objectives import OBJECTIVES
from tests.records.records import record

ACCURACY, LATENCY = OBJECTIVES["accuracy"], OBJECTIVES["latency_ms"]
MEMORY, OFF_CHIP = OBJECTIVES["memory_bytes"], OBJECTIVES["off_chip_bytes"]


def test_the_front_is_what_nothing_dominates_best_accuracy_first() -> None:
    records = [
        record("slow-and-good", accuracy=0.9, latency_ms=5.0),
        record("dominated", accuracy=0.8, latency_ms=6.0),
        record("fast", accuracy=0.6, latency_ms=1.0),
        record("between", accuracy=0.7, latency_ms=3.0),
    ]
    front = pareto_front(records, [ACCURACY, LATENCY])
    assert [each.candidate_id for each in front] == ["slow-and-good", "between", "fast"]


def test_equal_networks_do_not_dominate_each_other() -> None:
    front = pareto_front([record("a"), record("b")], [ACCURACY, LATENCY])
    assert {each.candidate_id for each in front} == {"a", "b"}


def test_only_complete_records_that_know_every_objective_can_be_on_the_front() -> None:
    records = [
        record("good", accuracy=0.5),
        record("infeasible", accuracy=0.9, status="infeasible"),
        record("unknown", accuracy=0.99, latency_ms=None),
    ]
    assert [each.candidate_id for each in pareto_front(records, [ACCURACY, LATENCY])] == ["good"]
    assert pareto_front([], [ACCURACY]) == []


def test_dominance_against_every_pair_compared_by_itself() -> None:
    points = np.random.default_rng(0).integers(0, 6, (60, 3)).astype(float)
    expected = [
        not any((other <= point).all() and (other < point).any() for other in points)
        for point in points
    ]
    assert is_non_dominated(points).tolist() == expected


def test_hypervolume_of_a_staircase_worked_out_by_hand() -> None:
    points = np.array([[1.0, 3.0], [2.0, 2.0], [3.0, 1.0], [3.0, 3.0]])
    assert hypervolume(points, np.array([4.0, 4.0])) == pytest.approx(3 + 2 + 1)


def test_hypervolume_of_boxes_in_three_dimensions() -> None:
    reference = np.array([1.0, 1.0, 1.0])
    assert hypervolume(np.array([[0.0, 0.0, 0.0]]), reference) == pytest.approx(1.0)
    two = np.array([[0.0, 0.5, 0.5], [0.5, 0.0, 0.5]])
    assert hypervolume(two, reference) == pytest.approx(0.25 + 0.25 - 0.125)
    assert hypervolume(np.array([[2.0, 0.0, 0.0]]), reference) == 0.0


def test_hypervolume_agrees_with_counting_random_points() -> None:
    rng = np.random.default_rng(1)
    points, probes = rng.random((20, 3)), rng.random((40_000, 3))
    inside = (points[None] <= probes[:, None]).all(axis=2).any(axis=1).mean()
    assert hypervolume(points, np.ones(3)) == pytest.approx(inside, abs=0.01)


def test_the_knee_is_nearest_to_the_ideal_point() -> None:
    front = [
        record("best", accuracy=0.9, latency_ms=9.0),
        record("knee", accuracy=0.85, latency_ms=2.0),
        record("fast", accuracy=0.5, latency_ms=1.0),
    ]
    assert knee(front, [ACCURACY, LATENCY]).candidate_id == "knee"
    assert knee(front[:1], [ACCURACY, LATENCY]).candidate_id == "best"


def test_a_narrow_range_costs_the_knee_little() -> None:
    """Scaled to the ranges, the third would be nearest: its latency and memory are the least."""
    front = [
        record("good", accuracy=0.944, latency_ms=0.512, memory_bytes=67_900),
        record("lean", accuracy=0.903, latency_ms=0.502, memory_bytes=62_800),
        record("bad", accuracy=0.686, latency_ms=0.500, memory_bytes=30_900),
        record("worst", accuracy=0.622, latency_ms=0.622, memory_bytes=29_400),
    ]
    assert knee(front, [ACCURACY, LATENCY, MEMORY]).candidate_id == "good"


def test_a_wide_range_does_not_decide_alone() -> None:
    """In ratios that are not scaled, the last would be nearest: a sixtieth of the memory."""
    front = [
        record("good", accuracy=0.95, memory_bytes=500_000),
        record("middle", accuracy=0.90, memory_bytes=50_000),
        record("tiny", accuracy=0.75, memory_bytes=8_000),
    ]
    assert knee(front, [ACCURACY, MEMORY]).candidate_id == "middle"


def test_the_knee_counts_the_error_that_the_interval_allows() -> None:
    """0.1 % and 0.6 % of error may be 1.1 % and 1.6 %: 1.5 times, for half the latency."""
    perfect = record("perfect", accuracy=0.999, accuracy_low=0.989, latency_ms=2.0)
    fast = record("fast", accuracy=0.994, accuracy_low=0.984, latency_ms=1.0)
    assert knee([perfect, fast], [ACCURACY, LATENCY]) is fast


def test_the_knee_copes_with_nothing_at_all() -> None:
    front = [
        record("none", accuracy=0.8, off_chip_bytes=0),
        record("much", accuracy=0.9, off_chip_bytes=10**9),
    ]
    assert knee(front, [ACCURACY, OFF_CHIP]) is front[0]
    assert knee(front[:1], [OFF_CHIP]) is front[0]


def test_losses_turn_accuracy_round_and_unknown_into_infinity() -> None:
    assert losses([record(latency_ms=None)], [ACCURACY, LATENCY]).tolist() == [[-0.5, np.inf]]
