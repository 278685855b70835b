from collections.abc import Sequence
from typing import Any

import pytest

from nas.errors import CandidateError
from nas.network.tflite import parse_network
from nas.sweeping.adjustments import choose_adjustment
from nas.sweeping.cliff import find_cliffs
from nas.sweeping.measuring import converter, measure_steps
from nas.sweeping.step import Step
from nas.sweeping.sweep import Sweep
from tests.adjustment.models import residual
from tests.sweeping.bench import Bench
from tests.sweeping.steps import step

STEPS = [step(value, 100 * value, computing=1.0 * value) for value in (1, 2, 3)]


def _said(file: bytes) -> float | None:
    return float(file) if file.isdigit() else None


def _measured(*answers: bytes | None, steps: Sequence[Step] = STEPS) -> list[Step]:
    def convert(one: Step) -> bytes:
        answer = answers[steps.index(one)]
        if answer is None:
            raise CandidateError("cannot be converted")
        return answer

    found = list(steps)
    for place, made in measure_steps(steps, convert, Bench(_said)):
        found[place] = made
    return found


def test_latency_is_the_device_s_and_the_rest_stays_estimated() -> None:
    found = _measured(b"10", b"20", b"40")
    assert [each.latency_ms for each in found] == [10, 20, 40]
    assert (found[0].latency_low_ms, found[0].latency_high_ms) == (9, 12)
    assert {each.latency_source for each in found} == {"device"}
    assert [each.cpu_latency_ms for each in found] == [each.cpu_latency_ms for each in STEPS]


def test_no_estimate_stands_among_measurements() -> None:
    found = _measured(None, b"20", b"broken")
    assert [each.latency_ms for each in found] == [None, 20, None]
    assert found[0].measured_reason == "cannot be converted"
    assert found[2].measured_reason == "not measured: it broke"


def test_without_a_device_left_the_others_have_no_latency() -> None:
    found = _measured(b"broken", b"20", b"40")
    assert [each.latency_ms for each in found] == [None, None, None]
    assert found[1].measured_reason == found[2].measured_reason == "no device is left"


def test_steps_without_costs_are_not_measured() -> None:
    steps = [STEPS[0], Step(2, reason="impossible")]
    assert _measured(b"10", None, steps=steps)[1] == steps[1]


def test_a_cliff_that_only_the_device_has_is_not_explained() -> None:
    (cliff,) = find_cliffs(_measured(b"10", b"20", b"90"), "macs")
    assert (cliff.last_good, cliff.share) == (2, 0.0)
    assert cliff.mechanism == "measured, not explained by the chip model"


def test_a_sweep_says_where_its_latency_is_from() -> None:
    adjustment = choose_adjustment(residual(), "depth", None, (1,))
    assert Sweep("net", {}, adjustment, tuple(STEPS)).as_dict()["source"] == "estimate"
    measured = Sweep("net", {}, adjustment, tuple(_measured(b"1", b"2", b"3")))
    assert measured.as_dict()["source"] == "device"


@pytest.mark.parametrize(("form", "shape"), [("depth", (1, 12, 12, 3)), ("vector", (1, 5))])
def test_what_is_measured_is_the_adjusted_network_in_int8(form: Any, shape: Sequence[int]) -> None:
    adjustment = choose_adjustment(residual(), form, None, (5,))
    network = parse_network(converter(residual, adjustment)(Step(5)))
    assert network.inputs[0].shape == shape
    assert network.inputs[0].dtype == "int8"
