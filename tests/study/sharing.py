"""Two machines that work on one study at the same time."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import optuna
import pytest

from nas.records.record import read_records
from nas.records.run import RunDirectory
from nas.study import machines
from nas.study.events import SearchFinished
from nas.study.loop import Search
from tests.conftest import OWN_SPACE
from tests.study.test_loop import WIDTHS, InstantPool, make_search

ROOT = Path(__file__).parents[2]


def check_that_two_searches_add_up(
    location: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run two searches over four networks at once: each trains some, both report all."""
    monkeypatch.setattr(machines, "LOOK_S", 0.0)
    searches, pools = two_searches(location, folder, len(WIDTHS))
    finished = at_once(searches)
    trained = [each.hyperparameters["width"] for pool in pools for each in pool.assignments]
    assert sorted(trained) == list(WIDTHS)
    found = [read_records(search.directory.records) for search in searches]
    by_id = [{record.candidate_id: record for record in records} for records in found]
    assert by_id[0] == by_id[1]
    assert [event.finished for event in finished] == [4, 4]
    assert [record.candidate_id for record in finished[0].front] == [
        record.candidate_id for record in finished[1].front
    ]


def check_that_two_searches_train_no_more_than_is_wanted(location: str, folder: Path) -> None:
    """Run two searches at once that want one network together, and begin with different ones."""
    searches, pools = two_searches(location, folder, 1)
    for seed, search in enumerate(searches):
        search.presets = {}
        search.study.sampler = optuna.samplers.RandomSampler(seed)
    assert [event.finished for event in at_once(searches)] == [1, 1]
    assert sum(len(pool.assignments) for pool in pools) == 1


def two_searches(
    location: str, folder: Path, trials: int
) -> tuple[list[Search], list[InstantPool]]:
    """Make two searches on one study, each with a pool of its own."""
    pools = [InstantPool(), InstantPool()]
    searches = []
    for name, pool in zip(("a", "b"), pools, strict=True):
        (folder / name).mkdir()
        shared = {"storage": location, "study": "shared", "run_id": name}
        searches.append(make_search(folder / name, pool, trials=trials, **shared))
    return searches, pools


def at_once(searches: list[Search]) -> list[SearchFinished]:
    """Run searches side by side."""
    with ThreadPoolExecutor(len(searches)) as threads:
        return list(threads.map(lambda search: search.run(), searches))


def command(location: str, run: Path, *options: str) -> list[str]:
    """Return ``nas.search`` on a study called ``shared``, with little grace for lost machines."""
    code = (
        "import sys, nas.study.machines as machines\n"
        "machines.BEAT_S, machines.GRACE_S, machines.LOOK_S = 1.0, 5.0, 1.0\n"
        "from nas.search import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    study = ("--storage", location, "--study", "shared", "--run-dir", str(run))
    settings = ("--space", f"{OWN_SPACE}:well_behaved", "--data", "digits", "--image-size", "16",
                "--epochs", "1", "--sampler", "random")  # fmt: skip
    return [sys.executable, "-c", code, *study, *settings, *options]


@contextmanager
def started(arguments: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process of its own group that writes to a log; end it and its children at last."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            arguments, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def until(condition: Callable[[], bool], what: str, seconds: float = 240) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.2)


def check_that_a_killed_machine_loses_nothing(location: str, folder: Path) -> None:
    """Kill one of two searches while it trains; the other finishes what it was at."""
    first, second = RunDirectory(folder / "first"), RunDirectory(folder / "second")
    budget = ("--trials", "3")
    with started(command(location, first.path, *budget), folder / "first.log") as killed:
        until(lambda: any(first.path.glob("models/*/worker.log")), "the first machine began")
        interrupted = {path.parent.name for path in first.path.glob("models/*/worker.log")}
        os.killpg(killed.pid, signal.SIGKILL)
        killed.wait(10)
    told = {record.candidate_id for record in read_records(first.records)}
    with started(command(location, second.path, *budget), folder / "second.log") as survivor:
        assert survivor.wait(300) == 0, (folder / "second.log").read_text()
    records = read_records(second.records)
    assert len(records) == 3
    found = {record.candidate_id for record in records}
    assert told | interrupted <= found
    lines = second.records.read_text().splitlines()
    assert len({json.loads(line)["candidate_id"] for line in lines}) == len(lines)
