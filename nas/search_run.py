"""One search from what is asked for to what was found, for the command and for Python."""

import shlex
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from nas.assembly import (
    assemble_search,
    check_fidelity,
    check_settings,
    chosen_objectives,
    default_directory,
    resume_run,
    start_run,
    unmapped_note,
)
from nas.errors import UserError
from nas.executors.executor import make_executor
from nas.executors.signals import handled, interrupt
from nas.executors.workers import warm_up
from nas.records.claim import claimed
from nas.records.record import read_records
from nas.records.run import RunConfig, RunDirectory, Settings, read_config
from nas.setup_options import read_own_profile
from nas.study.events import Observers, SearchFinished
from nas.study.storage import joined_settings, lost_storage_explained
from nas.tensorflow_settings import load_tensorflow, quiet_tensorflow
from nas.view.refresh import ViewRefresher
from nas.view.terminal import TerminalView, data_progress
from objectives import Objective
from search_spaces import default_data

if TYPE_CHECKING:
    import optuna

    from nas.device.pool import DevicePool
    from nas.records.fidelity import Fidelity

BUDGETS = (
    "trials", "timeout_s", "trial_timeout_s", "workers", "executor", "ray_address", "ray_cpus",
    "gate", "check_fidelity", "device", "device_failures", "compiler", "power",
)  # fmt: skip
"""What may change when a run is resumed."""


@dataclass(frozen=True)
class Request:
    """A search that is asked for.

    Attributes:
        path: The run directory.
        given: Fields of ``Settings`` that the user named.
        is_resumed: Whether the run is there already and goes on.
    """

    path: Path
    given: Mapping[str, Any]
    is_resumed: bool


@dataclass(frozen=True)
class Result:
    """What a search found.

    Attributes:
        directory: Where everything was written.
        config: Configuration of the run.
        objectives: What it pursued.
        study: Optuna's study.
        finished: How it ended, with the front.
        fidelity: Rank correlation with longer trainings, where that was asked for.
    """

    directory: RunDirectory
    config: RunConfig
    objectives: list[Objective]
    study: "optuna.Study"
    finished: SearchFinished
    fidelity: "Fidelity | None"


def read_request(options: Mapping[str, Any]) -> Request:
    """Make a request of the options as they are read.

    Raises:
        UserError: Options that contradict each other, an unknown study or profile.
    """
    given = dict(options)
    is_resumed, path = given.pop("resume", False), given.pop("run_dir", None)
    given = {name: tuple(v) if isinstance(v, list) else v for name, v in given.items()}
    if "device" in given:
        given["device"] = ",".join(given["device"])
    if "profile" in given:
        given = _with_profile(given)
    if not is_resumed:
        given = _with_data(joined_settings(given))
    elif path is None:
        raise UserError("--resume needs --run-dir: which run is to go on?")
    return Request(path or default_directory(given.get("space", Settings.space)), given, is_resumed)


def carry_out(request: Request, console: Console, *, is_command: bool = False) -> Result:
    """Search.

    Args:
        request: What is asked for.
        console: Where people watch; what they should know beforehand is on standard error.
        is_command: Whether this process is ours, so that TensorFlow may be loaded the fast way.

    Raises:
        UserError: The request cannot be met.
        KeyboardInterrupt: Ctrl-C or SIGTERM; finished candidates are saved.
        DevicesLostError: No device is left, and the search was to end then; likewise.
    """
    quiet_tensorflow()
    path, directory = request.path, RunDirectory(request.path)
    with handled(signal.SIGTERM, interrupt):
        if not request.is_resumed:
            _warn(check_settings(Settings(**request.given), path))
        with _opened_bench(request) as bench, claimed(directory, resumed=request.is_resumed):
            config = _resume(request) if request.is_resumed else _start(request, console)
            if is_command:
                load_tensorflow()
            _warn(_unmapped(directory, config))
            objectives = chosen_objectives(config.objectives)
            study, finished = _search(directory, config, objectives, bench, console)
            fidelity = _check_fidelity(directory, config, console)
    return Result(directory, config, objectives, study, finished, fidelity)


