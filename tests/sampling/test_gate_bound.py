"""The accuracy that a candidate needs: what dominates it, and what it would add."""

from typing import Any

import numpy as np
import pytest

from nas.records.pareto import hypervolume, is_non_dominated, losses
from nas.records.record import Record
from nas.sampling.gate_bound import needed_accuracy
from objectives import OBJECTIVES
from tests.records.records import record

NAMES = ("accuracy", "latency_ms", "memory_bytes")
THREE = [OBJECTIVES[name] for name in NAMES]
TWO = THREE[:2]
STAIRS = [
    record("fast", accuracy=0.7, latency_ms=1.0),
    record("slow", accuracy=0.9, latency_ms=3.0),
]


@pytest.mark.parametrize(
    ("latency_ms", "needed"), [(1.0, 0.7), (2.0, 0.7), (3.0, 0.9), (50.0, 0.9)]
)
def test_without_a_share_it_is_the_best_accuracy_at_no_greater_costs(
    latency_ms: float, needed: float
) -> None:
    assert needed_accuracy({"latency_ms": latency_ms}, STAIRS, TWO, 0.0) == pytest.approx(needed)


def test_cheaper_than_all_needs_next_to_nothing() -> None:
    needed = needed_accuracy({"latency_ms": 0.5}, STAIRS, TWO, 0.0)
    assert needed == pytest.approx(0.0)


def test_a_single_objective_asks_for_the_best_accuracy() -> None:
    assert needed_accuracy({}, STAIRS[1:], TWO[:1], 0.0) == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("costs", "front", "objectives"),
    [
        ({"latency_ms": 1.0}, [], TWO),
        ({}, STAIRS, TWO),
        ({"latency_ms": 1.0}, STAIRS, TWO[1:]),
        ({"latency_ms": 1.0}, [record("a", latency_ms=None)], TWO),
    ],
)
def test_what_is_not_known_bounds_nothing(
    costs: dict[str, Any], front: list[Record], objectives: list[Any]
) -> None:
    assert needed_accuracy(costs, front, objectives, 0.0) is None


@pytest.mark.parametrize("share", [0.0, 0.001, 0.05])
def test_with_that_accuracy_it_adds_just_that_share(share: float) -> None:
    rng = np.random.default_rng(0)
    for _ in range(30):
        drawn = [random_record(rng) for _ in range(rng.integers(2, 12))]
        new = random_record(rng)
        needed = needed_accuracy(vars(new), drawn, THREE, share)
        points = losses([*drawn, new], THREE)
        points[:, 0] += 1
        front = points[:-1][is_non_dominated(points[:-1])]
        of_all = np.array([1.0, *reference(points[:, 1:])])
        points[-1, 0] = 1 - (needed or 0.0)
        gain = hypervolume(points, of_all) - hypervolume(front, of_all)
        whole = hypervolume(front, reference(front))
        assert gain == pytest.approx(share * whole, abs=1e-9 * whole)


def random_record(rng: np.random.Generator) -> Record:
    accuracy, latency_ms, memory = rng.uniform(0.5, 0.9), rng.uniform(1, 2), rng.uniform(10, 20)
    return record("a", accuracy=accuracy, latency_ms=latency_ms, memory_bytes=memory)


def reference(points: Any) -> Any:
    best, worst = points.min(axis=0), points.max(axis=0)
    return best + 1.1 * np.where(worst > best, worst - best, 0.1 * best + 1e-9)
