"""Crossovers of the decision chart lie where both sides really take the same."""

import pytest

from nas.platforms.chart import FEWEST, MOST, STEPS, Chart, make_chart
from nas.platforms.contest import QUANTITIES, SETUPS, contest
from nas.platforms.families import FAMILIES


@pytest.fixture(scope="module")
def chart() -> Chart:
    return make_chart(SETUPS)


def test_there_is_a_curve_for_every_set_up_kind_size_and_quantity(chart: Chart) -> None:
    sizes = sum(len(family.sizes) for family in FAMILIES.values())
    assert len(chart.curves) == len(SETUPS) * sizes * len(QUANTITIES)
    for curve in chart.curves:
        parameters = [point.parameters for point in curve.points]
        assert parameters == sorted(set(parameters))
        assert len(parameters) > STEPS / 2
        assert FEWEST / 3 < parameters[0] < MOST / 1000
        assert parameters[-1] == pytest.approx(MOST, rel=0.05)


def test_the_leader_changes_at_every_crossover_and_nowhere_else(chart: Chart) -> None:
    assert sum(len(curve.crossovers) for curve in chart.curves) > 20
    for curve in chart.curves:
        changes = [each.parameters for each in curve.crossovers]
        for point in curve.points:
            passed = [each for each in curve.crossovers if each.parameters < point.parameters]
            first = "edgetpu" if curve.points[0].contest.ratio > 1 else "cpu"
            leader = passed[-1].after if passed else first
            assert (point.contest.ratio > 1) == (leader == "edgetpu")
        assert changes == sorted(changes)


def test_networks_on_both_sides_of_a_crossover_are_led_by_different_ones(chart: Chart) -> None:
    curve = next(c for c in chart.curves if c.kind == "dense" and c.size == 64 and c.crossovers)
    first = curve.crossovers[0]
    network = FAMILIES["dense"].network
    fewer, more = (network(64, factor * first.parameters) for factor in (0.9, 1.1))
    assert fewer is not None
    assert more is not None
    below, above = (contest(each, curve.setup, curve.quantity) for each in (fewer, more))
    assert below is not None
    assert above is not None
    assert (below.ratio > 1) == (first.before == "edgetpu")
    assert (above.ratio > 1) == (first.after == "edgetpu")


def test_uncertainty_surrounds_its_crossover_and_ends_where_a_side_wins(chart: Chart) -> None:
    for curve in chart.curves:
        winners = {point.parameters: point.contest.winner for point in curve.points}
        for each in curve.crossovers:
            assert each.low is None or (
                each.low < each.parameters and winners[each.low] == each.before
            )
            assert each.high is None or (
                each.high > each.parameters and winners[each.high] == each.after
            )


def test_anchors_that_others_reported_lie_within_the_uncertainty(chart: Chart) -> None:
    """On dense networks the CPU wins below 1.7 - 2 M weights and again beyond the chip's memory."""
    curve = next(c for c in chart.of(SETUPS[0], "dense", "latency_ms") if c.size == 1024)
    first, second = curve.crossovers
    assert first.after == "edgetpu"
    assert first.low is not None and first.high is not None
    assert first.low < 1.7e6 < first.high
    assert second.after == "cpu"
    assert second.parameters == pytest.approx(7.6e6, rel=0.1)
