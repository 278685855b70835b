"""The check trains what is missing, for longer, and remembers what it found."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nas.edgetpu.estimator import Estimator
from nas.evaluation.recipe import Recipe
from nas.executors.workers import Assignment, EpochMessage, Message, ResultMessage
from nas.records.fidelity import LONGER, Fidelity, read_comparisons
from nas.records.run import RunDirectory
from nas.study.fidelity_check import FidelityCheck
from tests.records.records import record
from tests.records.runs import run_config

RECORDS = [record(f"id{n}", accuracy=n / 10, hyperparameters={"width": n}) for n in range(6)]


class LongerPool:
    """Wider networks become more accurate, but for one that cannot be trained longer."""

    def __init__(self, dies_after: int = 100, fails: int | None = None) -> None:
        self.assignments: list[Assignment] = []
        self._waiting: list[Assignment] = []
        self._dies_after = dies_after
        self._fails = fails

    @property
    def has_room(self) -> bool:
        return len(self._waiting) < 2

    @property
    def is_idle(self) -> bool:
        return not self._waiting

    def submit(self, assignment: Assignment) -> None:
        self.assignments.append(assignment)
        self._waiting.append(assignment)

    def wait(self, _seconds: float) -> list[Message]:
        if len(self.assignments) > self._dies_after:
            raise KeyboardInterrupt
        done, self._waiting = self._waiting, []
        epochs: list[Message] = [EpochMessage(each.trial, 1, 0.5) for each in done]
        return epochs + [self._result(each) for each in done]

    def stop(self, _trial: int) -> None:
        raise AssertionError("nothing is stopped here")

    def close(self) -> None:
        self._waiting = []

    def _result(self, assignment: Assignment) -> Message:
        width = assignment.hyperparameters["width"]
        if width == self._fails:
            return ResultMessage(assignment.trial, None, "out of memory")
        evaluation: Any = SimpleNamespace(accuracy=0.9 + width / 100)
        return ResultMessage(assignment.trial, evaluation)


def check(path: Path, pool: LongerPool, count: int, lines: list[str]) -> Fidelity | None:
    checking = FidelityCheck(
        directory=RunDirectory(path),
        config=run_config(epochs=2, check_fidelity=count),
        recipe=Recipe(2, 16, 0),
        estimator=Estimator(),
        pool=pool,
        say=lines.append,
    )
    return checking.run(RECORDS)


def test_the_chosen_are_trained_longer_beside_their_brief_models(tmp_path: Path) -> None:
    pool, lines = LongerPool(), list[str]()
    fidelity = check(tmp_path, pool, 3, lines)
    assert fidelity is not None
    assert fidelity.candidates == 3
    assert fidelity.spearman == pytest.approx(1.0)
    assert (fidelity.epochs, fidelity.longer_epochs) == (2, 2 * LONGER)
    assert [each.recipe.epochs for each in pool.assignments] == [2 * LONGER] * 3
    assert pool.assignments[0].model_directory == tmp_path / "models" / "id5" / "longer"
    assert lines[0] == "  id5: 50.0 % after 2 epochs, after 10: 95.0 %"
    assert [each.candidate_id for each in read_comparisons(tmp_path / "fidelity.jsonl")] == [
        "id5", "id3", "id0",
    ]  # fmt: skip


def test_an_interrupted_check_goes_on_where_it_was(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        check(tmp_path, LongerPool(dies_after=2), 6, [])
    known = read_comparisons(tmp_path / "fidelity.jsonl")
    assert len(known) == 2
    pool = LongerPool()
    fidelity = check(tmp_path, pool, 6, [])
    assert fidelity is not None
    assert fidelity.candidates == 6
    assert len(pool.assignments) == 4


def test_a_longer_training_that_fails_is_written_down_and_left_out(tmp_path: Path) -> None:
    lines: list[str] = []
    fidelity = check(tmp_path, LongerPool(fails=5), 6, lines)
    assert fidelity is not None
    assert fidelity.candidates == 5
    assert "after 10: failed: out of memory" in lines[0]
    assert (
        sum(each.longer_accuracy is None for each in read_comparisons(tmp_path / "fidelity.jsonl"))
        == 1
    )


def test_no_candidates_make_no_check(tmp_path: Path) -> None:
    pool = LongerPool()
    assert check(tmp_path, pool, 0, []) is None
    assert pool.assignments == []
