"""Measurements that come after the record, and change it when records are read."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from nas.errors import UserError
from nas.records.json_lines import append_line
from nas.records.measurements import Measurement
from nas.records.record import append_record, read_records
from nas.records.run import RunDirectory
from tests.records.records import record

FIGURES = {"median_ms": 3.0, "q1_ms": 2.9, "q3_ms": 3.2, "count": 60, "p95_ms": 3.5}


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    directory = RunDirectory(tmp_path)
    for name in ("a", "b"):
        append_record(directory.records, record(name, latency_source="estimate"))
    return directory


def write(run: RunDirectory, candidate_id: str, **values: Any) -> None:
    settings: dict[str, Any] = {"device": "usb:1", "status": "good", "figures": FIGURES}
    measurement = Measurement(candidate_id=candidate_id, **{**settings, **values})
    append_line(run.measurements, asdict(measurement))


def test_a_good_measurement_takes_the_estimates_place(run: RunDirectory) -> None:
    write(run, "b")
    first, second = read_records(run.records)
    assert first == record("a", latency_source="estimate", learning_curve=[])
    latency = (second.latency_ms, second.latency_low_ms, second.latency_high_ms)
    assert latency == (3.0, 2.9, 3.2)
    assert (second.latency_source, second.latency_device) == ("device", "usb:1")
    assert second.latency_count == 60
    assert (second.accuracy, second.status) == (0.5, "complete")


@pytest.mark.parametrize("status", ["drifting", "unstable", "lost", "failed"])
def test_any_other_leaves_the_estimate(run: RunDirectory, status: str) -> None:
    write(run, "a", status=status, reason="too hot")
    assert read_records(run.records)[0].latency_source == "estimate"


def test_the_first_good_one_counts(run: RunDirectory) -> None:
    write(run, "a", status="unstable")
    write(run, "a")
    write(run, "a", figures={**FIGURES, "median_ms": 9.0})
    assert read_records(run.records)[0].latency_ms == 3.0


def test_one_that_breaks_a_constraint_makes_the_candidate_infeasible(run: RunDirectory) -> None:
    write(run, "a", broken="latency_ms<=2 does not hold: latency_ms is 3")
    broken = read_records(run.records)[0]
    assert (broken.status, broken.latency_ms) == ("infeasible", 3.0)
    assert broken.reason == "latency_ms<=2 does not hold: latency_ms is 3"


def test_a_line_cut_off_by_a_crash_is_left_out_and_closed(run: RunDirectory) -> None:
    write(run, "a")
    whole = run.measurements.read_bytes()
    for cut in range(len(whole) - 1):
        run.measurements.write_bytes(whole[:cut])
        assert read_records(run.records)[0].latency_source == "estimate"
    write(run, "b")
    assert [each.latency_source for each in read_records(run.records)] == ["estimate", "device"]


@pytest.mark.parametrize(("line", "message"), [
    ({"schema": 2}, "jsonl:1: not a measurement of schema 1"), ([], "not a measurement"),
    ({"schema": 1}, "incomplete measurement"),
    ({"schema": 1, "candidate_id": "a", "device": None, "status": "good"}, "a good measurement"),
    ({"schema": 1, "candidate_id": "a", "device": "usb", "status": "good",
      "figures": {**FIGURES, "median_ms": float("nan")}}, "a good measurement needs median_ms"),
])  # fmt: skip
def test_a_strangers_line_is_refused(run: RunDirectory, line: Any, message: str) -> None:
    import json

    run.measurements.write_text(json.dumps(line) + "\n")
    with pytest.raises(UserError, match=message):
        read_records(run.records)