def going_on(what: str, path: Path, again: str) -> str:
    """Say what is saved of a search that did not come to its end, and how to go on.

    Args:
        what: What happened to it.
        path: The run directory.
        again: What to write to resume it.
    """
    directory = RunDirectory(path)
    if not directory.config.exists():
        return f"{what} before the first trial; nothing was recorded."
    count = len(read_records(directory.records))
    return f"{what}; finished candidates saved: {count}. Go on with\n  {again}"


def _with_data(given: dict[str, Any]) -> dict[str, Any]:
    """Search a space on embedded data of its kind where none are named."""
    space = given.get("space", Settings.space)
    data = default_data(space, images=Settings.data, signals="motion_synthetic")
    return {"data": data, **given}


def _with_profile(given: dict[str, Any]) -> dict[str, Any]:
    """Take link, clock and host from the profile that is named."""
    profile = read_own_profile(given["profile"], given)
    setup = {"link": profile.link, "clock_mhz": profile.clock_mhz, "host": profile.host}
    return {**given, **setup}


def _start(request: Request, console: Console) -> RunConfig:
    """Open a new run; TensorFlow is loaded in the background while the data is prepared."""
    settings = Settings(**request.given)
    warm_up()
    with data_progress(settings.data, console) as on_progress:
        return start_run(request.path, settings, on_progress)


def _resume(request: Request) -> RunConfig:
    """Take up a run, with other budgets where they are given."""
    path, given = request.path, request.given
    config = read_config(RunDirectory(path))
    for name, value in given.items():
        known = getattr(config, name)
        if name not in BUDGETS and value != known:
            raise UserError(f"{path} was started with {name} {known!r}: it cannot become {value!r}")
    warm_up()
    return resume_run(path, {name: given[name] for name in BUDGETS if name in given})


@contextmanager
def _opened_bench(request: Request) -> Iterator["DevicePool | None"]:
    """Open what measures, before anything else takes time; ``None`` where nothing does."""
    known = read_config(RunDirectory(request.path)) if request.is_resumed else Settings()
    settings = replace(known, **request.given)
    if settings.device == Settings.device:
        yield None
        return
    from nas.bench import open_bench

    bench, notes = open_bench(settings)
    for note in notes:
        _warn(note)
    try:
        yield bench
    finally:
        if bench is not None:
            bench.close()


def _search(
    directory: RunDirectory,
    config: RunConfig,
    objectives: list[Objective],
    bench: "DevicePool | None",
    console: Console,
) -> "tuple[optuna.Study, SearchFinished]":
    """Search while someone watches and the views are kept fresh."""
    warm_up()
    pool = make_executor(config)
    with (
        lost_storage_explained(),
        ViewRefresher(directory, config, objectives) as refresher,
        TerminalView(config.trials, objectives, console) as terminal,
    ):
        observer = Observers((terminal, refresher))
        search = assemble_search(directory, config, pool, observer, bench)
        return search.study, search.run()


def _check_fidelity(
    directory: RunDirectory, config: RunConfig, console: Console
) -> "Fidelity | None":
    """Train some candidates longer, if that is asked for."""
    if not config.check_fidelity:
        return None

    def say(line: str) -> None:
        console.print(Text(line), highlight=False, soft_wrap=True)

    say("Training some candidates longer, to compare …")
    return check_fidelity(directory, config, say)


def _unmapped(directory: RunDirectory, config: RunConfig) -> str | None:
    """Say what of the space will not run on the chip, before anything is trained."""
    note = unmapped_note(directory, config)
    size = "" if config.image_size is None else f" --image-size {config.image_size}"
    audit = f"python -m nas.audit --space {shlex.quote(config.space)}{size}"
    return None if note is None else f"{config.space}: {note}\n  {audit}  counts such candidates"


def _warn(note: str | None) -> None:
    if note is not None:
        print(f"nas.search: {note}", file=sys.stderr)
