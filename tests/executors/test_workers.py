"""Workers crash, hang and fail; the study's process takes note and goes on."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nas.edgetpu.estimator import Estimator
from nas.evaluation.recipe import Recipe
from nas.executors.workers import (
    Assignment,
    EpochMessage,
    Message,
    ResultMessage,
    StageMessage,
    WorkerPool,
    warm_up,
)
from tests.conftest import OWN_SPACE

pytestmark = pytest.mark.slow


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    warm_up()
    pool = WorkerPool(size=2, time_limit_s=120)
    yield pool
    pool.close()


def assignment(trial: int, mood: str, data: Path, models: Path, **values: Any) -> Assignment:
    return Assignment(
        trial=trial,
        space=f"{OWN_SPACE}:build",
        hyperparameters={"mood": mood, "width": 8},
        data_directory=data,
        model_directory=models / str(trial),
        recipe=Recipe(epochs=2, batch_size=16, seed=0),
        estimator=Estimator(),
        **values,
    )


def until_idle(pool: WorkerPool) -> list[Message]:
    messages: list[Message] = []
    deadline = time.monotonic() + 120
    while not pool.is_idle:
        assert time.monotonic() < deadline
        messages += pool.wait(1.0)
    return messages


def test_a_good_candidate_reports_stages_and_epochs_and_ends_with_an_evaluation(
    pool: WorkerPool, tiny_directory: Path, tmp_path: Path
) -> None:
    pool.submit(assignment(3, "good", tiny_directory, tmp_path))
    messages = until_idle(pool)
    stages = [each.stage for each in messages if isinstance(each, StageMessage)]
    assert stages == ["build", "train", "quantize", "evaluate", "estimate"]
    assert [each.epoch for each in messages if isinstance(each, EpochMessage)] == [1, 2]
    result = messages[-1]
    assert isinstance(result, ResultMessage)
    assert result.evaluation is not None
    evaluation = result.evaluation
    assert evaluation.accuracy > 0.5
    assert evaluation.training_memory_bytes > 2**20
    assert evaluation.model_bytes == (tmp_path / "3" / "model.tflite").stat().st_size
    assert set(evaluation.seconds) == set(stages)


@pytest.mark.parametrize(
    ("mood", "reason"),
    [
        ("crash", "the worker crashed with SIGSEGV"),
        ("exit", "ended without a result (exit status 7)"),
        ("raise", "RuntimeError: this network is impossible"),
        ("nan", "the loss became nan in epoch 1"),
        ("float", "stays float after quantization"),
    ],
)
def test_a_candidate_that_fails_ends_with_the_reason(
    pool: WorkerPool, tiny_directory: Path, tmp_path: Path, mood: str, reason: str
) -> None:
    pool.submit(assignment(0, mood, tiny_directory, tmp_path))
    result = until_idle(pool)[-1]
    assert isinstance(result, ResultMessage)
    assert result.evaluation is None
    assert reason in str(result.reason)


def test_a_candidate_that_hangs_is_ended_and_the_other_one_is_not(
    tiny_directory: Path, tmp_path: Path
) -> None:
    warm_up()
    pool = WorkerPool(size=2, time_limit_s=15)
    pool.submit(assignment(0, "hang", tiny_directory, tmp_path))
    pool.submit(assignment(1, "good", tiny_directory, tmp_path))
    assert not pool.has_room
    ends = [each for each in until_idle(pool) if isinstance(each, ResultMessage)]
    by_trial = {each.trial: each for each in ends}
    assert by_trial[1].evaluation is not None
    assert by_trial[0].reason == "took longer than 15 s; --trial-timeout allows more"


def test_closing_ends_workers_at_once(
    pool: WorkerPool, tiny_directory: Path, tmp_path: Path
) -> None:
    pool.submit(assignment(0, "hang", tiny_directory, tmp_path))
    pool.wait(1.0)
    started = time.monotonic()
    pool.close()
    assert pool.is_idle
    assert time.monotonic() - started < 5


def test_stopping_ends_one_worker_at_once_and_a_stop_that_comes_late_does_no_harm(
    pool: WorkerPool, tiny_directory: Path, tmp_path: Path
) -> None:
    pool.submit(assignment(0, "hang", tiny_directory, tmp_path))
    pool.submit(assignment(1, "good", tiny_directory, tmp_path))
    pool.wait(1.0)
    pool.stop(0)
    assert pool.has_room
    messages = until_idle(pool)
    assert {each.trial for each in messages} == {1}
    assert isinstance(messages[-1], ResultMessage)
    pool.stop(1)
    assert pool.is_idle


def test_a_worker_writes_what_libraries_print_to_its_log(
    pool: WorkerPool, tiny_directory: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pool.submit(assignment(0, "raise", tiny_directory, tmp_path))
    until_idle(pool)
    assert "this network" in (tmp_path / "0" / "worker.log").read_text()
    assert "this network" not in "".join(capfd.readouterr())
