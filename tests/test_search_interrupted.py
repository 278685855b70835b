"""``python -m nas.search`` interrupted, killed and resumed: nothing is lost or trained again."""

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.searching import GOOD_SPACE, ROOT, command, records, run

pytestmark = pytest.mark.slow


def start(*options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(*options), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for_records(path: Path, count: int, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while len(records(path)) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_killed_in_the_middle_and_resumed_nothing_is_lost_or_trained_again(
    picture_folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    options = [
        "--space", GOOD_SPACE, "--data", picture_folder, "--image-size", 16, "--trials", 5,
        "--epochs", 3, "--run-dir", path,
    ]  # fmt: skip
    process = start(*options)
    wait_for_records(path, 2, process)
    time.sleep(1.0)  # now the next candidate is at work
    assert any(holds_a_file_in(worker, path) for worker in psutil.process_iter())
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = records(path)
    assert 2 <= len(before) < 5
    assert_no_worker_is_left(path)
    resumed = run("--resume", "--run-dir", path, "--json")
    assert resumed.returncode == 0, resumed.stderr
    after = records(path)
    assert after[: len(before)] == before
    assert len(after) == 5
    assert len({line["candidate_id"] for line in after}) == 5
    assert json.loads(resumed.stdout)["candidates"] == 5
    assert_study_agrees(path, after)


def assert_no_worker_is_left(path: Path) -> None:
    """Workers of a killed search end by themselves; each had its log in the run open."""
    deadline = time.monotonic() + 10
    while any(holds_a_file_in(process, path) for process in psutil.process_iter()):
        assert time.monotonic() < deadline, "a worker of the killed search is still there"
        time.sleep(0.2)


def holds_a_file_in(process: psutil.Process, path: Path) -> bool:
    try:
        return any(str(path) in file.path for file in process.open_files())
    except psutil.Error:
        return False


def assert_study_agrees(path: Path, lines: list[dict[str, Any]]) -> None:
    """Every record was told to Optuna exactly once, and nothing is left running."""
    from optuna.trial import TrialState

    from nas.records.run import RunDirectory, read_config
    from nas.study.storage import open_study
    from objectives import OBJECTIVES

    directory = RunDirectory(path)
    config = read_config(directory)
    study = open_study(config, directory, [OBJECTIVES[name] for name in config.objectives])
    assert not study.get_trials(states=(TrialState.RUNNING,))
    told = {trial.user_attrs["candidate_id"]: trial.values
            for trial in study.get_trials(states=(TrialState.COMPLETE,))}  # fmt: skip
    assert {line["candidate_id"] for line in lines} == set(told)
    for line in lines:
        if line["status"] == "complete":
            assert told[line["candidate_id"]][0] == line["accuracy"]


def test_ctrl_c_saves_and_says_how_to_go_on(picture_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "run"
    process = start("--space", GOOD_SPACE, "--data", picture_folder, "--image-size", 16,
                    "--trials", 50, "--epochs", 2, "--run-dir", path)  # fmt: skip
    wait_for_records(path, 1, process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert f"python -m nas.search --resume --run-dir {path}" in errors
    assert "Traceback" not in errors
    assert (path / "report.html").exists()
