"""A study survives whatever killed the search that wrote it."""

import errno
from pathlib import Path

import optuna
import pytest

from nas.errors import UserError
from nas.records.run import RunDirectory
from nas.study.storage import check_storage, lost_storage_explained, open_study
from objectives import OBJECTIVES
from tests.records.runs import run_config

OBJECTIVE_LIST = [OBJECTIVES["accuracy"], OBJECTIVES["latency_ms"]]


@pytest.fixture
def directory(tmp_path: Path) -> RunDirectory:
    return RunDirectory(tmp_path)


def test_a_study_has_the_objectives_names_and_directions(directory: RunDirectory) -> None:
    study = open_study(run_config(), directory, OBJECTIVE_LIST)
    assert study.metric_names == ["accuracy", "latency_ms"]
    assert [each.name for each in study.directions] == ["MAXIMIZE", "MINIMIZE"]


def test_a_journal_left_locked_and_with_half_a_line_opens_with_what_is_whole(
    directory: RunDirectory,
) -> None:
    study = open_study(run_config(), directory, OBJECTIVE_LIST)
    study.tell(study.ask(), [0.5, 1.0])
    with directory.journal.open("ab") as file:
        file.write(b'{"op_code": 4, "wor')
    directory.journal.with_name("study.journal.lock").touch()
    again = open_study(run_config(), directory, OBJECTIVE_LIST)
    again.tell(again.ask(), [0.6, 2.0])
    final = open_study(run_config(), directory, OBJECTIVE_LIST)
    assert [trial.values for trial in final.trials] == [[0.5, 1.0], [0.6, 2.0]]


def test_half_a_line_of_a_machine_that_died_harms_no_other(tmp_path: Path) -> None:
    config = run_config(storage=str(tmp_path / "shared"), study="all")
    ours, theirs = (open_study(config, RunDirectory(tmp_path), OBJECTIVE_LIST) for _ in range(2))
    trial = ours.ask()
    with (tmp_path / "shared").open("ab") as file:
        file.write(b'{"op_code": 4, "wor' + b"x" * 10_000)
    ours.tell(trial, [0.5, 1.0])
    theirs.tell(theirs.ask(), [0.6, 2.0])
    again = open_study(config, RunDirectory(tmp_path), OBJECTIVE_LIST)
    for study in (ours, theirs, again):
        assert [each.values for each in study.trials] == [[0.5, 1.0], [0.6, 2.0]]


def test_the_same_seed_draws_the_same_trials(tmp_path: Path) -> None:
    draws = []
    for name in ("a", "b"):
        directory = RunDirectory(tmp_path / name)
        directory.path.mkdir()
        sampler = optuna.samplers.TPESampler(seed=3)
        study = open_study(run_config(), directory, OBJECTIVE_LIST, sampler)
        draws.append(study.ask().suggest_float("x", 0, 1))
    assert draws[0] == draws[1]


def test_a_resumed_study_does_not_draw_once_more_what_it_drew_before(
    directory: RunDirectory,
) -> None:
    draws = []
    for _ in range(2):
        sampler = optuna.samplers.RandomSampler(seed=3)
        study = open_study(run_config(), directory, OBJECTIVE_LIST, sampler)
        draws.append(study.ask().suggest_float("x", 0, 1))
    assert draws[0] != draws[1]


def test_other_objectives_are_refused(directory: RunDirectory) -> None:
    open_study(run_config(), directory, OBJECTIVE_LIST)
    with pytest.raises(UserError, match="exists with other objectives"):
        open_study(run_config(), directory, OBJECTIVE_LIST[:1])


def test_a_storage_that_cannot_be_opened_says_why(directory: RunDirectory) -> None:
    with pytest.raises(UserError, match="the study cannot be opened: "):
        open_study(run_config(storage="nonsense://x"), directory, OBJECTIVE_LIST)


def test_runs_that_share_a_storage_do_not_share_trials(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/studies.db"
    for run_id in ("one", "two"):
        directory = RunDirectory(tmp_path / run_id / "run")
        study = open_study(run_config(storage=url, run_id=run_id), directory, OBJECTIVE_LIST)
        assert study.trials == []
        study.tell(study.ask(), [0.5, 1.0])


def test_a_storage_is_checked_before_a_run_begins() -> None:
    with pytest.raises(UserError, match="--storage cannot be opened: "):
        check_storage("nonsense://x")


def test_a_full_disk_is_told_and_a_closed_pipe_or_a_defect_is_not_taken_for_one() -> None:
    full = OSError(errno.ENOSPC, "No space left on device", "x")
    with pytest.raises(UserError, match=r"cannot write any more \(x: No space"):
        with_storage_lost(full)
    for other in (BrokenPipeError(errno.EPIPE, "Broken pipe"), OSError("no file is named")):
        with pytest.raises(type(other)):
            with_storage_lost(other)


def with_storage_lost(error: Exception) -> None:
    with lost_storage_explained():
        raise error
