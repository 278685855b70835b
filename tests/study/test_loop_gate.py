"""The loop and the gate: trainings end early, late messages do no harm, counts stay right."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from nas.evaluation.recipe import Recipe
from nas.executors.workers import Assignment, EpochMessage, Message, ResultMessage
from nas.records.record import Record, read_records
from nas.sampling.gate import Gate, Verdict
from nas.sampling.gate_forecast import Forecast
from nas.study.events import CandidateFinished, EpochFinished
from nas.study.loop import Search
from tests.study.test_loop import InstantPool, Witness, complete, make_search

EPOCHS = 3
VERDICT = Verdict(needed_accuracy=0.8, expected_accuracy=0.6, chance=0.01)


class EpochPool(InstantPool):
    """Says an epoch a turn, or everything at once as an executor far away may."""

    def __init__(self, *, at_once: bool = False, dies_after: int | None = None) -> None:
        super().__init__(dies_after)
        self.stopped: list[int] = []
        self._at_once = at_once
        self._said: dict[int, int] = {}

    def wait(self, seconds: float) -> Sequence[Message]:
        if len(self.assignments) == self._dies_after:
            raise KeyboardInterrupt
        return [message for each in list(self._waiting) for message in self._turn(each, seconds)]

    def _turn(self, assignment: Assignment, _seconds: float) -> list[Message]:
        trial = assignment.trial
        first = self._said.get(trial, 0) + 1
        last = EPOCHS + 1 if self._at_once else first
        self._said[trial] = last
        messages: list[Message] = [
            EpochMessage(trial, epoch, 0.1 * epoch) for epoch in range(first, min(last, EPOCHS) + 1)
        ]
        if last > EPOCHS:
            self._waiting.remove(assignment)
            messages.append(ResultMessage(trial, self._evaluation(assignment)))
        return messages

    def stop(self, trial: int) -> None:
        self.stopped.append(trial)
        self._waiting = [each for each in self._waiting if each.trial != trial]


class NarrowGate(Gate):
    """Stops networks of at most 600 parameters, widths 4 and 8, after ``epoch``."""

    epoch = 2
    priors: ClassVar[list[Forecast | None]] = []

    def stop(
        self,
        costs: Mapping[str, Any],
        curve: Sequence[float],
        records: Sequence[Record],
        prior: Forecast | None = None,
    ) -> Verdict | None:
        assert all(isinstance(record, Record) for record in records)
        self.priors.append(prior)
        return VERDICT if costs["parameters"] <= 600 and len(curve) == self.epoch else None


class EarlyGate(NarrowGate):
    epoch = 0


class StrictGate(NarrowGate):
    """Would stop every network after one epoch."""

    def stop(self, *_arguments: Any, **_options: Any) -> Verdict | None:
        return VERDICT


def gated(path: Path, pool: EpochPool, kind: type[Gate] = NarrowGate, **settings: Any) -> Search:
    search = make_search(path, pool, epochs=EPOCHS, **settings)
    search.recipe = Recipe(EPOCHS, 16, 0)
    search.gate = kind(search.outcomes.objectives, EPOCHS, 100)
    return search


def by_width(search: Search) -> dict[int, Record]:
    records = read_records(search.directory.records)
    return {record.hyperparameters["width"]: record for record in records}


@pytest.mark.parametrize("at_once", [False, True])
def test_a_stopped_candidate_keeps_its_curve_and_why_and_its_worker_ends(
    tmp_path: Path, at_once: bool
) -> None:
    pool = EpochPool(at_once=at_once)
    search = gated(tmp_path, pool, trials=4)
    assert search.run().finished == 4
    records = by_width(search)
    stopped = [record for record in records.values() if record.status == "stopped"]
    assert {record.hyperparameters["width"] for record in stopped} == {4, 8}
    assert sorted(pool.stopped) == sorted(record.trial or 0 for record in stopped)
    for record in stopped:
        assert record.learning_curve == pytest.approx((0.1, 0.2))
        assert record.gate == vars(VERDICT)
        assert (record.accuracy, record.epochs) == (None, 2)
        assert record.latency_ms is not None
        assert "ended after epoch 2 of 3: at its costs it needs 80.0 %" in str(record.reason)
    assert records[16].status == records[12].status == "complete"


def test_a_stopped_candidate_is_never_good_in_the_study_and_nothing_fails(tmp_path: Path) -> None:
    search = gated(tmp_path, EpochPool(), trials=4)
    search.run()
    stopped = {r.candidate_id for r in by_width(search).values() if r.status == "stopped"}
    told = [t for t in search.study.trials if t.user_attrs.get("candidate_id") in stopped]
    assert len(complete(search.study)) == len(search.study.trials)
    for trial in told:
        assert trial.values[0] == 0.0
        assert trial.constraints["evaluated"] > 0
        assert trial.user_attrs["gate"] == vars(VERDICT)
        assert trial not in search.study.best_trials


def test_before_training_nothing_is_submitted_and_the_curve_is_empty(tmp_path: Path) -> None:
    pool = EpochPool()
    search = gated(tmp_path, pool, EarlyGate, trials=4)
    search.run()
    assert {each.hyperparameters["width"] for each in pool.assignments} == {12, 16}
    assert pool.stopped == []
    record = by_width(search)[4]
    assert (record.status, list(record.learning_curve), record.epochs) == ("stopped", [], None)
    assert str(record.reason).startswith("not trained: ")


def test_a_preset_is_always_trained_to_the_end(tmp_path: Path) -> None:
    search = gated(tmp_path, EpochPool(), StrictGate, trials=2)
    search.run()
    records = by_width(search)
    preset = records.pop(16)
    assert (preset.preset, preset.status) == ("wide", "complete")
    assert [record.status for record in records.values()] == ["stopped"]


def test_who_watches_is_told_epochs_and_then_the_stopped_candidate(tmp_path: Path) -> None:
    search = gated(tmp_path, EpochPool(), trials=4)
    search.run()
    witness = search.observer
    assert isinstance(witness, Witness)
    stopped = next(r for r in by_width(search).values() if r.status == "stopped")
    said = [
        type(event).__name__
        for event in witness.events
        if (isinstance(event, EpochFinished) and event.trial == stopped.trial)
        or (isinstance(event, CandidateFinished) and event.record.trial == stopped.trial)
    ]
    assert said == ["EpochFinished", "EpochFinished", "CandidateFinished"]


def test_the_gate_is_told_what_the_sampler_expects(tmp_path: Path) -> None:
    NarrowGate.priors.clear()
    search = gated(tmp_path, EpochPool(), trials=4)
    search.expected = lambda number: Forecast(-1.0, 0.1, number)
    search.run()
    numbers = {record.trial for record in by_width(search).values() if record.preset is None}
    assert {prior.freedom for prior in NarrowGate.priors if prior} == numbers


def test_a_resumed_search_counts_stopped_candidates_and_trains_none_again(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        gated(tmp_path, EpochPool(dies_after=4), trials=4).run()
    before = read_records(tmp_path / "records.jsonl")
    pool = EpochPool()
    assert gated(tmp_path, pool, trials=4).run().finished == 4
    assert len(pool.assignments) == 4 - len(before)
    trained = {each.hyperparameters["width"] for each in pool.assignments}
    assert not trained & {record.hyperparameters["width"] for record in before}
