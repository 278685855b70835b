"""``python -m nas.search`` as a user runs it: whole, wrong, interrupted, killed and resumed."""

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from nas.search import main
from tests.conftest import OWN_SPACE

GOOD_SPACE = f"{OWN_SPACE}:well_behaved"
ROOT = Path(__file__).parents[1]


def command(*options: object) -> list[str]:
    return [sys.executable, "-m", "nas.search", *map(str, options)]


def run(*options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*options), cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )


def records(run_directory: Path) -> list[dict[str, Any]]:
    path = run_directory / "records.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def fail_with(capsys: pytest.CaptureFixture[str], *options: object) -> str:
    """Run with wrong options; return the one line on standard error."""
    from nas.command import run_command

    with pytest.raises(SystemExit) as end:
        run_command("search", lambda: main([str(option) for option in options]))
    assert end.value.code == 2
    output = capsys.readouterr()
    assert output.out == ""
    (line,) = output.err.strip().splitlines()
    return line


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--space", "xeption"], "unknown space 'xeption': use xception_lite"),
        (["--constraint", "latency<=5"], "unknown name 'latency'; use one of"),
        (["--constraint", "nonsense"], "write NAME<=NUMBER or NAME>=NUMBER"),
        (["--trials", "0"], "--trials: a whole number of at least 1 is needed, got '0'"),
        (["--epochs", "-1"], "--epochs: a whole number of at least 1"),
        (["--timeout", "5"], "--timeout: a duration is a positive number with a unit"),
        (["--objectives", "speed"], "unknown objective 'speed'; use one of accuracy"),
        (["--objectives", "accuracy,accuracy"], "objectives must be different names"),
        (["--data", "no/such/folder"], "no/such/folder"),
        (["--device", "toaster"], "device 'toaster': name it usb"),
        (["--device", "usb", "--device", "usb"], "each device is named once"),
        (["--device-failures", "0"], "--device-failures: a whole number of at least 1"),
        (["--image-size", "4"], "16"),
        (["--no-such-option"], "unrecognized arguments: --no-such-option"),
        (["--resume"], "--resume needs --run-dir"),
    ],
)
def test_a_wrong_option_ends_with_status_2_and_one_line(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    where = [] if "--resume" in options else ["--run-dir", tmp_path / "run"]
    assert message in fail_with(capsys, *where, *options)


def test_an_unwritable_run_directory_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    line = fail_with(capsys, "--run-dir", tmp_path / "file" / "run")
    assert "cannot be written: Not a directory" in line


def test_a_directory_with_somebody_s_own_data_is_refused_and_left_alone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    line = fail_with(capsys, "--run-dir", tmp_path)
    assert "holds files that are not a run's (data): name another" in line
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_one_class_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    import numpy as np
    from PIL import Image

    folder = tmp_path / "data" / "only"
    folder.mkdir(parents=True)
    for number in range(10):
        Image.fromarray(np.full((16, 16, 3), number, np.uint8)).save(folder / f"{number}.png")
    line = fail_with(capsys, "--data", tmp_path / "data", "--run-dir", tmp_path / "run")
    assert "class" in line
    assert str(tmp_path / "data") in line


def test_a_run_is_not_overwritten_and_its_settings_do_not_change(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from nas.study.run import RunDirectory, write_config
    from tests.study.runs import run_config

    write_config(RunDirectory(tmp_path), run_config())
    assert "add --resume to continue it" in fail_with(capsys, "--run-dir", tmp_path)
    line = fail_with(capsys, "--run-dir", tmp_path, "--resume", "--seed", "7")
    assert "was started with seed 0: it cannot become 7" in line


@pytest.fixture(scope="module")
def finished_run(
    tmp_path_factory: pytest.TempPathFactory, picture_folder: Path
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    path = tmp_path_factory.mktemp("runs") / "run"
    result = run(
        "--space", GOOD_SPACE, "--data", picture_folder, "--image-size", 16, "--trials", 4,
        "--epochs", 2, "--run-dir", path, "--constraint", "parameters<=2000",
    )  # fmt: skip
    return path, result


@pytest.mark.slow
def test_a_search_records_every_candidate_and_shows_the_front(
    finished_run: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    path, result = finished_run
    assert result.returncode == 0, result.stderr
    lines = records(path)
    assert len(lines) == 4
    assert len({line["candidate_id"] for line in lines}) == 4
    complete = [line for line in lines if line["status"] == "complete"]
    infeasible = [line for line in lines if line["status"] == "infeasible"]
    assert complete
    assert len(complete) + len(infeasible) == 4
    assert all(line["parameters"] <= 2000 for line in complete)
    assert all(line["accuracy"] is None and line["parameters"] > 2000 for line in infeasible)
    for name in ("run.json", "pareto.csv", "pareto.png", "report.html", "study.journal"):
        assert (path / name).stat().st_size > 0
    assert f"python -m nas.export {path}" in result.stdout


@pytest.mark.slow
def test_the_front_in_the_table_is_the_front_of_the_records(
    finished_run: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    path, _ = finished_run
    with (path / "pareto.csv").open() as file:
        rows = list(csv.DictReader(file))
    header = ["candidate_id", "accuracy", "latency_ms", "memory_bytes", "width"]
    assert list(rows[0]) == header
    complete = [line for line in records(path) if line["status"] == "complete"]

    def dominated(one: dict[str, Any]) -> bool:
        losses = [(-r["accuracy"], r["latency_ms"], r["memory_bytes"]) for r in complete]
        mine = (-one["accuracy"], one["latency_ms"], one["memory_bytes"])
        return any(o != mine and all(a <= b for a, b in zip(o, mine, strict=True)) for o in losses)

    front = {line["candidate_id"] for line in complete if not dominated(line)}
    assert {row["candidate_id"] for row in rows} == front


@pytest.mark.slow
def test_the_int8_model_kept_reproduces_the_recorded_accuracy(
    finished_run: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    from nas.data.storage import open_dataset
    from nas.evaluation.interpreter import int8_accuracy

    path, _ = finished_run
    dataset = open_dataset(path / "data")
    for line in records(path):
        if line["status"] == "complete":
            content = (path / "models" / line["candidate_id"] / "model.tflite").read_bytes()
            assert int8_accuracy(content, dataset.validation) == line["accuracy"]


@pytest.mark.slow
def test_a_finished_run_resumed_trains_nothing_and_takes_more_trials(
    finished_run: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    path, _ = finished_run
    before = records(path)
    again = run("--resume", "--run-dir", path, "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["candidates"] == 4
    assert records(path) == before
    more = run("--resume", "--run-dir", path, "--trials", 5, "--json")
    assert json.loads(more.stdout)["candidates"] == 5
    assert records(path)[:4] == before


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


@pytest.mark.slow
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

    from nas.study.run import RunDirectory, read_config
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_candidates_that_crash_or_fail_cost_one_record_each(
    picture_folder: Path, tmp_path: Path
) -> None:
    """``exit`` and ``crash`` would end the search's own process if it built them itself."""
    path = tmp_path / "run"
    own = tmp_path / "moody.py"
    own.write_text(
        "from tests.own_space import network\n"
        "def build(hp, input_shape, classes):\n"
        "    mood = hp.Choice('mood', ['good', 'nan', 'float', 'unbuildable'])\n"
        "    if mood == 'unbuildable':\n"
        "        raise ValueError('no such network')\n"
        "    return network(8, input_shape, classes, mood)\n"
    )
    result = run("--space", f"{own}:build", "--data", picture_folder, "--image-size", 16,
                 "--trials", 9, "--epochs", 2, "--run-dir", path, "--json")  # fmt: skip
    assert result.returncode == 0, result.stderr
    lines = {line["hyperparameters"]["mood"]: line for line in records(path)}
    assert lines["good"]["status"] == "complete"
    assert {lines[mood]["status"] for mood in ("nan", "float", "unbuildable")} == {"failed"}
    assert "the loss became nan" in lines["nan"]["reason"]
    assert "stays float" in lines["float"]["reason"]
    assert "no such network" in lines["unbuildable"]["reason"]
    assert "the space is exhausted" in json.loads(result.stdout)["reason"]


@pytest.mark.slow
def test_two_workers_record_the_same_number_of_candidates(
    picture_folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    result = run("--space", GOOD_SPACE, "--data", picture_folder, "--image-size", 16,
                 "--trials", 5, "--epochs", 1, "--workers", 2, "--run-dir", path)  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert len({line["candidate_id"] for line in records(path)}) == 5
