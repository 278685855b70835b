"""The loop by itself: repeats, constraints and crashes, with a pool that evaluates at once."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import optuna
import pytest
from optuna.trial import TrialState

from nas.candidates.candidate import build_candidate
from nas.candidates.hyperparameters import OptunaHyperParameters, fixed_hyperparameters
from nas.edgetpu.estimator import Estimator
from nas.evaluation.recipe import Recipe
from nas.evaluation.training import Training
from nas.executors.workers import Assignment, Message, ResultMessage
from nas.network.keras_graph import read_keras_model
from nas.records.constraint import parse_constraint
from nas.records.record import Record, append_record, read_records
from nas.records.run import RunDirectory
from nas.study import events
from nas.study.loop import POLL_S, PREPARE_S, Search
from nas.study.outcome import Outcomes
from nas.study.storage import open_study
from objectives import OBJECTIVES
from tests.own_space import network
from tests.records.runs import run_config

WIDTHS = (4, 8, 12, 16)


class Space:
    """Networks of four widths, three of which can be had in two ways."""

    def build(self, hp: Any) -> Any:
        hp.Boolean("without_effect")
        return network(hp.Choice("width", list(WIDTHS)), (16, 16, 3), 2, "good")

    def presets(self) -> dict[str, dict[str, Any]]:
        return {"wide": {"without_effect": False, "width": 16}}


class InstantPool:
    """Evaluates in no time: wider networks are more accurate."""

    def __init__(self, dies_after: int | None = None) -> None:
        self.assignments: list[Assignment] = []
        self._waiting: list[Assignment] = []
        self._dies_after = dies_after

    @property
    def has_room(self) -> bool:
        return len(self._waiting) < 2

    @property
    def is_idle(self) -> bool:
        return not self._waiting

    def submit(self, assignment: Assignment) -> None:
        self.assignments.append(assignment)
        self._waiting.append(assignment)

    def wait(self, _seconds: float) -> Sequence[Message]:
        if len(self.assignments) == self._dies_after:
            raise KeyboardInterrupt
        done, self._waiting = self._waiting, []
        return [ResultMessage(each.trial, self._evaluation(each)) for each in done]

    def close(self) -> None:
        self._waiting = []

    def _evaluation(self, assignment: Assignment) -> Any:
        values = assignment.hyperparameters
        model = build_candidate(Space(), fixed_hyperparameters(values)).model
        return SimpleNamespace(
            accuracy=0.5 + values["width"] / 100,
            validation_examples=100,
            training=Training((0.6,), 1, 0.1),
            training_memory_bytes=1,
            model_bytes=1,
            parameters=model.count_params(),
            estimate=Estimator().estimate(read_keras_model(model)),
            seconds={},
            inherited_share=None,
        )


class Witness:
    def __init__(self) -> None:
        self.events: list[events.Event] = []

    def notify(self, event: events.Event) -> None:
        self.events.append(event)


def make_search(path: Path, pool: Any, *constraints: str, **settings: Any) -> Search:
    config = run_config(constraints=constraints, **settings)
    objectives = [OBJECTIVES[name] for name in config.objectives]
    bounds = [parse_constraint(text) for text in constraints]
    space, directory = Space(), RunDirectory(path)
    return Search(
        directory=directory,
        space=space,
        presets=space.presets(),
        outcomes=Outcomes(config, objectives, bounds),
        study=open_study(config, directory, objectives, optuna.samplers.RandomSampler(seed=0)),
        pool=pool,
        estimator=Estimator(),
        recipe=Recipe(1, 16, 0),
        observer=Witness(),
    )


def complete(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    return study.get_trials(states=(TrialState.COMPLETE,))


def test_no_network_is_trained_twice_and_an_exhausted_space_ends_the_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nas.study.loop.MOST_REPEATS", 20)
    pool = InstantPool()
    search = make_search(tmp_path, pool, trials=10)
    finished = search.run()
    assert sorted(each.hyperparameters["width"] for each in pool.assignments) == list(WIDTHS)
    assert finished.finished == 4
    assert "no new network in 20 proposals" in finished.reason
    records = read_records(search.directory.records)
    by_id = {record.candidate_id: record for record in records}
    for trial in complete(search.study):
        assert trial.values[0] == by_id[trial.user_attrs["candidate_id"]].accuracy
    assert not search.study.get_trials(states=(TrialState.RUNNING,))


def test_the_preset_is_the_first_trial_and_is_named(tmp_path: Path) -> None:
    search = make_search(tmp_path, InstantPool(), trials=2)
    search.run()
    first, second = read_records(search.directory.records)
    assert (first.preset, first.hyperparameters["width"]) == ("wide", 16)
    assert second.preset is None


def test_an_infeasible_network_is_recorded_with_its_costs_and_never_trained(
    tmp_path: Path,
) -> None:
    pool = InstantPool()
    search = make_search(tmp_path, pool, "parameters<=600", trials=4)
    search.run()
    assert {each.hyperparameters["width"] for each in pool.assignments} == {4, 8}
    infeasible = [r for r in read_records(search.directory.records) if r.status == "infeasible"]
    assert {record.hyperparameters["width"] for record in infeasible} == {12, 16}
    for record in infeasible:
        assert record.accuracy is None
        assert record.latency_ms is not None
        assert "parameters<=600 does not hold: parameters is" in str(record.reason)


def test_a_crash_between_record_and_tell_is_made_good_without_training(tmp_path: Path) -> None:
    search = make_search(tmp_path, InstantPool(), trials=2)
    search.run()
    lost = lost_record(search, width=4, trial=99)
    append_record(search.directory.records, lost)
    pool = InstantPool()
    resumed = make_search(tmp_path, pool, trials=3)
    assert resumed.run().finished == 3
    assert pool.assignments == []
    told = [t for t in complete(resumed.study) if t.user_attrs["candidate_id"] == "lost"]
    assert [(trial.values[0], trial.params["width__index"]) for trial in told] == [(0.54, 0)]


def lost_record(search: Search, width: int, trial: int) -> Record:
    values = {"without_effect": False, "width": width}
    candidate = build_candidate(search.space, fixed_hyperparameters(values))
    record = search.outcomes.unfinished(candidate, trial, "complete", "", {"accuracy": 0.54})
    return Record(**{**vars(record), "candidate_id": "lost"})


def test_interrupted_trials_are_evaluated_again_and_counted_once(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        make_search(tmp_path, InstantPool(dies_after=2), trials=3).run()
    pool = InstantPool()
    resumed = make_search(tmp_path, pool, trials=3)
    assert resumed.run().finished == 3
    assert len(pool.assignments) == 3
    assert pool.assignments[0].hyperparameters["width"] == 16
    assert len(complete(resumed.study)) == 3 + repeats(resumed)


def repeats(search: Search) -> int:
    ids = [trial.user_attrs["candidate_id"] for trial in complete(search.study)]
    return len(ids) - len(set(ids))


def test_time_that_is_up_starts_nothing_new(tmp_path: Path) -> None:
    pool = InstantPool()
    finished = make_search(tmp_path, pool, trials=3, timeout_s=1e-9).run()
    assert (finished.finished, finished.reason) == (0, "the time is up")
    assert pool.assignments == []


def test_waiting_is_used_to_prepare_until_all_is_done(tmp_path: Path) -> None:
    class SlowPool(InstantPool):
        """Answers at the fourth time it is asked."""

        waited: ClassVar[list[float]] = []

        def wait(self, seconds: float) -> Sequence[Message]:
            self.waited.append(seconds)
            return [] if len(self.waited) % 4 else super().wait(seconds)

    prepared: list[float] = []

    def prepare(seconds: float) -> bool:
        prepared.append(seconds)
        return len(prepared) % 2 == 1

    pool = SlowPool()
    search = make_search(tmp_path, pool, trials=3)
    search.prepare = prepare
    assert search.run().finished == 3  # two at a time
    assert pool.waited == [PREPARE_S, PREPARE_S, POLL_S, POLL_S] + [PREPARE_S] * 4
    assert prepared == [PREPARE_S] * 2  # after the last one nothing is proposed


def test_the_observer_is_told_the_front_with_every_candidate(tmp_path: Path) -> None:
    search = make_search(tmp_path, InstantPool(), trials=3)
    search.run()
    witness = search.observer
    assert isinstance(witness, Witness)
    kinds = [type(event).__name__ for event in witness.events]
    assert kinds == ["SearchStarted", *["CandidateFinished"] * 3, "SearchFinished"]
    last = witness.events[-1]
    assert isinstance(last, events.SearchFinished)
    assert max(record.accuracy or 0 for record in last.front) == 0.66


class Stops:
    """A space that is interrupted at its second question, once."""

    def __init__(self) -> None:
        self.is_interrupted = False

    def build(self, hp: Any) -> Any:
        hp.Boolean("without_effect")
        if isinstance(hp, OptunaHyperParameters) and not self.is_interrupted:
            self.is_interrupted = True
            raise KeyboardInterrupt
        return Space().build(hp)

    def presets(self) -> dict[str, dict[str, Any]]:
        return Space().presets()


def test_a_preset_that_was_interrupted_while_it_was_asked_is_asked_for_again(
    tmp_path: Path,
) -> None:
    search = make_search(tmp_path, InstantPool(), trials=1)
    search.space = Stops()
    with pytest.raises(KeyboardInterrupt):
        search.run()
    resumed = make_search(tmp_path, InstantPool(), trials=1)
    resumed.run()
    (found,) = read_records(RunDirectory(tmp_path).records)
    assert (found.preset, found.hyperparameters["width"]) == ("wide", 16)


def test_killed_again_while_it_resumes_nothing_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyboardInterrupt):
        make_search(tmp_path, InstantPool(dies_after=2), trials=2).run()
    again = make_search(tmp_path, InstantPool(), trials=2)
    begun = [trial.params for trial in again.study.trials]
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(again.study, "enqueue_trial", Interrupts())
        again.run()
    make_search(tmp_path, InstantPool(), trials=2).run()
    trials = make_search(tmp_path, InstantPool(), trials=2).study.trials
    finished = [trial.params for trial in trials if trial.state == TrialState.COMPLETE]
    assert all(params in finished for params in begun)


class Interrupts:
    def __call__(self, *_arguments: Any) -> None:
        raise KeyboardInterrupt
