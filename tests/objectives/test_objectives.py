"""What every registered objective promises."""

from dataclasses import fields

import pytest

from nas.records.record import Record
from objectives import DEFAULT_OBJECTIVES, OBJECTIVES


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_reads_a_field_of_the_record(name: str) -> None:
    objective = OBJECTIVES[name]
    assert objective.name == name
    assert name in {entry.name for entry in fields(Record)}
    assert objective.value({name: 3}) == 3.0
    assert objective.value({name: None}) is None
    assert objective.loss({}) is None


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_pessimistic_value_is_worse_than_a_real_one(name: str) -> None:
    objective = OBJECTIVES[name]
    real = 0.01 if name == "accuracy" else 1e9
    if name in ("latency_ms", "energy_mj"):
        real = 1e4
    pessimistic, known = objective.loss({name: objective.pessimistic}), objective.loss({name: real})
    assert pessimistic is not None
    assert known is not None
    assert pessimistic > known


def test_more_accuracy_is_less_loss() -> None:
    assert OBJECTIVES["accuracy"].loss({"accuracy": 0.25}) == -0.25
    assert DEFAULT_OBJECTIVES == ("accuracy", "latency_ms", "memory_bytes")
