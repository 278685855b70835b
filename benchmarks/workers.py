"""What workers gain, and what a long search costs: ``python -m benchmarks.workers``.

Three parts, each in a process of its own; ``--only`` runs some. ``--save`` keeps the result in
``benchmarks/results/workers.json``, which other runs are shown beside.

``training``: the same candidates of the default space with 1 and with 2 workers. ``device``: small
networks whose latency a device takes seconds to measure. ``long``: a search of many candidates
whose evaluation takes no time, with the memory of its process, and how soon after the command that
resumes it a worker has a candidate, where more are asked for and where it was killed, beside the
time that Python takes to import TensorFlow: medians of five.
"""

import argparse
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from benchmarks.pretended_executors import DevicePool, InstantPool
from nas.assembly import (
    assemble_search,
    chosen_objectives,
    make_space,
    open_data,
    start_run,
)
from nas.edgetpu.estimator import Estimator
from nas.executors.executor import Executor
from nas.executors.workers import WorkerPool, warm_up
from nas.records.claim import claimed
from nas.records.record import read_records
from nas.records.run import SAMPLERS, RunDirectory, Settings, read_config
from nas.study.events import Event, Observers, SearchStarted
from nas.tensorflow_settings import quiet_tensorflow
from nas.view.refresh import ViewRefresher
from nas.view.terminal import TerminalView

REFERENCE = Path(__file__).parent / "results" / "workers.json"
SMALL_SPACE = f"{Path(__file__).parent / 'small_space.py'}:build"
MIB = 2**20
SETTLED_S = 2.0
"""What is left of a killed search ends within that."""

Result = dict[str, float]


@dataclass(frozen=True)
class Options:
    """How much is measured.

    Attributes:
        candidates: Candidates of a search with workers.
        device_s: How long a device takes to measure one.
        long: Candidates of the long search.
        sampler: What proposes them.
    """

    candidates: int
    device_s: float
    long: int
    sampler: str


class Nobody:
    """Watches nothing."""

    def notify(self, event: Event) -> None:
        """Take no notice."""


class MemoryWatch:
    """Notes the process's resident memory at every finished candidate, in bytes."""

    def __init__(self) -> None:
        self.resident: list[int] = []

    def notify(self, event: Event) -> None:
        """Note it."""
        if not isinstance(event, SearchStarted):
            self.resident.append(psutil.Process().memory_info().rss)


def search(path: Path, settings: Settings, pool: Executor) -> Result:
    """Search and return candidates an hour, the stages' seconds and how busy the cores were."""
    warm_up()
    config = start_run(path, settings)
    directory = RunDirectory(path)
    assembled = assemble_search(directory, config, pool, Nobody())
    before, started = psutil.cpu_times(), time.monotonic()
    finished = assembled.run()
    seconds = time.monotonic() - started
    busy = _busy_s(psutil.cpu_times()) - _busy_s(before)
    stages: Result = {}
    for record in read_records(directory.records):
        for stage, spent in record.seconds.items():
            stages[f"{stage}_s"] = stages.get(f"{stage}_s", 0.0) + spent
    return {
        "candidates": finished.finished,
        "seconds": seconds,
        "per_hour": 3600 * finished.finished / seconds,
        "busy_cores": busy / seconds,
        **stages,
    }


def _busy_s(times: Any) -> float:
    return float(times.user + times.system)


def measure_training(folder: Path, options: Options) -> dict[str, Any]:
    """Train the same candidates of the default space with 1 and with 2 workers."""
    settings = Settings(trials=options.candidates, sampler="random", gate=False)
    runs = {
        f"workers_{count}": search(
            folder / f"training-{count}", settings, WorkerPool(count, 3600.0)
        )
        for count in (1, 2)
    }
    return _compared(runs)


def measure_device(folder: Path, options: Options) -> dict[str, Any]:
    """Evaluate small networks on a slow device for each worker."""
    settings = Settings(
        space=SMALL_SPACE, data="digits", image_size=16, epochs=1, sampler="random", gate=False,
        trials=options.candidates,
    )  # fmt: skip
    runs = {
        f"workers_{count}": search(
            folder / f"device-{count}", settings, DevicePool(count, options.device_s)
        )
        for count in (1, 2)
    }
    return {"device_s": options.device_s, **_compared(runs)}


def _compared(runs: Mapping[str, Result]) -> dict[str, Any]:
    speedup = runs["workers_2"]["per_hour"] / runs["workers_1"]["per_hour"]
    return {"speedup": speedup, **runs}


