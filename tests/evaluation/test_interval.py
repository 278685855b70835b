"""Wilson's interval against values worked out elsewhere."""

import pytest

from nas.evaluation.interval import accuracy_interval


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
