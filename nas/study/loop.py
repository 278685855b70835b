"""The search: ask for a candidate, evaluate it, record it, tell Optuna."""

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import optuna
from optuna.trial import TrialState

from nas.edgetpu.estimator import Estimator
from nas.errors import CandidateError
from nas.evaluation.recipe import Recipe
from nas.study import events
from nas.study.candidate import Candidate, Space
from nas.study.constraint import violation
from nas.study.costs import cost_fields
from nas.study.hyperparameters import OptunaHyperParameters, encode, fixed_hyperparameters
from nas.study.outcome import Outcomes
from nas.study.pareto import pareto_front
from nas.study.reading import Reading, read_candidate
from nas.study.record import Record, append_record, read_records
from nas.study.run import RunDirectory
from nas.study.workers import (
    Assignment,
    EpochMessage,
    Message,
    ResultMessage,
    StageMessage,
    WorkerPool,
)

MOST_REPEATS = 100
"""A space counts as exhausted after this many proposals in a row without a new network."""

POLL_S = 1.0

UNBUILT = "unbuilt-"
"""Begins the id of a candidate that has no network."""


@dataclass(frozen=True)
class _Running:
    """A candidate at work, what it costs, and every trial that proposed its network."""

    candidate: Candidate
    costs: Mapping[str, Any]
    trials: list[optuna.Trial]


@dataclass
class Search:
    """One search over a space, started anew or resumed.

    Attributes:
        directory: Where everything is written.
        space: Where candidates come from.
        presets: Hyperparameters of hand-made networks by name; the first trials.
        outcomes: Makes records and tells Optuna.
        study: Optuna's study.
        pool: Worker processes.
        estimator: Chip model.
        recipe: How candidates are trained.
        observer: Told about everything that happens.
    """

    directory: RunDirectory
    space: Space
    presets: Mapping[str, Mapping[str, Any]]
    outcomes: Outcomes
    study: optuna.Study
    pool: WorkerPool
    estimator: Estimator
    recipe: Recipe
    observer: events.Observer
    _records: dict[str, Record] = field(default_factory=dict)
    _running: dict[int, _Running] = field(default_factory=dict)
    _preset_names: dict[str, str] = field(default_factory=dict)
    _repeats: int = 0
    _started: float = field(default_factory=time.monotonic)

    def run(self) -> events.SearchFinished:
        """Search until the trials, the time or the networks run out.

        Whatever ends it, even an interruption, every finished candidate is recorded.
        """
        self._restore()
        try:
            while self._stop_reason() is None or not self.pool.is_idle:
                self._start_candidates()
                for message in self.pool.wait(POLL_S):
                    self._handle(message)
        finally:
            self.pool.close()
        return self._finish_search()

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
        recorded = {record.trial for record in self._records.values()}
        for interrupted in self.study.get_trials(states=(TrialState.RUNNING,)):
            self.study.tell(interrupted.number, state=TrialState.FAIL)
            if interrupted.number not in recorded:
                self.study.enqueue_trial(interrupted.params, interrupted.user_attrs)
        in_line = self.study.get_trials(states=(TrialState.WAITING,))
        waiting = {trial.user_attrs.get("preset") for trial in in_line}
        for name, values in self.presets.items():
            preset = read_candidate(self.space, fixed_hyperparameters(values))
            self._preset_names[preset.id] = name
            if preset.id not in self._records and name not in waiting:
                parameters = encode(preset.kinds, values)
                self.study.enqueue_trial(parameters, user_attrs={"preset": name})

    def _tell_what_a_crash_left_untold(self) -> None:
        complete = self.study.get_trials(states=(TrialState.COMPLETE,))
        told = {trial.user_attrs.get("candidate_id") for trial in complete}
        for record in self._records.values():
            if record.candidate_id not in told and not record.candidate_id.startswith(UNBUILT):
                values = record.hyperparameters
                untold = read_candidate(self.space, fixed_hyperparameters(values))
                trial = optuna.trial.FixedTrial(encode(untold.kinds, values))
                read_candidate(self.space, OptunaHyperParameters(trial))
                self.outcomes.add(self.study, trial, record)

    def _stop_reason(self) -> str | None:
        """Return why no further candidate starts, or ``None``."""
        config = self.outcomes.config
        if len(self._records) + len(self._running) >= config.trials:
            return "all trials are done"
        if config.timeout_s and time.monotonic() - self._started >= config.timeout_s:
            return "the time is up"
        if self._repeats >= MOST_REPEATS:
            return f"no new network in {MOST_REPEATS} proposals: the space is exhausted"
        return None

    def _start_candidates(self) -> None:
        while self.pool.has_room and self._stop_reason() is None:
            self._propose()

    def _propose(self) -> None:
        """Ask for one candidate; nothing known or infeasible is trained."""
        trial = self.study.ask()
        reading = self._read(trial)
        if reading is None:
            return
        preset = self._preset_names.get(reading.id)
        candidate = Candidate(reading.id, reading.hyperparameters, preset=preset)
        if self._is_repeat(trial, candidate):
            return
        costs = self._costs(reading)
        running = _Running(candidate, costs, [trial])
        broken = violation(costs, self.outcomes.constraints)
        if broken is None:
            self._submit(running)
        else:
            self._finish(running, "infeasible", broken)

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
        self._repeats = 0
        return False

    def _costs(self, reading: Reading) -> Mapping[str, Any]:
        """Cost a network before training, as far as it can be read without converting it."""
        if reading.network is None:
            return {}
        parameters = {"parameters": reading.parameters}
        return cost_fields(self.estimator.estimate(reading.network)) | parameters

    def _submit(self, running: _Running) -> None:
        number, candidate = running.trials[0].number, running.candidate
        assignment = Assignment(
            trial=number,
            space=self.outcomes.config.space,
            hyperparameters=candidate.hyperparameters,
            data_directory=self.directory.data,
            model_directory=self.directory.model(candidate.id),
            recipe=self.recipe,
            estimator=self.estimator,
        )
        self._running[number] = running
        self.pool.submit(assignment)

    def _handle(self, message: Message) -> None:
        running = self._running[message.trial]
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
            case ResultMessage(trial, evaluation, reason):
                del self._running[trial]
                if evaluation is None:
                    self._finish(running, "failed", reason or "unknown")
                else:
                    record = self.outcomes.finished(candidate, trial, evaluation)
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
