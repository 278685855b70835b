"""The machines that work on one study: what each found, is at, or left behind.

Every machine has a run directory of its own and never touches another's: all they share is the
study. A machine writes its record first and tells it second; the others take it from there.
"""

import random
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from nas.records.record import Record, parse_record
from nas.records.run import RunConfig
from nas.study.outcome import RECORD

BEAT_S = 30.0
"""How often a machine says that it is alive."""

GRACE_S = 150.0
"""A machine that says nothing for so long is lost, and others evaluate what it was at."""

LOOK_S = 5.0
"""How often a machine looks at what the others found."""

_MACHINE = "machine"
_AT_WORK = "at_work"
_CLAIMS = 3
_LONGEST_PAUSE_S = 0.1


class Machines(Protocol):
    """What a search knows of the other machines."""

    @property
    def at_work(self) -> int:
        """Candidates that other machines are at."""

    def ask(self) -> optuna.Trial:
        """Ask the study for a trial and sign it."""

    def claim(self, trial: optuna.Trial, candidate_id: str, limit: int) -> bool:
        """Announce work at a network; false if another machine is at it, or ``limit`` are."""

    def left_behind(self) -> Sequence[FrozenTrial]:
        """Return the trials that this run was at when it ended last time."""

    def give_up(self, trials: Sequence[FrozenTrial]) -> None:
        """Fail trials that were put in line again."""

    def look(self) -> None:
        """See what the others do, unless that was done a moment ago."""

    def take_news(self) -> Sequence[Record]:
        """Return records that other machines told."""

    def take_lost(self) -> Sequence[FrozenTrial]:
        """Return the trials of machines that are lost, now failed by this one."""


def machines_of(study: optuna.Study, config: RunConfig) -> Machines:
    """Return the machines of a study that is shared, or of one that is not."""
    return Alone(study) if config.storage is None else Sharing(study, config.run_id)


class Alone:
    """The only machine of a study: nobody else finds, is at or loses anything."""

    at_work = 0

    def __init__(self, study: optuna.Study) -> None:
        self._study = study

    def ask(self) -> optuna.Trial:
        """Ask the study for a trial."""
        return self._study.ask()

    def claim(self, _trial: optuna.Trial, _candidate_id: str, _limit: int) -> bool:
        """Return that nobody else is at it."""
        return True

    def left_behind(self) -> Sequence[FrozenTrial]:
        """Return all running trials."""
        return self._study.get_trials(states=(TrialState.RUNNING,))

    def give_up(self, trials: Sequence[FrozenTrial]) -> None:
        """Fail these trials."""
        _failed(self._study, trials)

    def look(self) -> None:
        """See nothing."""

    def take_news(self) -> Sequence[Record]:
        """Return nothing."""
        return ()

    def take_lost(self) -> Sequence[FrozenTrial]:
        """Return nothing."""
        return ()


