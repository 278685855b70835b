import pytest

from nas.auditing.audit_costs import BINS, cost_spreads
from tests.records.records import record


def test_quantiles_are_values_of_networks() -> None:
    records = [record(latency_ms=float(value)) for value in range(1, 101)]
    spread = cost_spreads(records)["latency_ms"].spread
    assert spread is not None
    assert list(vars(spread).values()) == [1.0, 5.0, 50.0, 95.0, 100.0]


def test_the_interval_of_latency_has_quantiles_of_its_own() -> None:
    cost = cost_spreads([record(latency_low_ms=0.8, latency_high_ms=1.3)])["latency_ms"]
    assert cost.low is not None and cost.low.median == 0.8
    assert cost.high is not None and cost.high.median == 1.3
    assert cost_spreads([record()])["memory_bytes"].low is None


def test_unknown_values_are_counted_and_never_zero() -> None:
    cost = cost_spreads([record(latency_ms=None), record(latency_ms=2.0)])["latency_ms"]
    assert (cost.known, cost.unknown) == (1, 1)
    assert cost.spread is not None and cost.spread.minimum == 2.0
    assert cost.deviation is None


@pytest.mark.parametrize("values", [[1.0, 2.0, 3.0, 3.0], [0.1, 1.0, 100.0], [0.0, 1000.0]])
def test_a_histogram_counts_every_network(values: list[float]) -> None:
    cost = cost_spreads([record(latency_ms=value) for value in values])["latency_ms"]
    assert len(cost.counts) == BINS == len(cost.edges) - 1
    assert sum(cost.counts) == len(values)
    assert (cost.edges[0], cost.edges[-1]) == (min(values), max(values))


def test_wide_positive_values_have_logarithmic_bins() -> None:
    edges = cost_spreads([record(macs=1), record(macs=10_000)])["macs"].edges
    assert edges[BINS // 2] == pytest.approx(100.0)


def test_a_constant_cost_is_one_bin() -> None:
    cost = cost_spreads([record(off_chip_bytes=0)] * 3)["off_chip_bytes"]
    assert cost.is_constant
    assert cost.counts == (3,)
