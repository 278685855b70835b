"""The constants of a simulated device are found again from noisy measurements."""

import numpy as np
import pytest

from nas.calibrating.calibration_networks import NETWORKS, CalibrationNetwork
from nas.calibrating.fitting import Fit, Prepared, Row, Setup, conformal_interval, fit, prepare
from nas.calibrating.profile import calibrated, constants_of, folded
from nas.edgetpu.chip import LinkName
from nas.edgetpu.host import HostName
from nas.edgetpu.interval import HIGH, LOW
from nas.network.keras_graph import read_keras_model
from search_spaces.weightless import without_weights
from tests.network.networks import five_convolutions, five_dense_layers, mobilenet_v2

NOISE = 0.02
TIGHT = {
    "link.fixed_ms": 0.05, "link.input_mb_per_s": 0.05, "link.output_mb_per_s": 0.05,
    "host.ms_per_million_elements": 0.1, "host.ms_per_gmac": 0.2, "rate.mac": 0.12,
    "rate.tap": 0.12, "rate.max_tap": 0.12,
}  # fmt: skip
"""How near the constants that a user's network depends on most have to be, over every link."""
SETUPS: list[tuple[LinkName, HostName]] = [
    ("usb3", "desktop"), ("usb2", "desktop"), ("pcie", "a53"), ("usb3", "pi4"),
]  # fmt: skip


def test_names_are_layers() -> None:
    network = CalibrationNetwork("family 8x8x3 (conv3x4/2 add)*2 depthwise3*3 mean dense5")
    assert network.shape == (8, 8, 3)
    assert network.layers == (
        "conv3x4/2", "add", "conv3x4/2", "add", *["depthwise3"] * 3, "mean", "dense5",
    )  # fmt: skip
    assert len({each.name for each in NETWORKS}) == len(NETWORKS)


def test_the_interval_holds_four_in_five_of_what_is_left_out() -> None:
    ratios = np.random.default_rng(0).lognormal(0.0, 0.1, 20_000).reshape(200, 100)
    inside = [
        low <= another <= high
        for *known, another in ratios
        for low, high in [conformal_interval(np.array(known))]
    ]
    assert 0.74 < np.mean(inside) < 0.9
    assert conformal_interval(np.arange(1.0, 10.0)) == (1.0, 9.0)
    assert conformal_interval(np.ones(8)) == (LOW, HIGH)


@pytest.fixture(scope="module")
def calibration_set() -> list[Prepared]:
    with without_weights():
        return [prepare(read_keras_model(network.build())) for network in NETWORKS]


def simulate(networks: list[Prepared], setup: Setup, seed: int) -> tuple[dict[str, float], Fit]:
    """Measure on a device whose constants are half to twice the package's; fit them."""
    rng = np.random.default_rng(seed)
    package = constants_of(setup.link, setup.host)
    truth = {name: value * 2 ** rng.uniform(-1, 1) for name, value in package.items()}
    calibration = calibrated(truth, setup.link, setup.host)
    times = [n.latency_ms(calibration, setup) * np.exp(rng.normal(0, NOISE)) for n in networks]
    return truth, fit([Row(n, n, t) for n, t in zip(networks, times, strict=True)], setup)


@pytest.mark.slow
@pytest.mark.parametrize(("link", "host"), SETUPS[:2])
def test_a_simulated_devices_constants_are_recovered(
    link: LinkName, host: HostName, calibration_set: list[Prepared]
) -> None:
    setup = Setup(link, host)
    truth, found = simulate(calibration_set, setup, seed=7)
    assert found.constants.keys() == truth.keys(), "the networks tell each of them"
    off = np.array([
        np.log(value / truth[name]) / found.spreads[name]
        for name, value in found.constants.items()
    ])  # fmt: skip
    assert np.abs(off).max() < 3
    assert 0.35 < np.sqrt(np.mean(off**2)) < 1.0, "2 % noise, and spreads that are for 3 %"
    for name, share in TIGHT.items():
        assert found.constants[name] == pytest.approx(truth[name], rel=share), name
    low, high = found.interval
    assert 0.93 < low < 1 < high < 1.07, "2 % noise"

    mine, true = (calibrated(each, link, host) for each in (found.constants, truth))
    for network in (five_convolutions(64), five_convolutions(500), mobilenet_v2()):
        prepared = prepare(network)
        expected = prepared.latency_ms(true, setup)
        assert prepared.latency_ms(mine, setup) == pytest.approx(expected, rel=0.05)
    for width in (256, 1200, 2020):
        prepared = prepare(five_dense_layers(width))
        expected = prepared.latency_ms(true, setup)
        assert prepared.latency_ms(mine, setup) == pytest.approx(expected, rel=0.1)


@pytest.mark.slow
def test_a_constant_that_nothing_tells_stays_the_packages(calibration_set: list[Prepared]) -> None:
    setup = Setup("usb3", "desktop")
    others = [
        prepared
        for prepared, network in zip(calibration_set, NETWORKS, strict=True)
        if not network.name.startswith(("streaming", "dense", "whole"))
    ]
    truth, found = simulate(others, setup, seed=7)
    left_open = truth.keys() - found.constants.keys()
    product = {"link.input_mb_per_s", "host.usb_input_factor"}
    assert left_open - product == {"link.streaming_setup_ms", "rate.weight_byte"}
    assert len(left_open & product) == 1, "what is sent tells their product"
    assert found.interval[1] < 1.1, "which is fitted"
    assert found.spreads.keys() == found.constants.keys()
    mine, package = calibrated(found.constants, "usb3", "desktop"), folded("usb3", "desktop")
    setup_ms = package.links["usb3"].streaming_setup_ms
    assert mine.links["usb3"].streaming_setup_ms == setup_ms != truth["link.streaming_setup_ms"]
    for name, value in found.constants.items():
        assert abs(np.log(value / truth[name])) < 3 * found.spreads[name], name


@pytest.mark.slow
def test_measurements_that_scatter_widen_the_spreads(calibration_set: list[Prepared]) -> None:
    setup = Setup("usb3", "desktop")
    rng = np.random.default_rng(7)
    calibration = calibrated(constants_of("usb3", "desktop"), "usb3", "desktop")
    times = np.array([n.latency_ms(calibration, setup) for n in calibration_set])
    quiet, loud = (
        fit([Row(n, n, t) for n, t in zip(calibration_set, times * noise, strict=True)], setup)
        for noise in (np.ones(len(times)), np.exp(rng.normal(0, 0.12, len(times))))
    )
    assert 2.5 < loud.spreads["rate.mac"] / quiet.spreads["rate.mac"] < 6, "12 % instead of 3 %"


@pytest.mark.slow
def test_one_measurement_that_is_wrong_bends_little(calibration_set: list[Prepared]) -> None:
    setup = Setup("usb3", "desktop")
    truth = constants_of("usb3", "desktop")
    calibration = calibrated(truth, "usb3", "desktop")
    rows = [Row(n, n, n.latency_ms(calibration, setup)) for n in calibration_set]
    wrong = rows[25]
    rows[25] = Row(wrong.compiled, wrong.predicted, 3 * wrong.measured_ms)
    found = fit(rows, setup)
    assert found.constants["rate.mac"] == pytest.approx(truth["rate.mac"], rel=0.1)
    assert found.fitted_ms[25] == pytest.approx(wrong.measured_ms, rel=0.1)