class Sharing:
    """One of several machines of a study.

    Whether another lives is judged by whether its beat changes, on this machine's own clock: the
    machines' clocks need not agree, and every kind of storage will do.

    Args:
        study: The study.
        name: Tells this machine's run from every other.
        clock: Seconds that never go back.
    """

    def __init__(
        self, study: optuna.Study, name: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._study = study
        self._name = name
        self._clock = clock
        self._beat_at = self._looked_at = float("-inf")
        self._seen: dict[str, tuple[Any, float]] = {}
        self._told: set[str] = set()
        self._news: list[Record] = []
        self._lost: list[FrozenTrial] = []
        self._at_work = 0

    @property
    def at_work(self) -> int:
        """Candidates that other machines were at when this one last looked."""
        return self._at_work

    def ask(self) -> optuna.Trial:
        """Ask the study for a trial and sign it with this machine's name."""
        trial = self._study.ask()
        trial.set_user_attr(_MACHINE, self._name)
        return trial

    def claim(self, trial: optuna.Trial, candidate_id: str, limit: int) -> bool:
        """Announce work at a network; false if it is another machine's, or would be too many.

        Announcing comes before looking, so of two machines at least one sees the other. When both
        do, both step back and try again after pauses of different length.

        Args:
            trial: The trial that asks for it.
            candidate_id: The network.
            limit: How many all machines together may be at and have found.
        """
        for _ in range(_CLAIMS):
            trial.set_user_attr(_AT_WORK, candidate_id)
            rest = [each for each in self._trials() if each.number != trial.number]
            is_theirs = any(candidate_id == _network(each) for each in self._of_others(rest))
            networks = {_network(each) for each in rest} - {None, candidate_id}
            if not is_theirs and len(networks) < limit:
                return True
            trial.set_user_attr(_AT_WORK, None)
            time.sleep(random.uniform(0, _LONGEST_PAUSE_S))  # noqa: S311  no secret
        self._looked_at = float("-inf")  # before another is asked for
        return False

    def left_behind(self) -> Sequence[FrozenTrial]:
        """Return the running trials that this run signed before it was resumed."""
        running = self._study.get_trials(states=(TrialState.RUNNING,))
        return [each for each in running if each.user_attrs.get(_MACHINE) == self._name]

    def give_up(self, trials: Sequence[FrozenTrial]) -> None:
        """Fail these trials, unless another machine did."""
        _failed(self._study, trials)

    def look(self) -> None:
        """Say that this machine lives, and see what the others do, every few seconds."""
        now = self._clock()
        if now - self._beat_at >= BEAT_S:
            self._beat_at = now
            self._study.set_user_attr(_beat(self._name), uuid.uuid4().hex)
        if now - self._looked_at >= LOOK_S:
            self._looked_at = now
            self._look(now)

    def take_news(self) -> Sequence[Record]:
        """Return records that other machines told since this was asked last."""
        news, self._news = self._news, []
        return news

    def take_lost(self) -> Sequence[FrozenTrial]:
        """Return the trials of machines that are lost, now failed by this one and no other."""
        lost, self._lost = self._lost, []
        return _failed(self._study, lost)

    def _look(self, now: float) -> None:
        trials = self._trials()
        beats = self._study.user_attrs
        others = list(self._of_others(each for each in trials if not each.state.is_finished()))
        alive = {each.number: self._is_alive(each, beats, now) for each in others}
        self._lost = [each for each in others if not alive[each.number]]
        self._at_work = sum(bool(each.user_attrs.get(_AT_WORK)) for each in others)
        self._news += self._untaken(trials)

    def _untaken(self, trials: Iterable[FrozenTrial]) -> list[Record]:
        news = []
        for trial in self._of_others(trials):
            told = trial.user_attrs.get(RECORD)
            if told is not None and told["candidate_id"] not in self._told:
                self._told.add(told["candidate_id"])
                news.append(parse_record(told, f"trial {trial.number} of the study"))
        return news

    def _is_alive(self, trial: FrozenTrial, beats: Mapping[str, Any], now: float) -> bool:
        machine = trial.user_attrs.get(_MACHINE)
        # A trial is signed right after it began; one that stays unsigned is given the same grace.
        key, beat = (machine, beats.get(_beat(machine))) if machine else (str(trial.number), None)
        last = self._seen.get(key)
        if last is None or last[0] != beat:
            self._seen[key] = (beat, now)
            return True
        return now - last[1] < GRACE_S

    def _trials(self) -> list[FrozenTrial]:
        states = (TrialState.RUNNING, TrialState.COMPLETE)
        return self._study.get_trials(deepcopy=False, states=states)

    def _of_others(self, trials: Iterable[FrozenTrial]) -> Iterable[FrozenTrial]:
        return (each for each in trials if each.user_attrs.get(_MACHINE) != self._name)


def _network(trial: FrozenTrial) -> str | None:
    """Return what a trial told, or what its machine is at."""
    attributes = trial.user_attrs
    return attributes.get("candidate_id") or attributes.get(_AT_WORK)


def _beat(machine: str) -> str:
    return f"beat of {machine}"


def _failed(study: optuna.Study, trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
    """Fail running trials; return those that nobody else finished or failed before."""
    failed = []
    for trial in trials:
        try:
            study.tell(trial.number, state=TrialState.FAIL)
        except (UpdateFinishedTrialError, ValueError):
            continue
        failed.append(trial)
    return failed
