"""``python -m nas.search`` as a user runs it: whole, wrong and resumed."""

import csv
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.searching import GOOD_SPACE, fail_with, records, run


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
        (["--augment", "flip,crop"], "--augment 'crop': use flip, shift, light, or none alone"),
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
    from nas.records.run import RunDirectory, write_config
    from tests.records.runs import run_config

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
        "--epochs", 2, "--workers", 2, "--run-dir", path, "--constraint", "parameters<=2000",
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
    told = json.loads(again.stdout)
    assert (told["candidates"], told["fidelity"]) == (4, None)
    assert records(path) == before
    more = run("--resume", "--run-dir", path, "--trials", 5, "--check-fidelity", 2, "--json")
    told = json.loads(more.stdout)
    assert told["candidates"] == 5
    assert (told["fidelity"]["candidates"], told["fidelity"]["longer_epochs"]) == (2, 10)
    assert told["fidelity"]["warning"] is not None
    assert len((path / "fidelity.jsonl").read_text().splitlines()) == 2
    assert records(path)[:4] == before
