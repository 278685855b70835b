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


ESTIMATED = {"latency_source": "estimate", "energy_mj": 7.0, "energy_source": "estimate"}


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    directory = RunDirectory(tmp_path)
    for name in ("a", "b"):
        append_record(directory.records, record(name, **ESTIMATED))
    return directory


def write(run: RunDirectory, candidate_id: str, **values: Any) -> None:
    settings: dict[str, Any] = {"device": "usb:1", "status": "good", "figures": FIGURES}
    measurement = Measurement(candidate_id=candidate_id, **{**settings, **values})
    append_line(run.measurements, asdict(measurement))


def test_a_good_measurement_takes_the_estimates_place(run: RunDirectory) -> None:
    write(run, "b")
    first, second = read_records(run.records)
    assert first == record("a", **ESTIMATED)
    latency = (second.latency_ms, second.latency_low_ms, second.latency_high_ms)
    assert latency == (3.0, 2.9, 3.2)
    assert (second.latency_source, second.latency_device) == ("device", "usb:1")
    assert second.latency_count == 60
    assert (second.accuracy, second.status) == (0.5, "complete")
    assert (second.energy_mj, second.energy_source) == (7.0, "estimate")


def test_the_energy_of_a_sensor_takes_the_estimates_place(run: RunDirectory) -> None:
    write(run, "a", energy={"energy_mj": 11.5, "power_w": 2.1, "source": "ina219 at hwmon1:1"})
    write(run, "b", energy={"reason": "no such power sensor"})
    first, second = read_records(run.records)
    assert (first.energy_mj, first.energy_source) == (11.5, "device")
    assert (second.energy_mj, second.energy_source) == (7.0, "estimate")
    assert (second.latency_ms, second.latency_source) == (3.0, "device")


def test_what_the_host_prepares_is_in_no_sensors_energy(run: RunDirectory) -> None:
    append_record(run.records, record("c", **ESTIMATED, front_end_ms=0.5))
    write(run, "c", energy={"energy_mj": 11.5, "power_w": 2.1, "source": "ina219"})
    prepared = read_records(run.records)[2]
    assert prepared.latency_ms == 3.5
    assert (prepared.energy_mj, prepared.energy_source) == (7.0, "estimate")


@pytest.mark.parametrize("energy_mj", [None, 0, -1.0, "7", True])
def test_an_energy_that_is_no_figure_is_none(run: RunDirectory, energy_mj: Any) -> None:
    write(run, "a", energy={"energy_mj": energy_mj})
    assert read_records(run.records)[0].energy_source == "estimate"


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
    ({"schema": 1}, "missing required field `candidate_id`"),
    ({"schema": 1, "candidate_id": "a", "device": None, "status": "good"}, "a good measurement"),
    ({"schema": 1, "candidate_id": "a", "device": "usb", "status": "good",
      "figures": {**FIGURES, "median_ms": float("nan")}}, "a good measurement needs median_ms"),
    ({"schema": 1, "candidate_id": "a", "device": None, "status": "good", "figures": []},
     "Expected `object`"),
    ({"schema": 1, "candidate_id": "a", "device": None, "status": "lost", "energy": 7},
     "Expected `object`"),
])  # fmt: skip
def test_a_strangers_line_is_refused(run: RunDirectory, line: Any, message: str) -> None:
    import json

    run.measurements.write_text(json.dumps(line) + "\n")
    with pytest.raises(UserError, match=message):
        read_records(run.records)
