"""What a machine knows of the others on its study, whether they live or not."""

from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from nas.records.record import Record, as_json
from nas.records.run import RunDirectory
from nas.study.machines import BEAT_S, GRACE_S, LOOK_S, Sharing
from nas.study.outcome import Outcomes
from nas.study.storage import open_study
from objectives import OBJECTIVES
from tests.records.runs import run_config

MANY = 100


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Machine:
    """One machine: its own view of the study, its own run."""

    def __init__(self, folder: Path, name: str, clock: Clock) -> None:
        self.config = run_config(storage=str(folder / "study.journal"), study="shared", run_id=name)
        objectives = [OBJECTIVES[each] for each in self.config.objectives]
        self.study = open_study(self.config, RunDirectory(folder / name), objectives)
        self.machines = Sharing(self.study, name, clock)
        self.outcomes = Outcomes(self.config, objectives, [])

    def start(self, candidate_id: str) -> optuna.Trial:
        trial = self.machines.ask()
        assert self.machines.claim(trial, candidate_id, MANY)
        return trial

    def finish(self, trial: optuna.Trial, candidate_id: str) -> None:
        self.outcomes.tell(self.study, trial, record(candidate_id, trial.number))

    def news(self) -> list[dict[str, Any]]:
        return [as_json(each) for each in self.machines.take_news()]


def record(candidate_id: str, trial: int) -> Record:
    return Record(candidate_id, "space", {"width": 4}, "complete", trial=trial, accuracy=0.5)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pair(tmp_path: Path, clock: Clock) -> tuple[Machine, Machine]:
    return Machine(tmp_path, "first", clock), Machine(tmp_path, "second", clock)


def pass_time(clock: Clock, seconds: float, *living: Machine) -> None:
    end = clock.now + seconds
    while clock.now < end:
        clock.now += min(LOOK_S, end - clock.now)
        for machine in living:
            machine.machines.look()


def test_a_network_that_another_machine_is_at_or_has_told_is_not_to_be_had(
    pair: tuple[Machine, Machine],
) -> None:
    first, second = pair
    started = first.start("net")
    assert not second.machines.claim(second.machines.ask(), "net", MANY)
    first.finish(started, "net")
    assert not second.machines.claim(second.machines.ask(), "net", MANY)
    assert second.machines.claim(second.machines.ask(), "other", MANY)


def test_machines_together_are_never_at_more_networks_than_are_wanted(
    pair: tuple[Machine, Machine], clock: Clock
) -> None:
    first, second = pair
    pass_time(clock, LOOK_S, first, second)
    started = first.start("net")
    assert not second.machines.claim(second.machines.ask(), "other", 1)
    second.machines.look()
    assert second.machines.at_work == 1, "it looked at once, though it had a moment ago"
    assert second.machines.claim(second.machines.ask(), "other", 2)
    first.finish(started, "net")
    assert not first.machines.claim(first.machines.ask(), "third", 2)
    assert first.machines.claim(first.machines.ask(), "third", 3)


def test_what_another_machine_told_arrives_once_with_its_whole_record(
    pair: tuple[Machine, Machine], clock: Clock
) -> None:
    first, second = pair
    trial = first.start("net")
    pass_time(clock, LOOK_S, second)
    assert (second.machines.at_work, second.news()) == (1, [])
    first.finish(trial, "net")
    pass_time(clock, LOOK_S, first, second)
    assert (second.machines.at_work, second.news()) == (0, [as_json(record("net", 0))])
    pass_time(clock, LOOK_S, second)
    assert second.news() == []
    assert first.news() == []


def test_what_a_living_machine_is_at_is_never_lost(
    pair: tuple[Machine, Machine], clock: Clock
) -> None:
    first, second = pair
    first.start("net")
    for _ in range(4):
        pass_time(clock, GRACE_S, first, second)
        assert list(second.machines.take_lost()) == []


def test_what_a_silent_machine_was_at_is_lost_to_one_of_the_others_only(
    pair: tuple[Machine, Machine], clock: Clock, tmp_path: Path
) -> None:
    first, second = pair
    third = Machine(tmp_path, "third", clock)
    first.machines.look()
    trial = first.start("net")
    pass_time(clock, GRACE_S - BEAT_S, second, third)
    assert list(second.machines.take_lost()) == []
    pass_time(clock, BEAT_S + LOOK_S, second, third)
    assert [each.number for each in second.machines.take_lost()] == [trial.number]
    assert list(third.machines.take_lost()) == []
    assert second.machines.claim(second.machines.ask(), "net", MANY)


def test_a_trial_that_nobody_signed_is_lost_after_the_same_grace(
    pair: tuple[Machine, Machine], clock: Clock
) -> None:
    first, second = pair
    unsigned = first.study.ask()
    pass_time(clock, GRACE_S, first, second)
    assert list(second.machines.take_lost()) == []
    pass_time(clock, 2 * LOOK_S, first, second)
    assert [each.number for each in second.machines.take_lost()] == [unsigned.number]


def test_a_resumed_run_takes_up_its_own_trials_and_leaves_those_of_others(
    pair: tuple[Machine, Machine], tmp_path: Path, clock: Clock
) -> None:
    first, second = pair
    ours, theirs = first.start("net"), second.start("other")
    resumed = Machine(tmp_path, "first", clock)
    left_behind = resumed.machines.left_behind()
    assert [each.number for each in left_behind] == [ours.number]
    resumed.machines.give_up(left_behind)
    states = [trial.state for trial in resumed.study.trials]
    assert states == [TrialState.FAIL, TrialState.RUNNING]
    second.finish(theirs, "other")


def test_a_machine_that_was_taken_for_lost_tells_its_result_all_the_same(
    pair: tuple[Machine, Machine], clock: Clock
) -> None:
    first, second = pair
    trial = first.start("net")
    second.study.tell(trial.number, state=TrialState.FAIL)
    first.finish(trial, "net")
    pass_time(clock, LOOK_S, second)
    assert second.news() == [as_json(record("net", 0))]
    complete = second.study.get_trials(states=(TrialState.COMPLETE,))
    assert [each.values[0] for each in complete] == [0.5]
