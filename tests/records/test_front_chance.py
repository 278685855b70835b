from typing import Any

import pytest

from nas.records.front_chance import front_chances
from objectives import OBJECTIVES
from tests.view.candidates import candidate, many

TWO = [OBJECTIVES["accuracy"], OBJECTIVES["latency_ms"]]


def _chances(*records: object) -> list[float | None]:
    return front_chances(records, TWO)  # type: ignore[arg-type]


def test_without_intervals_the_chance_is_certain() -> None:
    worse = candidate("c", 0.7, 3.0)
    assert _chances(candidate("a", 0.9, 2.0), candidate("b", 0.8, 1.0), worse) == [1.0, 1.0, 0.0]


def test_two_alike_share_the_front_evenly() -> None:
    bounds: dict[str, Any] = {"accuracy_low": 0.85, "accuracy_high": 0.95}
    found = _chances(candidate("a", 0.9, 1.0, **bounds), candidate("b", 0.9, 1.0, **bounds))
    assert found == [pytest.approx(0.5, abs=0.1)] * 2
    assert sum(each or 0.0 for each in found) == 1.0


def test_the_chance_is_that_of_a_normal_difference() -> None:
    # Apart by 1.96 s each, of which the difference has sqrt(2) s: P = Phi(1.96 / sqrt 2) = 0.917.
    bounds: dict[str, Any] = {"accuracy_low": 0.8, "accuracy_high": 0.9}
    first = candidate("a", 0.85, 1.0, **bounds)
    second = candidate("b", 0.80, 1.0, accuracy_low=0.75, accuracy_high=0.85)
    assert _chances(first, second)[0] == pytest.approx(0.917, abs=0.05)


def test_many_inferences_make_a_measured_median_sure() -> None:
    bounds: dict[str, Any] = {
        "latency_low_ms": 0.8,
        "latency_high_ms": 1.2,
        "latency_source": "device",
    }
    slow = candidate("b", 0.9, 1.05, latency_source="device")
    few, often = (
        _chances(candidate("a", 0.9, 1.0, latency_count=count, **bounds), slow)[0]
        for count in (1, 10_000)
    )
    assert few is not None
    assert often == 1.0 > few


def test_what_is_unknown_or_not_complete_has_no_chance() -> None:
    found = _chances(candidate("a", 0.9), candidate("b", None, 1.0, status="stopped"))
    assert found == [None, None]
    assert _chances() == []


def test_the_same_records_have_the_same_chances() -> None:
    records = many(80, measured=0.3)
    assert front_chances(records, TWO) == front_chances(records, TWO)
