"""The gate: whom it stops, whom it never does, and what it says."""

from dataclasses import replace
from typing import Any

import pytest

from nas.records.record import Record
from nas.sampling.gate import LEAST_CHANCE, TRAINED_FIRST, Gate, Verdict, stop_reason
from nas.sampling.gate_forecast import Forecast
from objectives import OBJECTIVES
from tests.records.records import record

EPOCHS = 4
GATE = Gate([OBJECTIVES["accuracy"], OBJECTIVES["latency_ms"]], EPOCHS, examples=1000)
SLOW = {"latency_ms": 9.0}
BEST = record("best", accuracy=0.95, learning_curve=(0.8, 0.85, 0.9, 0.95), latency_ms=1.0)


ALIKE = replace(GATE, draws_alike=True)


def trained(count: int = TRAINED_FIRST) -> list[Record]:
    """Networks that gain about 5 points an epoch and end between 0.70 and 0.79, all at 1 ms."""
    records = []
    for number in range(count):
        end = 0.70 + 0.01 * (number % 10)
        curve = tuple(end - 0.05 * left + 0.002 * (number % 3) for left in (3, 2, 1, 0))
        records.append(record(str(number), accuracy=end, learning_curve=curve, latency_ms=1.0))
    return records


def test_a_poor_curve_at_high_costs_is_stopped_with_what_it_needed_and_its_chance() -> None:
    verdict = GATE.stop(SLOW, (0.55, 0.60), trained())
    assert verdict is not None
    assert verdict.needed_accuracy == pytest.approx(0.79, abs=0.01)
    assert verdict.expected_accuracy == pytest.approx(0.70, abs=0.01)
    assert 0 <= verdict.chance < LEAST_CHANCE


def test_a_good_curve_goes_on_at_the_same_costs() -> None:
    assert GATE.stop(SLOW, (0.65, 0.70), trained()) is None


def test_who_has_what_it_needs_goes_on_where_curves_tell_nothing() -> None:
    """All others end alike, so that nothing can be predicted from how they began."""
    alike = [replace(each, accuracy=0.6, learning_curve=(0.6,) * EPOCHS) for each in trained(12)]
    for gate in (GATE, ALIKE):
        assert gate.stop(SLOW, (0.6, 0.95), alike) is None
        assert gate.stop(SLOW, (0.6, 0.6), alike) is not None


def test_a_forecast_surer_than_can_be_measured_is_not_believed() -> None:
    for prior in (Forecast(0.0, 0.0, 1), Forecast(-1.2, 1e-17, 1)):
        verdict = GATE.stop(SLOW, (0.55, 0.60), trained(), prior)
        assert verdict is not None
        assert verdict.chance > 1e-6


def test_a_poor_curve_goes_on_where_nothing_is_as_cheap() -> None:
    assert GATE.stop({"latency_ms": 0.2}, (0.55, 0.60), trained()) is None


def test_the_first_candidates_are_never_stopped() -> None:
    assert GATE.stop(SLOW, (0.1, 0.1), trained(TRAINED_FIRST - 1)) is None


def test_only_whole_trainings_count_as_the_first() -> None:
    stopped = [
        record(f"s{n}", status="stopped", accuracy=None, learning_curve=(0.5,)) for n in range(20)
    ]
    assert GATE.stop(SLOW, (0.1, 0.1), [*trained(TRAINED_FIRST - 1), *stopped]) is None


def test_a_training_that_is_over_is_not_stopped() -> None:
    assert GATE.stop(SLOW, (0.1, 0.1, 0.1, 0.1), trained()) is None


@pytest.mark.parametrize("costs", [{}, {"latency_ms": None}])
def test_unknown_costs_stop_nothing(costs: dict[str, Any]) -> None:
    assert GATE.stop(costs, (0.1, 0.1), trained()) is None


def test_before_training_one_of_many_drawn_alike_is_taken_for_the_others() -> None:
    verdict = ALIKE.stop(SLOW, (), [*trained(), BEST])
    assert verdict is not None
    assert verdict.needed_accuracy == pytest.approx(0.95, abs=0.01)
    assert 0.70 < verdict.expected_accuracy < 0.80
    assert ALIKE.stop({"latency_ms": 0.2}, (), [*trained(), BEST]) is None


def test_what_a_learning_sampler_proposes_is_never_stopped_before_training() -> None:
    assert GATE.stop(SLOW, (), [*trained(), BEST]) is None
    assert ALIKE.stop(SLOW, (), [*trained(), BEST], Forecast(0.0, 0.1, 10)) is None


def test_what_may_be_better_than_all_is_judged_by_its_curve_alone() -> None:
    """An end at 0.95 is nothing one of the others would reach; this curve points there."""
    assert GATE.stop(SLOW, (0.80, 0.85), [*trained(), BEST]) is None
    assert GATE.stop(SLOW, (0.60, 0.65), [*trained(), BEST]) is not None


def test_what_the_sampler_expects_much_of_is_trained_and_stays_while_its_curve_agrees() -> None:
    records, prior = [*trained(), BEST], Forecast(-3.0, 0.3, 10)
    assert GATE.stop(SLOW, (), records, prior) is None
    assert GATE.stop(SLOW, (0.81,), records, prior) is None
    assert GATE.stop(SLOW, (0.55,), records, prior) is not None


def test_the_less_is_left_the_less_chance_is_worth_it() -> None:
    """A chance of about 5 % ends a training of four epochs after the first, not after the third."""
    flat = [replace(each, learning_curve=(0.5,) * EPOCHS) for each in trained(30)]
    gate, prior = replace(GATE, objectives=GATE.objectives[:1]), Forecast(-1.40, 0.1, 100)
    verdict = gate.stop({}, (0.5,), flat, prior)
    assert verdict is not None
    assert verdict.chance == pytest.approx(0.05, abs=0.02)
    assert gate.stop({}, (0.5, 0.5, 0.5), flat, prior) is None


def test_the_reason_says_when_what_was_needed_expected_and_how_likely() -> None:
    verdict = Verdict(0.726, 0.701, 0.012)
    assert stop_reason(verdict, 2, 5) == (
        "ended after epoch 2 of 5: at its costs it needs 72.6 % accuracy to improve the front; "
        "70.1 % is expected, the chance is 1.2 %"
    )
    assert stop_reason(verdict, 0, 5).startswith("not trained: at its costs")
    assert "needs over 100 % accuracy" in stop_reason(Verdict(1.2, 0.7, 0.0), 2, 5)
