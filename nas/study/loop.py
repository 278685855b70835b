"""The search: ask for a candidate, evaluate it, record it, tell Optuna."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import TrialState

from nas.candidates.candidate import Candidate, Space
from nas.candidates.costs import known_costs
from nas.candidates.hyperparameters import OptunaHyperParameters, encode, fixed_hyperparameters
from nas.candidates.reading import Reading, read_candidate
from nas.edgetpu.estimator import Estimator
from nas.errors import CandidateError
from nas.evaluation.inheritance import WEIGHTS_FILE
from nas.evaluation.recipe import Recipe
from nas.executors.executor import Executor
from nas.executors.workers import (
    Assignment,
    EpochMessage,
    Message,
    ResultMessage,
    StageMessage,
)
from nas.records.constraint import violation
from nas.records.pareto import pareto_front
from nas.records.record import Record, append_record, read_records
from nas.records.run import RunDirectory
from nas.sampling.gate import Gate
from nas.sampling.gate_forecast import Forecast
from nas.study import events
from nas.study.ancestry import closest_relative
from nas.study.machines import Machines, machines_of
from nas.study.measuring import Measuring
from nas.study.outcome import Outcomes

MOST_REPEATS = 100
"""A space counts as exhausted after this many proposals in a row without a new network."""

POLL_S = 1.0

PREPARE_S = 0.2
"""So long the next proposal is prepared at a time, and so long is listened in between."""

TIME_IS_UP = "the time is up"

UNBUILT = "unbuilt-"
"""Begins the id of a candidate that has no network."""


@dataclass(frozen=True)
class _Running:
    """A candidate at work, what it costs, and every trial that proposed its network."""

    candidate: Candidate
    costs: Mapping[str, Any]
    trials: list[optuna.Trial]
    prior: Forecast | None = None
    parent: str | None = None
    curve: list[float] = field(default_factory=list)


@dataclass
class Search:
    """One search over a space, started anew or resumed.

    Attributes:
        directory: Where everything is written.
        space: Where candidates come from.
        presets: Hyperparameters of hand-made networks by name; the first trials.
        outcomes: Makes records and tells Optuna.
        study: Optuna's study.
        pool: Evaluates candidates.
        estimator: Chip model.
        recipe: How candidates are trained.
        observer: Told about everything that happens.
        gate: Ends trainings that will hardly reach the front; ``None`` lets all go on.
        expected: Tells by a trial's number which log error the sampler's model expects, if it does.
        prepare: Works for so many seconds on what the next proposal will need; tells whether some
            of that is left to do.
        measuring: Measures candidates on devices; ``None`` leaves the estimates.
    """

    directory: RunDirectory
    space: Space
    presets: Mapping[str, Mapping[str, Any]]
    outcomes: Outcomes
    study: optuna.Study
    pool: Executor
    estimator: Estimator
    recipe: Recipe
    observer: events.Observer
    gate: Gate | None = None
    expected: Callable[[int], Forecast | None] = lambda _number: None
    prepare: Callable[[float], bool] = lambda _seconds: False
    measuring: Measuring | None = None
    _records: dict[str, Record] = field(default_factory=dict)
    _running: dict[int, _Running] = field(default_factory=dict)
    _preset_names: dict[str, str] = field(default_factory=dict)
    _repeats: int = 0
    _is_unprepared: bool = True
    _started: float = field(default_factory=time.monotonic)
    _machines: Machines = field(init=False)

    def __post_init__(self) -> None:
        self._machines = machines_of(self.study, self.outcomes.config)

    def run(self) -> events.SearchFinished:
        """Search until the trials, the time or the networks run out.

        Whatever ends it, even an interruption, every finished candidate is recorded.
        """
        self._restore()
        try:
            while not self._is_over():
                self._start_candidates()
                messages = self.pool.wait(PREPARE_S if self._is_unprepared else POLL_S)
                for message in messages:
                    self._handle(message)
                self._prepare_ahead(is_idle=not messages)
                self._exchange()
                if self.measuring is not None:
                    self.measuring.step(self._records)
            if self.measuring is not None:
                self.measuring.finish(self._records)
        finally:
            self.pool.close()
        return self._finish_search()

    def _prepare_ahead(self, *, is_idle: bool) -> None:
        """Prepare the next proposal while waiting, half of the time: trainings want the cores."""
        if not is_idle:
            self._is_unprepared = True
        elif self._is_unprepared and self._stop_reason() is None:
            self._is_unprepared = self.prepare(PREPARE_S)

    def _finish_search(self) -> events.SearchFinished:
        seconds = time.monotonic() - self._started
        reason = self._stop_reason() or "all trials are done"
        event = events.SearchFinished(len(self._records), self._front(), seconds, reason)
        self.observer.notify(event)
        return event

    def _front(self) -> Sequence[Record]:
        return pareto_front(list(self._records.values()), self.outcomes.objectives)

    def _restore(self) -> None:
        """Take up earlier records; put presets and whatever was interrupted in line."""
        self._records = {r.candidate_id: r for r in read_records(self.directory.records)}
        config = self.outcomes.config
        self.observer.notify(events.SearchStarted(config, self.directory, len(self._records)))
        self._tell_what_a_crash_left_untold()
        left_behind = self._machines.left_behind()
        self._put_in_line(left_behind)
        self._machines.give_up(left_behind)  # last: a crash before asks twice, one after never
        self._exchange()
        in_line = self._trials(TrialState.WAITING, TrialState.RUNNING)
        waiting = {trial.user_attrs.get("preset") for trial in in_line}
        for name, values in self.presets.items():
            preset = read_candidate(self.space, fixed_hyperparameters(values))
            self._preset_names[preset.id] = name
            if preset.id not in self._records and name not in waiting:
                parameters = encode(preset.kinds, values)
                self.study.enqueue_trial(parameters, user_attrs={"preset": name})

    def _put_in_line(self, interrupted: Sequence[optuna.trial.FrozenTrial]) -> None:
        """Ask again for what was interrupted, unless its record was written before."""
        recorded = {record.trial for record in self._records.values()}
        for trial in interrupted:
            if trial.number not in recorded:
                preset = trial.user_attrs.get("preset")
                # Interrupted while it was asked, it has but some of what it was to have.
                parameters = {**trial.system_attrs.get("fixed_params", {}), **trial.params}
                self.study.enqueue_trial(parameters, {"preset": preset} if preset else {})

    def _exchange(self) -> None:
        """Take in what other machines told, and put in line what a lost one was at."""
        self._machines.look()
        for record in self._machines.take_news():
            if record.candidate_id not in self._records:
                found = Candidate(record.candidate_id, record.hyperparameters)
                self._keep(_Running(found, {}, trials=[]), record)
        self._put_in_line(self._machines.take_lost())

    def _trials(self, *states: TrialState) -> list[optuna.trial.FrozenTrial]:
        return self.study.get_trials(deepcopy=False, states=states)

    def _tell_what_a_crash_left_untold(self) -> None:
        complete = self._trials(TrialState.COMPLETE)
        told = {trial.user_attrs.get("candidate_id") for trial in complete}
        for record in self._records.values():
            if record.candidate_id not in told and not record.candidate_id.startswith(UNBUILT):
                values = record.hyperparameters
                untold = read_candidate(self.space, fixed_hyperparameters(values))
                trial = optuna.trial.FixedTrial(encode(untold.kinds, values))
                read_candidate(self.space, OptunaHyperParameters(trial))
                self.outcomes.add(self.study, trial, record)

    def _is_over(self) -> bool:
        """Whether nothing is to be done, nor to be expected of other machines within the time."""
        reason = self._stop_reason()
        expected = 0 if reason == TIME_IS_UP else self._machines.at_work
        return reason is not None and self.pool.is_idle and not expected

    def _stop_reason(self) -> str | None:
        """Return why no further candidate starts, or ``None``."""
        config = self.outcomes.config
        at_work = len(self._running) + self._machines.at_work
        if len(self._records) + at_work >= config.trials:
            return "all trials are done"
        if config.timeout_s and time.monotonic() - self._started >= config.timeout_s:
            return TIME_IS_UP
        if self._repeats >= MOST_REPEATS:
            return f"no new network in {MOST_REPEATS} proposals: the space is exhausted"
        return None

    def _start_candidates(self) -> None:
        while self.pool.has_room and self._stop_reason() is None:
            self._propose()
            self._exchange()

    def _propose(self) -> None:
        """Ask for one candidate; nothing known or infeasible is trained."""
        trial = self._machines.ask()
        reading = self._read(trial)
        if reading is None:
            return
        preset = self._preset_names.get(reading.id)
        candidate = Candidate(reading.id, reading.hyperparameters, preset=preset)
        if self._is_repeat(trial, candidate):
            return
        costs = known_costs(reading, self.estimator)
        parent = self._parent(candidate)
        running = _Running(candidate, costs, [trial], self.expected(trial.number), parent)
        broken = violation(costs, self.outcomes.constraints)
        if broken is not None:
            self._finish(running, "infeasible", broken)
        elif not self._stop(running):
            self._submit(running)

    def _read(self, trial: optuna.Trial) -> Reading | None:
        hyperparameters = OptunaHyperParameters(trial)
        try:
            return read_candidate(self.space, hyperparameters)
        except CandidateError as error:
            unbuilt = Candidate(_settings_id(hyperparameters.values), hyperparameters.values)
            if not self._is_repeat(trial, unbuilt):
                self._finish(_Running(unbuilt, {}, [trial]), "failed", str(error))
            return None

    def _is_repeat(self, trial: optuna.Trial, candidate: Candidate) -> bool:
        """Answer a known network from its record, or when it is done if it is at work now."""
        self._repeats += 1
        known = self._records.get(candidate.id)
        if known is not None:
            self.outcomes.tell(self.study, trial, known)
            return True
        for running in self._running.values():
            if running.candidate.id == candidate.id:
                running.trials.append(trial)
                return True
        if not self._machines.claim(trial, candidate.id, self.outcomes.config.trials):
            self.study.tell(trial, state=TrialState.FAIL)
            return True
        self._repeats = 0
        return False

    def _submit(self, running: _Running) -> None:
        number, candidate = running.trials[0].number, running.candidate
        config = self.outcomes.config
        assignment = Assignment(
            trial=number,
            space=config.space,
            hyperparameters=candidate.hyperparameters,
            data_directory=self.directory.data,
            model_directory=self.directory.model(candidate.id),
            recipe=self.recipe,
            estimator=self.estimator,
            parent=None if running.parent is None else self._weights(running.parent),
            keep_weights=config.inherit,
        )
        self._running[number] = running
        self.pool.submit(assignment)

    def _parent(self, candidate: Candidate) -> str | None:
        """Return whose weights a candidate starts from; presets start from their own."""
        if not self.outcomes.config.inherit or candidate.preset is not None:
            return None
        keeping = [r for r in self._records.values() if self._weights(r.candidate_id).exists()]
        relative = closest_relative(candidate.hyperparameters, keeping)
        return None if relative is None else relative.candidate_id

    def _weights(self, candidate_id: str) -> Path:
        return self.directory.model(candidate_id) / WEIGHTS_FILE

    def _stop(self, running: _Running) -> bool:
        """Record a candidate as stopped if the gate says so; presets are always trained."""
        candidate, costs, curve = running.candidate, running.costs, running.curve
        if self.gate is None or candidate.preset is not None:
            return False
        records = list(self._records.values())
        verdict = self.gate.stop(costs, curve, records, running.prior)
        if verdict is None:
            return False
        number = running.trials[0].number
        self._keep(running, self.outcomes.stopped(candidate, number, verdict, curve, costs))
        return True

    def _handle(self, message: Message) -> None:
        running = self._running.get(message.trial)
        if running is None:
            return  # said before its training was stopped
        candidate = running.candidate
        match message:
            case StageMessage(trial, stage):
                event = events.StageStarted(trial, candidate.id, candidate.preset, stage)
                self.observer.notify(event)
            case EpochMessage(trial, epoch, accuracy):
                epochs = self.recipe.epochs
                self.observer.notify(
                    events.EpochFinished(trial, candidate.id, epoch, epochs, accuracy)
                )
                running.curve[epoch - 1 :] = [accuracy]  # Ray may have begun it anew elsewhere
                if self._stop(running):
                    self.pool.stop(trial)
                    del self._running[trial]
            case ResultMessage(trial, evaluation, reason):
                del self._running[trial]
                if evaluation is None:
                    self._finish(running, "failed", reason or "unknown")
                else:
                    record = self.outcomes.finished(candidate, trial, evaluation, running.parent)
                    self._keep(running, record)

    def _finish(self, running: _Running, status: Any, reason: str) -> None:
        """Finish a candidate that has no accuracy."""
        number = running.trials[0].number
        costs = running.costs
        self._keep(
            running, self.outcomes.unfinished(running.candidate, number, status, reason, costs)
        )

    def _keep(self, running: _Running, record: Record) -> None:
        """Record first, tell second: a crash between the two loses nothing."""
        append_record(self.directory.records, record)
        self._records[record.candidate_id] = record
        for trial in running.trials:
            self.outcomes.tell(self.study, trial, record)
        finished = len(self._records)
        self.observer.notify(events.CandidateFinished(record, finished, self._front()))


def _settings_id(values: Mapping[str, Any]) -> str:
    """Name a candidate that has no network by its settings."""
    text = json.dumps(values, sort_keys=True)
    return UNBUILT + hashlib.sha256(text.encode()).hexdigest()[:12]
