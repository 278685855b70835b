"""Records survive crashes, strangers and NaN."""

import json
from dataclasses import fields
from pathlib import Path

import pytest

from nas.errors import UserError
from nas.records.record import Record, append_record, read_records
from tests.records.records import record

PROMISED = """
    schema candidate_id space hyperparameters status reason accuracy float_accuracy latency_ms
    latency_low_ms latency_high_ms latency_source energy_mj energy_source memory_bytes on_chip_bytes
    off_chip_bytes peak_activation_bytes training_memory_bytes model_bytes parameters macs ops_total
    ops_mapped epochs train_seconds seconds seed versions
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "records.jsonl"


def test_a_record_has_every_promised_field() -> None:
    assert set(PROMISED.split()) <= {entry.name for entry in fields(Record)}


def test_what_is_written_is_read_back(path: Path) -> None:
    written = [record("a"), record("b", status="failed", reason="NaN", accuracy=None)]
    for each in written:
        append_record(path, each)
    assert read_records(path) == written


def test_unknown_values_and_nan_are_null_never_0(path: Path) -> None:
    append_record(path, record(energy_mj=float("nan"), seconds={"train": float("inf")}))
    values = json.loads(path.read_text())
    assert values["energy_mj"] is None
    assert values["macs"] is None
    assert values["seconds"] == {"train": None}


def test_a_line_cut_off_by_a_crash_costs_nothing_else(path: Path) -> None:
    append_record(path, record("a"))
    path.write_bytes(path.read_bytes() + b'{"schema": 1, "candidate_id": "lo')
    assert [each.candidate_id for each in read_records(path)] == ["a"]
    append_record(path, record("b"))
    assert [each.candidate_id for each in read_records(path)] == ["a", "b"]


def test_a_candidate_written_twice_counts_once(path: Path) -> None:
    append_record(path, record("a", accuracy=0.5))
    append_record(path, record("a", accuracy=0.9))
    assert [each.accuracy for each in read_records(path)] == [0.5]


def test_a_missing_file_holds_no_records(path: Path) -> None:
    assert read_records(path) == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"schema": 99}', "records.jsonl:1: not a record of schema 1"),
        ("[1]", "not a record"),
        (
            '{"schema": 1, "candidate_id": "a", "space": "s", "hyperparameters": {}, '
            '"status": "failed", "accuracy": "high"}',
            "not a record .*got `str` - at `.\\.accuracy`",
        ),
        (
            '{"schema": 1, "candidate_id": "a", "space": "s", "hyperparameters": 3, '
            '"status": "failed"}',
            "got `int` - at `.\\.hyperparameters`",
        ),
        (
            '{"schema": 1, "candidate_id": "a", "space": "s", "hyperparameters": {}, '
            '"status": "failed", "learning_curve": [0.5, NaN]}',
            "got `str` - at `.\\.learning_curve",
        ),
        ('{"schema": 1}', "missing required field `candidate_id`"),
        (
            '{"schema": 1, "candidate_id": "a", "space": "s", "hyperparameters": {}, '
            '"status": "great"}',
            "Invalid enum value 'great'",
        ),
    ],
)
def test_a_stranger_s_line_is_refused_by_place(path: Path, line: str, message: str) -> None:
    path.write_text(line + "\n")
    with pytest.raises(UserError, match=message):
        read_records(path)


def test_cpu_operators_are_what_is_not_mapped() -> None:
    assert record(ops_total=10, ops_mapped=7).cpu_ops == 3
    assert record(ops_total=10).cpu_ops is None
