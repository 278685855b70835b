"""Predictions of an end: Student's distribution, and that chances mean what they say."""

import numpy as np
import pytest

from nas.sampling.gate_forecast import Forecast, after_seeing, from_others, student_cdf


@pytest.mark.parametrize(
    ("value", "freedom", "probability"),
    [
        (12.706, 1, 0.975), (4.303, 2, 0.975), (3.182, 3, 0.975), (2.228, 10, 0.975),
        (2.201, 11, 0.975), (1.6604, 99, 0.95), (0.0, 7, 0.5), (-2.015, 5, 0.05),
    ],
)  # fmt: skip
def test_student_cdf_agrees_with_the_printed_table(
    value: float, freedom: int, probability: float
) -> None:
    assert student_cdf(value, freedom) == pytest.approx(probability, abs=1e-4)


def test_others_alone_give_students_prediction_interval() -> None:
    expected = from_others(np.array([1.0, 2.0, 3.0]), least_scale=0.0)
    assert (expected.mean, expected.freedom) == (2.0, 2)
    assert expected.scale == pytest.approx((4 / 3) ** 0.5)
    assert expected.chance_below(2.0) == pytest.approx(0.5)


def test_others_that_agree_are_no_more_certain_than_one_example() -> None:
    assert from_others(np.array([1.0, 1.0]), least_scale=0.25).scale == 0.25


def test_with_the_others_as_prior_it_is_the_regression_of_the_end_on_the_beginning() -> None:
    rng = np.random.default_rng(0)
    finals = rng.normal(size=2000)
    then = 0.5 * finals + 0.3 * rng.normal(size=2000)
    slope, intercept = np.polyfit(then, finals, 1)
    expected = after_seeing(from_others(finals, 0.0), 0.8, finals, then, 0.0)
    assert expected.mean == pytest.approx(slope * 0.8 + intercept, abs=1e-3)
    assert expected.scale == pytest.approx(np.std(finals - slope * then - intercept), rel=0.01)


def test_a_beginning_that_tells_nothing_or_the_opposite_leaves_the_prior() -> None:
    finals, prior = np.array([1.0, 2.0, 3.0, 4.0]), Forecast(7.0, 0.5, 9)
    for then in (-finals, np.ones(4)):
        expected = after_seeing(prior, -5.0, finals, then, 0.1)
        assert expected.mean == 7.0
        assert expected.scale == pytest.approx(0.5)


def test_a_case_unlike_the_others_keeps_its_own_prior() -> None:
    """As good as expected and no better: an average beginning would not move it down."""
    finals = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    then = finals + np.array([0.1, -0.1, 0.0, -0.1, 0.1])
    expected = after_seeing(Forecast(-3.0, 0.5, 9), -3.0, finals, then, 0.0)
    assert expected.mean == pytest.approx(-3.0, abs=0.01)


def test_chances_are_calibrated() -> None:
    rng = np.random.default_rng(1)
    chances = []
    for _ in range(1000):
        finals = rng.normal(size=13)
        then = 0.7 * finals + 0.5 * rng.normal(size=13)
        known = from_others(finals[1:], 0.0)
        expected = after_seeing(known, then[0], finals[1:], then[1:], 0.0)
        chances.append(expected.chance_below(finals[0]))
    shares = np.histogram(chances, bins=5, range=(0, 1))[0] / len(chances)
    assert shares == pytest.approx([0.2] * 5, abs=0.04)
