"""Several machines on one study, through a journal file on a disk that they share."""

from pathlib import Path
from typing import Any

import pytest

from nas.errors import UserError
from nas.records.run import RunDirectory
from nas.study.storage import check_storage, check_study, joined_settings, open_study
from objectives import OBJECTIVES
from tests.records.runs import run_config
from tests.study.sharing import (
    check_that_a_killed_machine_loses_nothing,
    check_that_two_searches_add_up,
    check_that_two_searches_train_no_more_than_is_wanted,
)


@pytest.fixture
def location(tmp_path: Path) -> str:
    return str(tmp_path / "study.journal")


def start_study(location: str, **values: Any) -> None:
    config = run_config(storage=location, study="shared", **values)
    objectives = [OBJECTIVES[name] for name in config.objectives]
    open_study(config, RunDirectory(Path(location).parent / "run"), objectives)


@pytest.mark.slow
def test_what_two_machines_find_adds_up(
    location: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_that_two_searches_add_up(location, tmp_path, monkeypatch)


@pytest.mark.slow
def test_two_machines_train_no_more_than_is_wanted(location: str, tmp_path: Path) -> None:
    check_that_two_searches_train_no_more_than_is_wanted(location, tmp_path)


@pytest.mark.slow
def test_a_killed_machine_loses_nothing(location: str, tmp_path: Path) -> None:
    check_that_a_killed_machine_loses_nothing(location, tmp_path)


def test_a_machine_that_joins_does_what_the_first_one_was_asked_for(location: str) -> None:
    start_study(location, epochs=7, objectives=("accuracy", "energy_mj"), workers=3)
    given = {"storage": location, "study": "shared", "workers": 2}
    joined = joined_settings(given)
    assert (joined["epochs"], joined["objectives"]) == (7, ("accuracy", "energy_mj"))
    assert joined["workers"] == 2
    assert "timeout_s" not in joined


def test_the_first_machine_adds_nothing_to_what_it_is_asked_for(location: str) -> None:
    given = {"storage": location, "study": "shared", "epochs": 2}
    assert joined_settings(given) == given
    assert joined_settings({"epochs": 2}) == {"epochs": 2}


def test_a_study_needs_a_place(location: str) -> None:
    with pytest.raises(UserError, match="--study needs --storage"):
        joined_settings({"study": "shared"})
    with pytest.raises(UserError, match="--storage cannot be opened"):
        joined_settings({"study": "shared", "storage": f"{location}/nowhere/study.journal"})


def test_a_machine_that_would_do_something_else_is_refused(location: str) -> None:
    start_study(location, epochs=7)
    given = {"storage": location, "study": "shared", "epochs": 5}
    with pytest.raises(UserError, match="was started with epochs 7, this machine has 5"):
        joined_settings(given)
    with pytest.raises(UserError, match="was started with epochs 7, this machine has 5"):
        start_study(location, epochs=5)


def test_other_data_are_refused_before_the_run_begins(location: str) -> None:
    start_study(location)
    other = run_config(storage=location, study="shared", data_fingerprint="1" * 64)
    with pytest.raises(UserError, match="was started with data_fingerprint '0000"):
        check_study(other)


def test_a_file_that_is_no_journal_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "thesis.txt"
    path.write_text("Chapter 1\nIn the beginning")
    with pytest.raises(UserError, match="is no journal of Optuna's"):
        check_storage(str(path))
    assert path.read_text() == "Chapter 1\nIn the beginning"
