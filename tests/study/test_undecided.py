"""What is worth measuring, going by intervals."""

import random
from dataclasses import replace

from nas.records.pareto import pareto_front
from nas.records.record import Record
from nas.study.undecided import may_be_on_front
from objectives import OBJECTIVES
from tests.records.records import record

OBJECTIVES_2 = [OBJECTIVES["accuracy"], OBJECTIVES["latency_ms"]]


def between(name: str, accuracy: float, low: float, high: float) -> Record:
    return record(
        name, accuracy=accuracy, latency_ms=(low + high) / 2,
        latency_low_ms=low, latency_high_ms=high,
    )  # fmt: skip


def names(*records: Record) -> list[str]:
    return [each.candidate_id for each in may_be_on_front(records, OBJECTIVES_2)]


def test_what_is_dominated_at_every_latency_is_left_out() -> None:
    assert names(between("slow", 0.5, 3, 4), between("best", 0.9, 1, 2)) == ["best"]


def test_the_undecided_come_before_the_certain() -> None:
    certain, close = between("certain", 0.9, 1, 2), between("close", 0.8, 1.5, 3)
    assert names(certain, close) == ["close", "certain"]


def test_without_intervals_or_latency_as_objective_it_is_the_front() -> None:
    records = [record("a", accuracy=0.9), record("b", accuracy=0.5), record("c", status="failed")]
    assert names(*records) == ["a"]
    by_memory = [OBJECTIVES["accuracy"], OBJECTIVES["memory_bytes"]]
    assert may_be_on_front(records, by_memory) == pareto_front(records, by_memory)
    assert may_be_on_front([record(latency_ms=None)], OBJECTIVES_2) == []
    assert may_be_on_front([], OBJECTIVES_2) == []


def test_twins_are_both_kept() -> None:
    assert names(between("a", 0.5, 1, 2), between("b", 0.5, 1, 2)) == ["a", "b"]


def test_measuring_until_nothing_is_left_finds_the_true_front_with_few_measurements() -> None:
    draw = random.Random(1)  # noqa: S311
    measurements = 0
    for _ in range(30):
        true = {f"{n}": draw.uniform(1, 5) for n in range(40)}
        accuracy = {name: draw.random() for name in true}
        records = {
            name: between(name, accuracy[name], low := at * draw.uniform(0.8, 1), low * 1.25)
            for name, at in true.items()
        }
        while wanted := [
            each for each in may_be_on_front(list(records.values()), OBJECTIVES_2)
            if each.latency_source != "device"
        ]:  # fmt: skip
            at = true[wanted[0].candidate_id]
            records[wanted[0].candidate_id] = replace(
                wanted[0], latency_ms=at, latency_low_ms=at, latency_high_ms=at,
                latency_source="device",
            )  # fmt: skip
            measurements += 1
        front = pareto_front(list(records.values()), OBJECTIVES_2)
        truth = [record(n, accuracy=accuracy[n], latency_ms=at) for n, at in true.items()]
        assert {each.candidate_id for each in front} == {
            each.candidate_id for each in pareto_front(truth, OBJECTIVES_2)
        }
        assert all(each.latency_source == "device" for each in front)
    assert measurements < 30 * 40 / 3
