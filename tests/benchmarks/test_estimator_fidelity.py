"""The fidelity benchmark: its networks, scores, fit and intervals, by hand and on measurements."""

import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.estimator_fidelity import REFERENCE
from benchmarks.fidelity_cells import cell_network, live_edges
from benchmarks.fidelity_data import Measured, read_measurements
from benchmarks.fidelity_families import (
    Interval,
    Predictions,
    calibrate_interval,
    family_shares,
    is_inside,
    left_out_coverage,
)
from benchmarks.fidelity_fit import (
    CONSTANTS,
    calibration_of,
    changed,
    family_weights,
    get,
    package_logs,
    prepare,
)
from benchmarks.fidelity_print import render
from benchmarks.fidelity_scatter import line_error, neighbour_error, rising_error
from benchmarks.fidelity_score import fit_line, predict_line, score, spearman
from benchmarks.fidelity_sweeps import dense_layers
from benchmarks.fidelity_zoo import network
from nas.edgetpu.calibration import CALIBRATION
from nas.edgetpu.interval import HIGH, LOW
from tests.edgetpu.shared_data import needs_shared_data

RESNET = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|skip_connect~2|"


@pytest.mark.parametrize(
    ("name", "million_macs", "million_weights"),
    [
        ("mobilenet_v1", 568.7, 4.2), ("mobilenet_v2", 300.8, 3.5), ("inception_v1", 1498, 6.6),
        ("inception_v3", 5713, 23.8), ("inception_v4", 12254, 42.6), ("vgg_16", 15470, 138.4),
        ("squeezenet", 349, 1.24), ("resnet_50", 7212, 25.5),
    ],
)  # fmt: skip
def test_the_networks_have_the_published_size(
    name: str, million_macs: float, million_weights: float
) -> None:
    net = network(name)
    weights = sum(t.elements for op in net.operators for t in op.constants if t.dtype == "int8")
    assert net.macs / 1e6 == pytest.approx(million_macs, rel=0.002)
    assert weights / 1e6 == pytest.approx(million_weights, rel=0.02)


def test_a_cell_keeps_what_its_output_depends_on() -> None:
    assert live_edges(RESNET) == (
        (0, 1, "nor_conv_3x3"), (1, 2, "nor_conv_3x3"), (0, 3, "skip_connect"),
        (2, 3, "skip_connect"),
    )  # fmt: skip
    assert live_edges("|none~0|+|none~0|none~1|+|none~0|skip_connect~1|skip_connect~2|") == ()


def test_a_residual_cell_has_two_convolutions_and_an_addition_in_each_of_15_places() -> None:
    kinds = [operator.type for operator in cell_network(live_edges(RESNET)).operators]
    assert kinds.count("CONV_2D") == 15 * 2 + 1 + 2 * 3
    assert kinds.count("ADD") == 15 + 2
    # The second rectifier of a cell is fused into the convolution before it.
    assert kinds.count("RELU") == 15 + 2


def test_scores_by_hand() -> None:
    result = score(np.array([1.1, 1.8, 4.0]), np.array([1.0, 2.0, 4.0]))
    assert result.mean_error == pytest.approx(0.2 / 3)
    assert abs(result.worst) == pytest.approx(0.1)
    assert result.bias == pytest.approx(0.0)
    assert result.spearman == pytest.approx(1.0)


def test_ties_share_their_rank() -> None:
    assert spearman(np.array([1.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0])) == pytest.approx(
        np.corrcoef([1.5, 1.5, 3], [1, 2, 3])[0, 1]
    )


def test_a_line_is_found_again() -> None:
    features = [[1.0, float(x)] for x in range(1, 9)]
    measured = np.array([2.0 + 3.0 * x for x in range(1, 9)])
    predicted = predict_line(features, fit_line(features, measured))
    assert predicted == pytest.approx(measured, rel=1e-3)


def test_a_changed_constant_changes_nothing_else() -> None:
    path = ("links", "usb3", "fixed_ms")
    calibration = changed(CALIBRATION, path, 9.0)
    assert get(calibration, path) == 9.0
    assert changed(calibration, path, get(CALIBRATION, path)) == CALIBRATION


