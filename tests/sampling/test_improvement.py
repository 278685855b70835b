"""Expected hypervolume improvement with known costs: by hand, and against drawing errors."""

import math

import numpy as np
import pytest

from nas.records.pareto import hypervolume
from nas.sampling.improvement import expected_improvement, staircase


def test_the_staircase_holds_the_least_error_at_all_costs() -> None:
    stairs = staircase(
        np.array([0.2, 0.4, 0.3]), np.array([[4.0], [1.0], [5.0]]), 0.6, np.array([6.0])
    )
    boxes = sorted(
        zip(stairs.low[:, 0], stairs.high[:, 0], stairs.errors[stairs.level], strict=True)
    )
    assert boxes == [(-math.inf, 1.0, 0.6), (1.0, 4.0, 0.4), (4.0, 6.0, 0.2)]


def test_a_certain_error_gains_the_area_it_adds() -> None:
    """At cost 2 and error 0.3 it adds (0.4 - 0.3) from 2 to 4; beyond, 0.2 is better already."""
    stairs = staircase(np.array([0.2, 0.4]), np.array([[4.0], [1.0]]), 0.6, np.array([6.0]))
    costs, mean = np.array([[2.0], [0.5], [7.0]]), np.log([0.3, 0.5, 0.1])
    gain = expected_improvement(stairs, costs, mean, np.zeros(3))
    assert gain == pytest.approx([0.2, 0.05, 0.0])


def test_one_level_is_the_textbook_formula() -> None:
    """E[(1 - e)+] of log e ~ N(0, 1) is 1/2 - exp(1/2) * Phi(-1) = 0.2384."""
    stairs = staircase(np.zeros(0), np.zeros((0, 1)), 1.0, np.array([3.0]))
    gain = expected_improvement(stairs, np.array([[1.0]]), np.zeros(1), np.ones(1))
    assert gain == pytest.approx([2 * 0.2384217], rel=1e-6)


@pytest.mark.parametrize("costs", [0, 1, 2, 3])
def test_it_is_the_mean_gain_in_hypervolume_of_drawn_errors(costs: int) -> None:
    rng = np.random.default_rng(costs)
    known_errors, known_costs = rng.uniform(0.1, 1.0, 4), rng.uniform(0, 1, (4, costs))
    corner = np.full(costs, 1.1)
    known = np.column_stack([known_errors, known_costs])
    reference = np.array([0.9, *corner])
    before = hypervolume(known, reference)
    stairs = staircase(known_errors, known_costs, 0.9, corner)
    candidate, mean, deviation = rng.uniform(0, 0.6, costs), math.log(0.3), 0.7
    drawn = np.exp(mean + deviation * rng.standard_normal(500))
    gains = [hypervolume(np.vstack([known, [e, *candidate]]), reference) - before for e in drawn]
    exact = expected_improvement(stairs, candidate[None], np.array([mean]), np.array([deviation]))
    standard_error = float(np.std(gains)) / math.sqrt(len(gains))
    assert exact[0] == pytest.approx(np.mean(gains), abs=4 * standard_error)


@pytest.mark.parametrize("costs", [1, 2, 3])
def test_a_certain_gain_is_the_difference_of_hypervolumes(costs: int) -> None:
    rng = np.random.default_rng(10 + costs)
    known = rng.uniform(0, 1, (8, 1 + costs))
    reference = np.ones(1 + costs)
    stairs = staircase(known[:, 0], known[:, 1:], 1.0, reference[1:])
    for candidate in rng.uniform(0, 1, (10, 1 + costs)):
        gain = hypervolume(np.vstack([known, candidate]), reference) - hypervolume(known, reference)
        mean = np.log(candidate[:1])
        exact = expected_improvement(stairs, candidate[None, 1:], mean, np.zeros(1))
        assert exact[0] == pytest.approx(gain, abs=1e-9)


def test_boxes_do_not_overlap_and_fill_the_space() -> None:
    rng = np.random.default_rng(3)
    stairs = staircase(rng.uniform(0, 1, 20), rng.uniform(0, 1, (20, 2)), 1.0, np.ones(2))
    volume = (stairs.high - np.maximum(stairs.low, 0)).prod(axis=1).sum()
    assert volume == pytest.approx(1.0)


def test_gains_are_exact_far_from_the_level_too() -> None:
    """Ten deviations above, nothing is left to hope for; ten below, the gain is certain."""
    stairs = staircase(np.zeros(0), np.zeros((0, 1)), 1.0, np.array([2.0]))
    gain = expected_improvement(stairs, np.ones((2, 1)), np.array([1.0, -1.0]), np.full(2, 0.1))
    assert gain == pytest.approx([0.0, 1 - math.exp(-1 + 0.005)], abs=1e-12)
