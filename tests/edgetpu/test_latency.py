"""Latency: the mechanism by hand, and the accuracy on measurements."""

import math
from statistics import mean

import pytest

from nas.edgetpu.chip import LINKS, LinkName
from nas.edgetpu.compute import compute_ms
from nas.edgetpu.estimator import Estimator
from nas.edgetpu.latency import Latency, fetches
from tests.edgetpu.shared_data import needs_shared_data, read_rows
from tests.network.networks import Builder, five_convolutions, five_dense_layers, mobilenet_v2


def _latency(width: int, link: LinkName = "pcie") -> Latency:
    return Estimator(link).estimate(five_dense_layers(width)).latency


def _convolution_ms(filters: int, clock_mhz: float = 500.0) -> float:
    builder = Builder((1, 32, 32, 64))
    builder.conv(builder.input, filters)
    return compute_ms(builder.operators[0], clock_mhz) or math.nan


def test_sixty_four_output_channels_cost_as_much_as_one() -> None:
    assert _convolution_ms(1) == _convolution_ms(64)
    assert _convolution_ms(65) == pytest.approx(2 * _convolution_ms(64))
    assert _convolution_ms(64) == pytest.approx(32 * 32 * 9 * 64 * 64 / 1e9 * 0.512)


def test_compute_scales_with_the_clock() -> None:
    assert _convolution_ms(64, 125.0) == pytest.approx(4 * _convolution_ms(64))


def test_an_operator_without_a_known_cost_has_none() -> None:
    builder = Builder((1, 8))
    builder.add_operator("L2_NORMALIZATION", (builder.input,), (1, 8))
    assert compute_ms(builder.operators[0], 500.0) is None


def test_the_parts_add_up() -> None:
    latency = _latency(100)
    assert latency.fixed_ms == LINKS["pcie"].fixed_ms
    assert latency.input_ms == pytest.approx(64 / 387.5e3)
    assert latency.program_ms == pytest.approx((3_500 + 5 * 1_100) / 387.5e3)
    assert latency.streaming_ms == 0
    assert latency.total_ms == pytest.approx(
        latency.fixed_ms + latency.transfer_ms + (latency.compute_ms or math.nan)
    )


def test_the_cliff_where_parameters_no_longer_fit() -> None:
    before, after = _latency(1580).total_ms, _latency(1660).total_ms
    assert before is not None
    assert after is not None
    assert after / before > 30


def test_streaming_takes_ten_times_longer_over_usb2() -> None:
    ratio = _latency(1660, "usb2").streaming_ms / _latency(1660, "pcie").streaming_ms
    assert ratio == pytest.approx(387.5 / 36.5, rel=0.05)


def test_a_convolution_with_large_activations_fetches_its_weights_again() -> None:
    assert [fetches(five_convolutions(width).operators[2]) for width in (100, 452, 632, 642)] == [
        1, 4, 4, 6,
    ]  # fmt: skip
    assert fetches(five_dense_layers(2020).operators[1]) == 1


def _errors(table: str, networks: str) -> list[float]:
    make = {"conv": five_convolutions, "dense": five_dense_layers}[networks]
    estimator = Estimator("pcie")
    errors = []
    for row in read_rows(table):
        estimated = estimator.estimate(make(int(row["width"]))).latency_ms
        assert estimated is not None
        errors.append(abs(estimated / float(row["latency_ms"]) - 1))
    return errors


@needs_shared_data
def test_the_sweeps_are_met_within_three_and_eight_percent_on_average() -> None:
    assert mean(_errors("conv_sweep.csv", "conv")) < 0.03
    assert mean(_errors("fc_sweep.csv", "dense")) < 0.08


@needs_shared_data
def test_mobilenet_v2_is_met_at_three_clocks() -> None:
    rows = [r for r in read_rows("latency_reference.csv") if r["clock"].endswith("MHz")]
    assert len(rows) == 3
    for row in rows:
        clock_mhz = float(row["clock"].split()[0])
        estimated = Estimator("pcie", clock_mhz).estimate(mobilenet_v2()).latency_ms
        assert estimated == pytest.approx(float(row["latency_ms"]), rel=0.05)
