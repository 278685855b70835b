"""One search at a time in a run directory, and never in somebody's own."""

from pathlib import Path

import pytest

from nas.errors import UserError
from nas.records.claim import claimed
from nas.records.run import RunDirectory, write_config
from tests.records.runs import run_config


@pytest.fixture
def directory(tmp_path: Path) -> RunDirectory:
    return RunDirectory(tmp_path / "run")


def test_a_second_search_is_refused_and_a_later_one_is_not(directory: RunDirectory) -> None:
    with (
        claimed(directory, resumed=False),
        pytest.raises(UserError, match="another search is running here"),
        claimed(directory, resumed=False),
    ):
        pass
    with claimed(directory, resumed=False):
        pass


def test_a_run_is_not_started_anew_and_what_is_no_run_is_not_resumed(
    directory: RunDirectory,
) -> None:
    with pytest.raises(UserError, match="not a run directory"), claimed(directory, resumed=True):
        pass
    assert not directory.path.exists()
    directory.path.mkdir()
    write_config(directory, run_config())
    with claimed(directory, resumed=True):
        pass
    with (
        pytest.raises(UserError, match="add --resume to continue it"),
        claimed(directory, resumed=False),
    ):
        pass


@pytest.mark.parametrize("name", ["data", "report.html", "pareto.csv", "records.jsonl"])
def test_files_that_are_not_a_run_s_are_left_alone(directory: RunDirectory, name: str) -> None:
    directory.path.mkdir()
    (directory.path / name).write_text("mine")
    with (
        pytest.raises(UserError, match=f"files that are not a run's .{name}.: name another"),
        claimed(directory, resumed=False),
    ):
        pass
    assert [path.name for path in directory.path.iterdir()] == [name]


def test_a_directory_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    directory = RunDirectory(tmp_path / "file" / "run")
    with (
        pytest.raises(UserError, match="cannot be written: Not a directory"),
        claimed(directory, resumed=False),
    ):
        pass


def test_where_no_run_began_nothing_is_left(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path / "runs" / "new")
    with pytest.raises(UserError), claimed(directory, resumed=False):
        directory.data.mkdir()
        raise UserError("there is no such data")
    assert not directory.path.exists()


def test_a_run_that_began_is_left_and_so_is_a_folder_that_was_there(tmp_path: Path) -> None:
    begun, there = RunDirectory(tmp_path / "begun"), RunDirectory(tmp_path / "there")
    there.path.mkdir()
    for directory in (begun, there):
        with pytest.raises(KeyboardInterrupt), claimed(directory, resumed=False):
            if directory is begun:
                write_config(directory, run_config())
            raise KeyboardInterrupt
    assert begun.config.exists()
    assert there.path.exists()
