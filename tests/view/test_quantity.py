import math

import pytest

from nas.view.quantity import (
    interval,
    number,
    short_name,
    shown,
    shown_interval,
    shown_setting,
    source,
)
from tests.view.candidates import candidate


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("accuracy", 0.9123, "91.2 %"),
        ("float_accuracy", 1.0, "100.0 %"),
        ("latency_ms", 1.234, "1.23 ms"),
        ("latency_ms", 0.0512, "0.0512 ms"),
        ("latency_ms", 1234.5, "1,234 ms"),
        ("latency_ms", 0.0, "0 ms"),
        ("energy_mj", 2.5, "2.50 mJ"),
        ("memory_bytes", 512, "512 B"),
        ("memory_bytes", 512 * 1024, "512 KiB"),
        ("memory_bytes", 3 * 2**20 // 2, "1.50 MiB"),
        ("parameters", 950, "950"),
        ("parameters", 123_456, "123 k"),
        ("macs", 31_000_000, "31.0 M"),
        ("macs", 4_100_000_000, "4.10 G"),
        ("macs", None, "unknown"),
    ],
)
def test_a_value_is_shown_with_its_unit(name: str, value: float | None, text: str) -> None:
    assert shown(name, value) == text


def test_a_value_that_is_no_finite_number_is_unknown() -> None:
    assert number(candidate("a", math.nan), "accuracy") is None
    assert number(candidate("a", latency_ms=math.inf), "latency_ms") is None
    assert number(candidate("a", epochs="<b>"), "epochs") is None


def test_an_interval_needs_both_ends() -> None:
    record = candidate("a", 0.9, 2.0, latency_low_ms=1.5, latency_high_ms=2.5, accuracy_low=0.8)
    assert interval(record, "latency_ms") == (1.5, 2.5)
    assert shown_interval(record, "latency_ms") == "1.50 - 2.50 ms"
    assert interval(record, "accuracy") is None


def test_only_latency_and_energy_have_a_source() -> None:
    record = candidate("a", 0.9, 2.0, 10, latency_source="device")
    assert [source(record, name) for name in ("latency_ms", "energy_mj", "memory_bytes")] == [
        "device",
        None,
        None,
    ]


def test_a_setting_is_shown_with_four_digits_where_it_is_a_fraction() -> None:
    settings: list[object] = [0.00026068, 12, True, "relu", 0.5]
    assert [shown_setting(value) for value in settings] == [
        "0.0002607",
        "12",
        "True",
        "relu",
        "0.5",
    ]


def test_a_short_name_has_no_unit() -> None:
    assert short_name("off_chip_bytes") == "off chip"
