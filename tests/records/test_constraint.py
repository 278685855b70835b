"""Bounds on candidates."""

import pytest

from nas.errors import UserError
from nas.records.constraint import constrainable, parse_constraint, violation


@pytest.mark.parametrize(
    ("text", "name", "bound"),
    [
        ("latency_ms<=5", "latency_ms", 5.0),
        (" memory_bytes <= 6MiB ", "memory_bytes", 6 * 2**20),
        ("accuracy>=0.7", "accuracy", 0.7),
        ("cpu_ops<=1", "cpu_ops", 1.0),
        ("macs<=50M", "macs", 50e6),
        ("off_chip_bytes<=0", "off_chip_bytes", 0.0),
    ],
)
def test_constraints_are_read(text: str, name: str, bound: float) -> None:
    constraint = parse_constraint(text)
    assert (constraint.name, constraint.bound) == (name, bound)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("latency_ms<5", "write NAME<=NUMBER or NAME>=NUMBER"),
        ("latency_ms", "write NAME<=NUMBER"),
        ("memory_bytes<=6MB", "write NAME<=NUMBER"),
        ("speed<=5", "unknown name 'speed'; use one of accuracy, .*latency_ms"),
        ("latency_ms<=1e999", "not a finite number"),
        ("latency_ms<=1-2", "not a finite number"),
        ("trial<=5", "unknown name 'trial'"),
    ],
)
def test_a_bad_constraint_says_what_to_write(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse_constraint(text)


def test_the_margin_is_0_at_the_bound_positive_beyond_and_unknown_without_a_value() -> None:
    at_most, at_least = parse_constraint("latency_ms<=5"), parse_constraint("accuracy>=0.7")
    assert at_most.margin({"latency_ms": 5.0}) == 0.0
    assert at_most.margin({"latency_ms": 7.0}) == 2.0
    assert at_least.margin({"accuracy": 0.6}) == pytest.approx(0.1)
    assert at_most.margin({"latency_ms": None}) is None


def test_a_violation_names_the_bound_and_the_value() -> None:
    constraints = [parse_constraint("cpu_ops<=1"), parse_constraint("latency_ms<=5")]
    assert violation({"latency_ms": 5.0, "cpu_ops": 1}, constraints) is None
    assert violation({}, constraints) is None
    assert (
        violation({"latency_ms": 6.5, "cpu_ops": 1}, constraints)
        == "latency_ms<=5 does not hold: latency_ms is 6.5"
    )


def test_every_cost_can_be_bounded() -> None:
    assert {"latency_ms", "energy_mj", "memory_bytes", "off_chip_bytes", "cpu_ops"} <= set(
        constrainable()
    )