def test_the_package_s_constants_are_those_the_fit_starts_from() -> None:
    calibration = calibration_of(package_logs())
    for constant in CONSTANTS:
        assert get(calibration, constant.path) == pytest.approx(get(CALIBRATION, constant.path))


def test_families_left_out_have_no_say() -> None:
    assert family_weights(["a", "b", "a"], ["a"]).tolist() == [0.0, 1.0, 0.0]
    assert family_weights(["a"] * 200)[0] == 0.5


def test_every_family_counts_alike_in_an_interval() -> None:
    assert family_shares(["a", "a", "b"]) == pytest.approx([0.25, 0.25, 0.5])


def _predicted_as_one(ratios: NDArray[np.float64], families: int) -> Predictions:
    ones = np.ones(len(ratios))
    names = tuple(str(place % families) for place in range(len(ratios)))
    return Predictions(names, ("f",) * len(ratios), ratios, ones, 0 * ones, ones, ones)


def test_an_interval_holds_four_fifths_of_many_families_and_more_of_few() -> None:
    ratios = np.exp(np.random.default_rng(0).normal(0.0, 0.1, 2_000))
    shares = {}
    for families in (5, 20, 2_000):
        rows = _predicted_as_one(ratios, families)
        shares[families] = is_inside(rows, calibrate_interval(rows)).mean()
    assert shares[2_000] == pytest.approx(0.8, abs=0.01)
    assert shares[20] == pytest.approx(2 * 0.9 * 21 / 20 - 1, abs=0.01)
    assert shares[5] == 1.0


def test_a_left_out_family_is_held_against_the_others_interval() -> None:
    rows = _predicted_as_one(np.array([1.0, 1.01, 1.02, 3.0] * 3), 4)
    assert left_out_coverage(rows).tolist() == [False, True, True, False] * 3


def test_scatter_by_hand() -> None:
    widths = np.array([1.0, 2.0, 3.0, 4.0])
    assert line_error(widths, np.array([3.0, 5.0, 7.0, 9.0])) == pytest.approx(0.0)
    assert line_error(widths, np.array([1.0, 2.0, 3.0, 8.0])) == pytest.approx(0.5 / 4)
    assert rising_error(widths) == 0.0
    assert rising_error(np.array([4.0, 2.0, 4.0])) == pytest.approx(0.5 / 3)
    assert neighbour_error(np.array([1.0, 4.0, 3.0, 2.0])) == pytest.approx((0.5 + 0.0) / 2)


def test_an_error_of_streaming_counts_twice() -> None:
    rows = _predicted_as_one(np.array([1.1, 1.1]), 2)
    rows = replace(rows, streaming=np.array([0.0, 1.0]))
    assert rows.factors == pytest.approx([1.1, 1.21])
    assert is_inside(rows, Interval(0.8, 1.2)).tolist() == [True, False]


def test_a_row_compiled_otherwise_than_predicted_is_not_fitted() -> None:
    row = Measured("f", "family", "a row", dense_layers(1_660), "pcie", "desktop", 500.0, 7.6)
    compiled = [replace(row, streamed_mib=mib) for mib in (2.63, 0.0)]
    assert [one.streams_as_compiled for one in prepare([row, *compiled])] == [True, True, False]


def test_the_reference_result_is_that_of_the_package() -> None:
    figures = json.loads(REFERENCE.read_text())
    for constant in CONSTANTS:
        held = figures["constants"][constant.name]
        assert held["package"] == pytest.approx(get(CALIBRATION, constant.path))
        assert held["refitted"] == pytest.approx(held["package"], rel=0.03)
    interval = figures["interval"]
    assert (interval["low"], interval["high"]) == pytest.approx((LOW, HIGH), abs=0.02)
    assert "NAS-Bench-201" in render(figures)


@needs_shared_data
def test_every_measurement_has_a_network_and_a_prediction() -> None:
    rows = prepare(read_measurements())
    assert len(rows) > 300
    assert all(row.latency_ms(CALIBRATION) > 0 for row in rows)
