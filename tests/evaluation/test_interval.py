"""Intervals of accuracies against values worked out elsewhere, and against simulated data."""

import numpy as np
import pytest

from nas.evaluation.interval import accuracy_interval, prediction_interval


def test_the_interval_of_the_study_s_winner_is_as_wide_as_its_lead_is_small() -> None:
    """76.21 % of 950 images; statsmodels' proportion_confint(724, 950, method="wilson")."""
    assert accuracy_interval(724 / 950, 950) == pytest.approx((0.73399, 0.78811), abs=2e-4)


def test_no_error_in_10_examples_does_not_mean_certainty() -> None:
    low, high = accuracy_interval(1.0, 10)
    assert low == pytest.approx(0.72247, abs=1e-4)
    assert high == pytest.approx(1.0)


def test_more_examples_narrow_the_interval() -> None:
    few, many = accuracy_interval(0.7, 100), accuracy_interval(0.7, 10_000)
    assert few[0] < many[0] < 0.7 < many[1] < few[1]


def test_on_endlessly_many_new_examples_it_is_wilson_s() -> None:
    endless = prediction_interval(0.7, 80, 10**9)
    assert endless == pytest.approx(accuracy_interval(0.7, 80), abs=1e-6)


def test_the_bounds_of_a_prediction_are_where_two_proportions_differ_at_5_percent() -> None:
    """The pooled z test of two proportions is at 1.96."""
    low, high = prediction_interval(0.72, 800, 400)
    for bound in (low, high):
        pooled = (0.72 * 800 + bound * 400) / 1200
        z = (bound - 0.72) / np.sqrt(pooled * (1 - pooled) * (1 / 800 + 1 / 400))
        assert abs(z) == pytest.approx(1.959964, abs=1e-6)


@pytest.mark.parametrize(("true", "examples", "new"), [(0.72, 800, 800), (0.95, 360, 90)])
def test_a_prediction_holds_what_other_examples_give(true: float, examples: int, new: int) -> None:
    rng = np.random.default_rng(0)
    seen, then = (rng.binomial(count, true, 4000) / count for count in (examples, new))
    bounds = [prediction_interval(float(share), examples, new) for share in seen]
    held = np.mean([low <= x <= high for (low, high), x in zip(bounds, then, strict=True)])
    assert 0.935 < held < 0.975
    narrow = [accuracy_interval(float(share), examples) for share in seen]
    held = np.mean([low <= x <= high for (low, high), x in zip(narrow, then, strict=True)])
    assert held < 0.85


def test_no_error_predicts_few() -> None:
    low, high = prediction_interval(1.0, 50, 50)
    assert 0.9 < low < 0.95
    assert high == 1.0
