"""The search with a bench beside it: what is measured, when, and what survives."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from nas.executors.workers import Assignment
from nas.records.pareto import pareto_front
from nas.records.record import Record, read_records
from nas.study import events
from nas.study.loop import Search
from nas.study.measuring import FAILED, LOST, DevicesLostError, Measuring
from nas.view.files import write_views
from tests.study.test_loop import InstantPool, Witness, make_search

MODEL_FILE = "model.tflite"


@dataclass(frozen=True)
class Attempt:
    key: str
    status: str = "good"
    device: str | None = "usb:1"
    reason: str | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    energy: Mapping[str, Any] = field(default_factory=dict)
    failures: tuple[str, ...] = ()
    model_sha256: str | None = None


class InstantBench:
    """Measures one at a time, in no time: as many milliseconds as the model file says."""

    def __init__(
        self,
        status: Callable[[int], str] = lambda _: "good",
        dies: int = 10**6,
        energy: Mapping[str, Any] | None = None,
    ) -> None:
        self.submitted: list[str] = []
        self._energy = energy or {}
        self._status, self._dies = status, dies
        self._ended: list[Attempt] = []

    @property
    def has_room(self) -> bool:
        return self.is_idle and not self.is_lost

    @property
    def is_idle(self) -> bool:
        return not self._ended

    @property
    def is_lost(self) -> bool:
        return len(self.submitted) >= self._dies

    def submit(self, key: str, model: bytes) -> None:
        assert self.has_room
        status = self._status(len(self.submitted))
        self.submitted.append(key)
        at = float(model)
        good = {"median_ms": at, "q1_ms": 0.9 * at, "q3_ms": 1.1 * at, "count": 60}
        figures = good if status == "good" else {}
        self._ended.append(Attempt(key, status, figures=figures, energy=self._energy))

    def take_outcomes(self) -> Sequence[Attempt]:
        ended, self._ended = self._ended, []
        return ended

    def take_given_up(self) -> Sequence[str]:
        return ["usb:1 is given up"] if len(self.submitted) == self._dies else []


class WritingPool(InstantPool):
    """Writes a file for each model, which says the latency that a device will measure."""

    @property
    def has_room(self) -> bool:
        return self.is_idle

    def submit(self, assignment: Assignment) -> None:
        super().submit(assignment)
        assignment.model_directory.mkdir(parents=True, exist_ok=True)
        latency_ms = assignment.hyperparameters["width"] / 2
        (assignment.model_directory / MODEL_FILE).write_text(f"{latency_ms}")


def measured_search(
    path: Path, bench: InstantBench, *constraints: str, needs_device: bool = False, **settings: Any
) -> Search:
    search = make_search(path, WritingPool(), *constraints, trials=4, **settings)
    search.measuring = Measuring(
        bench=bench,
        log=search.directory.measurements,
        model_file=lambda name: search.directory.model(name) / MODEL_FILE,
        outcomes=search.outcomes,
        observer=search.observer,
        needs_device=needs_device,
    )
    return search


def lines(search: Search) -> list[dict[str, Any]]:
    return [json.loads(line) for line in search.directory.measurements.read_text().splitlines()]


def test_the_front_is_measured_and_every_reader_sees_it(tmp_path: Path) -> None:
    search = measured_search(tmp_path, InstantBench())
    finished = search.run()
    assert finished.front
    assert {each.latency_source for each in finished.front} == {"device"}
    for each in finished.front:
        assert each.latency_ms == each.hyperparameters["width"] / 2
        assert (each.latency_device, each.latency_count) == ("usb:1", 60)
    read = read_records(search.directory.records)
    front = pareto_front(read, search.outcomes.objectives)
    assert [latency(each) for each in front] == [latency(each) for each in finished.front]
    assert '"device"' not in search.directory.records.read_text(), "records are never rewritten"
    config, objectives = search.outcomes.config, search.outcomes.objectives
    write_views(search.directory, config, read, objectives, with_page=False)
    rows = search.directory.front_csv.read_text().splitlines()[1:]
    assert {float(row.split(",")[2]) for row in rows} == {
        each.latency_ms for each in finished.front
    }


def latency(record: Record) -> tuple[object, ...]:
    return (record.candidate_id, record.latency_ms, record.latency_source, record.latency_device)


def test_the_energy_of_a_sensor_is_kept_and_every_reader_sees_it(tmp_path: Path) -> None:
    energy = {"energy_mj": 12.5, "power_w": 2.0, "source": "ina219 at hwmon1:1"}
    search = measured_search(tmp_path, InstantBench(energy=energy))
    finished = search.run()
    assert {(each.energy_mj, each.energy_source) for each in finished.front} == {(12.5, "device")}
    read = {each.candidate_id: each for each in read_records(search.directory.records)}
    assert all(read[each.candidate_id].energy_mj == 12.5 for each in finished.front)
    assert [line["energy"] for line in lines(search)] == [energy] * len(lines(search))


def test_why_energy_is_estimated_is_told_once(tmp_path: Path) -> None:
    search = measured_search(tmp_path, InstantBench(energy={"reason": "compare the clocks"}))
    finished = search.run()
    assert {each.energy_source for each in finished.front} == {"estimate"}
    assert isinstance(search.observer, Witness)
    told = events.DeviceTold("energy not measured on usb:1: compare the clocks")
    assert len(lines(search)) > 1
    assert search.observer.events.count(told) == 1


def test_a_measured_energy_can_break_a_constraint(tmp_path: Path) -> None:
    energy = {"energy_mj": 12.5, "power_w": 2.0, "source": "ina219"}
    search = measured_search(tmp_path, InstantBench(energy=energy), "energy_mj<=12")
    search.run()
    broken = [line["broken"] for line in lines(search)]
    assert broken
    assert set(broken) == {"energy_mj<=12 does not hold: energy_mj is 12.5"}


def test_each_is_told_with_its_estimate(tmp_path: Path) -> None:
    search = measured_search(tmp_path, InstantBench())
    search.run()
    assert isinstance(search.observer, Witness)
    told = [e for e in search.observer.events if isinstance(e, events.CandidateMeasured)]
    assert len(told) == len(lines(search))
    for event in told:
        assert event.record.latency_source == "device"
        assert event.estimated_ms not in (None, event.record.latency_ms)


def test_a_search_measures_while_others_train(tmp_path: Path) -> None:
    search = measured_search(tmp_path, InstantBench())
    search.run()
    assert isinstance(search.observer, Witness)
    kinds = [type(event).__name__ for event in search.observer.events]
    last = len(kinds) - 1 - kinds[::-1].index("CandidateFinished")
    assert "CandidateMeasured" in kinds[:last]


def test_resumed_only_what_is_missing_is_measured(tmp_path: Path) -> None:
    first = measured_search(tmp_path, InstantBench())
    first.run()
    again = InstantBench()
    measured_search(tmp_path, again).run()
    assert again.submitted == []
    whole = first.directory.measurements.read_bytes()
    kept = whole.splitlines(keepends=True)
    first.directory.measurements.write_bytes(b"".join(kept[:-1]) + kept[-1][:50])
    resumed = measured_search(tmp_path, again)
    finished = resumed.run()
    assert again.submitted == [json.loads(kept[-1])["candidate_id"]]
    assert {each.latency_source for each in finished.front} == {"device"}


def test_a_run_that_was_estimated_is_measured_when_resumed_with_a_device(tmp_path: Path) -> None:
    estimated = measured_search(tmp_path, InstantBench())
    estimated.measuring = None
    estimated.run()
    search = measured_search(tmp_path, InstantBench())
    finished = search.run()
    assert search.pool.is_idle
    assert {each.latency_source for each in finished.front} == {"device"}


def test_figures_that_are_not_good_are_tried_again_when_nothing_trains(tmp_path: Path) -> None:
    bench = InstantBench(lambda number: "good" if number >= 6 else "unstable")
    search = measured_search(tmp_path, bench)
    finished = search.run()
    assert {each.latency_source for each in finished.front} == {"device"}
    statuses = [line["status"] for line in lines(search)]
    assert statuses[:6] == ["unstable"] * 6
    assert set(statuses[6:]) == {"good"}


def test_what_is_never_good_stays_an_estimate(tmp_path: Path) -> None:
    bench = InstantBench(lambda _: "drifting")
    finished = measured_search(tmp_path, bench).run()
    assert {each.latency_source for each in finished.front} == {"estimate"}
    assert max(map(bench.submitted.count, bench.submitted)) == 3


def test_what_fails_is_not_measured_again_but_what_was_lost_is(tmp_path: Path) -> None:
    script = [LOST, LOST, LOST, LOST, FAILED]
    bench = InstantBench(lambda n: script[n] if n < len(script) else "good")
    search = measured_search(tmp_path, bench)
    finished = search.run()
    failed = [line["candidate_id"] for line in lines(search) if line["status"] == FAILED]
    assert len(failed) == 1
    assert bench.submitted.count(failed[0]) == 1 + sum(
        line["candidate_id"] == failed[0] for line in lines(search)[:4]
    )
    sources = {each.candidate_id: each.latency_source for each in finished.front}
    assert all(source == "device" for name, source in sources.items() if name not in failed)


def test_without_devices_left_the_search_goes_on_with_estimates(tmp_path: Path) -> None:
    search = measured_search(tmp_path, InstantBench(lambda _: LOST, dies=2))
    finished = search.run()
    assert finished.finished == 4
    assert {each.latency_source for each in finished.front} == {"estimate"}
    assert isinstance(search.observer, Witness)
    assert events.DeviceTold("usb:1 is given up") in search.observer.events


def test_or_it_ends_if_that_was_asked_for_and_can_be_resumed(tmp_path: Path) -> None:
    search = measured_search(tmp_path, InstantBench(lambda _: LOST, dies=2), needs_device=True)
    with pytest.raises(DevicesLostError):
        search.run()
    assert search.pool.is_idle
    finished = measured_search(tmp_path, InstantBench()).run()
    assert finished.finished == 4
    assert {each.latency_source for each in finished.front} == {"device"}


def test_a_measured_latency_can_break_a_constraint(tmp_path: Path) -> None:
    search = measured_search(tmp_path, InstantBench(), "latency_ms<=5")
    finished = search.run()
    broken = [r for r in read_records(search.directory.records) if r.status == "infeasible"]
    assert {each.hyperparameters["width"] for each in broken} == {12, 16}
    assert all("latency_ms<=5 does not hold" in str(each.reason) for each in broken)
    assert {each.hyperparameters["width"] for each in finished.front} <= {4, 8}


def test_models_of_other_machines_are_not_measured_here(tmp_path: Path) -> None:
    bench = InstantBench()
    search = measured_search(tmp_path, bench)
    assert search.measuring is not None
    search.measuring.model_file = lambda name: tmp_path / "elsewhere" / name
    search.run()
    assert bench.submitted == []
