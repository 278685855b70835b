"""The policy, on devices made of numbers."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from nas.device.measurement import (
    Measurement,
    Policy,
    Reference,
    agreeing,
    find_drift,
    measure,
    quantile,
)
from nas.device.session import Block, BlockSettings, State

MODEL, REFERENCE = b"model", Reference(b"reference")
COOL = State(temperature_c=50.0, clock_hz=500e6, cpu_governor="performance", cpu_clock_hz=1.5e9)
POLICY = Policy()


class Device:
    """Takes 4 ms for the model and 2 ms for the reference, times a factor for each block."""

    def __init__(
        self, factors: Iterator[float], state: Callable[[int], State] | None = None
    ) -> None:
        self.factors, self.state = factors, state or (lambda _: COOL)
        self.ran: list[bytes] = []
        self.now = 0.0

    def run_block(self, model: bytes, _: BlockSettings) -> Block:
        seconds = (4e-3 if model == MODEL else 2e-3) * next(self.factors)
        self.ran.append(model)
        self.now += 1.0
        return Block((0.1, seconds), (seconds,) * 5, self.state(len(self.ran)))

    def measure(self, reference: Reference | None = None, policy: Policy = POLICY) -> Measurement:
        return measure(MODEL, reference, self.run_block, policy, lambda: self.now)


def test_a_steady_device_is_good() -> None:
    device = Device(itertools.repeat(1.0))
    measurement = device.measure(REFERENCE)
    assert measurement.is_good
    assert measurement.reason is None
    assert measurement.median_ms == pytest.approx(4.0)
    assert measurement.reference_ms == pytest.approx(2.0)
    assert measurement.first_ms == pytest.approx(100.0)
    assert (measurement.count, measurement.blocks, measurement.outlying_blocks) == (30, 6, 0)
    assert (measurement.temperature_c, measurement.clock_hz) == (50.0, 500e6)
    assert measurement.drift == 0
    assert measurement.reference_change is None, "what is usual is not known"
    assert device.ran == [REFERENCE.model, MODEL] * 6 + [REFERENCE.model], "interleaved"


def test_a_disturbed_block_is_run_again_and_left_out() -> None:
    measurement = Device(iter([1, 1, 3, 1, 1, 1, 1])).measure()
    assert measurement.is_good
    assert (measurement.blocks, measurement.outlying_blocks) == (6, 1)
    assert measurement.p95_ms == pytest.approx(4.0)


def test_a_device_of_two_speeds_is_unstable() -> None:
    measurement = Device(itertools.cycle([1.0, 1.2, 1.2, 1.0])).measure()
    assert measurement.status == "unstable"
    assert measurement.blocks + measurement.outlying_blocks == 9
    assert "of 9 blocks agree" in str(measurement.reason)


@pytest.mark.parametrize("reference", [None, REFERENCE])
def test_a_device_that_slows_down_is_drifting(reference: Reference | None) -> None:
    slower = (1 + 0.02 * index for index in itertools.count())
    measurement = Device(slower).measure(reference)
    assert measurement.status == "drifting"
    assert measurement.drift is not None
    assert 0.03 < measurement.drift < 0.2


def test_a_slow_drift_of_the_reference_is_not_hidden_by_blocks_that_agree() -> None:
    """Each block is within the outlier's share, but the halves differ by more than may be."""
    policy = replace(POLICY, outlier=0.5)
    slower = (1 + 0.02 * index for index in itertools.count())
    assert Device(slower).measure(None, policy).status == "drifting"


def test_a_reference_that_slows_down_tells_on_a_model_that_does_not() -> None:
    factors = (factor for i in itertools.count() for factor in (1 + 0.02 * i, 1.0))
    measurement = Device(factors).measure(REFERENCE)
    assert measurement.status == "drifting"
    assert measurement.outlying_blocks == 0


@pytest.mark.parametrize(("usual_ms", "status"), [
    (2.0, "good"), (2.09, "good"), (1.8, "drifting"), (2.2, "drifting"),
])  # fmt: skip
def test_a_steady_device_that_is_slower_or_faster_than_usual_is_drifting(
    usual_ms: float, status: str
) -> None:
    measurement = Device(itertools.repeat(1.0)).measure(replace(REFERENCE, usual_ms=usual_ms))
    assert measurement.status == status
    assert measurement.drift == 0, "nothing shows while it is measured"
    assert measurement.reference_change == pytest.approx(2.0 / usual_ms - 1)


def test_how_far_the_reference_is_from_usual_is_told() -> None:
    measurement = Device(itertools.repeat(1.5)).measure(replace(REFERENCE, usual_ms=2.0))
    assert measurement.reason is not None
    assert measurement.reason.startswith("the reference model takes 1.50 times as long as at first")


def test_noise_without_a_trend_is_not_called_drift() -> None:
    assert Device(itertools.cycle([1.0, 1.02, 0.99, 1.01])).measure(REFERENCE).is_good


def test_one_throttled_moment_spoils_the_measurement() -> None:
    hot = State(temperature_c=85.0, clock_hz=250e6, is_throttled=True)
    device = Device(itertools.repeat(1.0), lambda block: hot if block == 3 else COOL)
    measurement = device.measure()
    assert measurement.status == "throttled"
    assert (measurement.temperature_c, measurement.clock_hz) == (85.0, 250e6)
    assert "cool it" in str(measurement.reason)


def test_too_little_time_is_incomplete_and_still_has_figures() -> None:
    measurement = Device(itertools.repeat(1.0)).measure(None, replace(POLICY, limit_s=3.0))
    assert measurement.status == "incomplete"
    assert measurement.reason == "3 of 6 blocks in 3 s: allow more time"
    assert measurement.median_ms == pytest.approx(4.0)


def test_a_single_block_is_enough_where_it_is_asked_for() -> None:
    measurement = Device(itertools.repeat(1.0)).measure(None, Policy(blocks=1, reruns=0))
    assert measurement.is_good
    assert measurement.drift is None, "one block cannot tell"


def test_a_silent_board_has_no_temperature() -> None:
    measurement = Device(itertools.repeat(1.0), lambda _: State()).measure()
    assert measurement.is_good
    assert measurement.temperature_c is measurement.clock_hz is measurement.cpu_clock_hz is None


def test_quantiles_are_linear_between_their_neighbours() -> None:
    assert [quantile([1, 2, 3, 4], share) for share in (0, 0.25, 0.5, 0.95, 1)] == pytest.approx(
        [1, 1.75, 2.5, 3.85, 4]
    )
    assert quantile([7.0], 0.95) == 7.0


def test_drift_compares_halves_and_skips_the_middle() -> None:
    blocks = [Block((1.0,), (seconds,), COOL) for seconds in (2.0, 2.0, 9.0, 3.0, 3.0)]
    assert find_drift(blocks) == pytest.approx(0.5)
    assert [block.timed_s[0] for block in agreeing(blocks, 0.0)] == [3.0, 3.0]
