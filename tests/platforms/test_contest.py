"""Who wins, beyond the intervals of both."""

import pytest

from nas.edgetpu.host import CPU_INTERVALS
from nas.platforms.contest import SETUPS, Contest, Range, Setup, contest
from nas.platforms.families import dense_network


@pytest.mark.parametrize(
    ("edgetpu", "cpu", "winner"),
    [
        (Range(1, 0.8, 1.2), Range(3, 2, 4), "edgetpu"),
        (Range(3, 2, 4), Range(1, 0.8, 1.2), "cpu"),
        (Range(1, 0.8, 1.2), Range(1.5, 1.1, 2), None),
        (Range(1, 0.8, 1.2), Range(1.5, 1.2, 2), None),
    ],
)
def test_the_winner_is_beyond_both_intervals(edgetpu: Range, cpu: Range, winner: str) -> None:
    assert Contest(edgetpu, cpu).winner == winner
    assert Contest(edgetpu, cpu).ratio == cpu.value / edgetpu.value


@pytest.mark.parametrize("setup", SETUPS, ids=[setup.host for setup in SETUPS])
def test_time_and_energy_are_those_of_the_estimate(setup: Setup) -> None:
    network = dense_network(64, 1e6)
    assert network is not None
    estimate = setup.estimator.estimate(network)
    time, energy = (contest(network, setup, q) for q in ("latency_ms", "energy_mj"))
    assert time is not None
    assert energy is not None
    taken = (estimate.latency_ms, estimate.latency_low_ms, estimate.latency_high_ms)
    assert (time.edgetpu.value, time.edgetpu.low, time.edgetpu.high) == taken
    assert time.cpu.value == estimate.cpu_latency_ms
    assert time.cpu.low == pytest.approx(CPU_INTERVALS[setup.host][0] * estimate.cpu_latency_ms)
    assert energy.edgetpu.value == pytest.approx(estimate.energy_mj)
    assert energy.cpu.value == pytest.approx(estimate.cpu_energy_mj)
    assert energy.edgetpu.high / energy.edgetpu.value == pytest.approx(
        time.edgetpu.high / time.edgetpu.value
    )
