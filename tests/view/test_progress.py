from pathlib import Path

from nas.records.run import RunDirectory
from nas.study.events import (
    CandidateFinished,
    CandidateMeasured,
    DeviceTold,
    EpochFinished,
    SearchFinished,
    SearchStarted,
    StageStarted,
)
from nas.view.progress import Progress, Running
from tests.view.candidates import candidate, configuration


def _started(finished: int = 0, timeout_s: float | None = None) -> Progress:
    config = configuration(timeout_s=timeout_s)
    return Progress(10, 0.0).after(SearchStarted(config, RunDirectory(Path("a")), finished), 100.0)


def test_a_running_candidate_goes_from_stage_to_epoch() -> None:
    progress = _started().after(StageStarted(3, "a1", "default", "train"), 101.0)
    progress = progress.after(EpochFinished(3, "a1", 2, 6, 0.75), 102.0)
    progress = progress.after(StageStarted(3, "a1", "default", "quantize"), 103.0)
    assert progress.running == {3: Running("a1", "default", "quantize", 2, 6, 0.75)}


def test_a_finished_candidate_runs_no_more() -> None:
    record = candidate("a1", 0.9, 1.0, 1, trial=3)
    progress = _started().after(StageStarted(3, "a1", None, "train"), 101.0)
    progress = progress.after(StageStarted(4, "b2", None, "train"), 101.0)
    progress = progress.after(CandidateFinished(record, 1, [record]), 110.0)
    assert list(progress.running) == [4]
    assert (progress.finished, progress.front) == (1, (record,))


def test_a_measurement_changes_the_front_and_nothing_else() -> None:
    record = candidate("a1", 0.9, 1.0, 1)
    before = _started().after(StageStarted(3, "b2", None, "train"), 101.0)
    after = before.after(CandidateMeasured(record, 2.0, [record]), 102.0)
    assert after.front == (record,)
    assert (after.running, after.finished) == (before.running, 0)
    assert after.after(DeviceTold("a line"), 103.0) == after


def test_the_time_left_goes_by_what_this_start_has_finished() -> None:
    record = candidate("a1", 0.9, 1.0, 1)
    progress = _started(finished=4).after(CandidateFinished(record, 6, [record]), 120.0)
    assert progress.seconds_left(120.0) == 40.0


def test_the_timeout_bounds_the_time_left() -> None:
    assert _started(timeout_s=30.0).seconds_left(110.0) == 20.0
    assert _started(timeout_s=30.0).seconds_left(200.0) == 0.0
    assert _started().seconds_left(110.0) is None


def test_at_the_end_nothing_runs() -> None:
    progress = _started().after(StageStarted(3, "a1", None, "train"), 101.0)
    progress = progress.after(SearchFinished(5, [], 20.0, "timeout"), 120.0)
    assert (progress.running, progress.finished, progress.is_over) == ({}, 5, True)