def measure_long(folder: Path, options: Options) -> dict[str, Any]:
    """Search for long, then measure how soon the command goes on with it."""
    directory = RunDirectory(folder / "long")
    with claimed(directory, resumed=False):
        start_run(
            directory.path, Settings(trials=options.long, sampler=options.sampler, gate=False)
        )
    results: dict[str, Any] = alone(long_search, directory.path)
    repeats = [
        measure_resume(directory, folder / f"resumed-{number}", options.long + 1)
        for number in range(5)
    ]
    results |= {name: median(each[name] for each in repeats) for name in repeats[0]}
    started = time.monotonic()
    records = read_records(directory.records)
    return results | {
        "records": len(records),
        "read_records_s": time.monotonic() - started,
        "records_mib": directory.records.stat().st_size / MIB,
        "journal_mib": directory.journal.stat().st_size / MIB,
    }


def long_search(path: Path) -> Result:
    """Search with all views; return how resident memory grew after the first candidate."""
    directory, config = RunDirectory(path), read_config(RunDirectory(path))
    objectives, watch = chosen_objectives(config.objectives), MemoryWatch()
    with (
        ViewRefresher(directory, config, objectives) as refresher,
        TerminalView(config.trials, objectives) as terminal,
    ):
        observer = Observers((terminal, refresher, watch))
        finished = assemble_search(directory, config, _instant_pool(path), observer).run()
    return {
        "candidates": finished.finished,
        "seconds": finished.seconds,
        "first_resident_mib": watch.resident[0] / MIB,
        "growth_mib": (max(watch.resident) - watch.resident[0]) / MIB,
        "growth_half_way_mib": (watch.resident[len(watch.resident) // 2] - watch.resident[0]) / MIB,
    }


def measure_resume(directory: RunDirectory, copy: Path, trials: int) -> Result:
    """Go on with a copy of a search, and again after that was killed, each in seconds."""
    shutil.copytree(directory.path, copy)
    resumed = {
        "resume_s": resumed_after_s(RunDirectory(copy), trials),
        "resume_killed_s": resumed_after_s(RunDirectory(copy), trials),
    }
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", "import tensorflow"], check=True)
    return {**resumed, "import_tensorflow_s": time.monotonic() - started}


def resumed_after_s(directory: RunDirectory, trials: int) -> float:
    """Resume a search by its command; return seconds until a worker has its first candidate."""
    shutil.rmtree(directory.path / "models", ignore_errors=True)
    command = [sys.executable, "-m", "nas.search", "--resume", "--trials", str(trials)]
    started = time.monotonic()
    with subprocess.Popen(
        [*command, "--run-dir", str(directory.path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as search:
        while not any(directory.path.glob("models/*/worker.log")):
            assert search.poll() is None  # noqa: S101  one candidate was left
            time.sleep(0.02)
        seconds = time.monotonic() - started
        search.kill()
    time.sleep(SETTLED_S)
    return seconds


def _instant_pool(path: Path) -> InstantPool:
    config = read_config(RunDirectory(path))
    space = make_space(config, open_data(RunDirectory(path), config))
    return InstantPool(space, Estimator())


PARTS: Mapping[str, Callable[[Path, Options], dict[str, Any]]] = {
    "training": measure_training,
    "device": measure_device,
    "long": measure_long,
}


def alone(measure: Callable[..., Any], *arguments: Any) -> Any:
    """Run a measurement in a fresh process."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh) as process:
        return process.submit(measure, *arguments).result()


def print_table(results: Mapping[str, Any], reference: Mapping[str, Any]) -> None:
    """Print one line a figure, beside the reference."""
    print(f"{'':44}{'here':>10}{'reference':>12}")
    for name, value in _flat(results).items():
        known = _flat(reference).get(name)
        print(f"{name:44}{value:10.2f}{'' if known is None else f'{known:12.2f}'}")


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    flat: dict[str, float] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name} ")
        elif isinstance(value, int | float):
            flat[prefix + name] = float(value)
    return flat


def main() -> None:
    """Measure, print, and keep the result if that is wanted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", choices=PARTS, action="append", help="parts; default: all")
    parser.add_argument("--candidates", type=int, default=12, help="with 1 and with 2 workers")
    parser.add_argument("--device-s", type=float, default=10.0, help="a device's time, seconds")
    parser.add_argument("--long", type=int, default=500, help="candidates of the long search")
    parser.add_argument("--sampler", choices=SAMPLERS, default=Settings.sampler, help="of those")
    parser.add_argument("--save", action="store_true", help=f"replace {REFERENCE.name}")
    chosen = parser.parse_args()
    quiet_tensorflow()
    options = Options(chosen.candidates, chosen.device_s, chosen.long, chosen.sampler)
    reference = json.loads(REFERENCE.read_text()) if REFERENCE.exists() else {}
    results: dict[str, Any] = {"cores": os.cpu_count()}
    with tempfile.TemporaryDirectory() as folder:
        for name in chosen.only or PARTS:
            results[name] = alone(PARTS[name], Path(folder), options)
    print_table(results, reference)
    if chosen.save:
        REFERENCE.write_text(json.dumps({**reference, **results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
