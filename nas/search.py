"""``python -m nas.search``: search a space for the best networks for an Edge TPU."""

import argparse
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from nas.command import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    CommandParser,
    parse_count,
    parse_duration,
    parse_seed,
    print_json,
    run_command,
)
from nas.errors import UserError
from nas.study.events import SearchFinished
from nas.study.run import EXECUTORS, SAMPLERS, RunConfig, RunDirectory, Settings
from nas.tensorflow_settings import quiet_tensorflow
from objectives import OBJECTIVES
from search_spaces import SPACES, default_data

if TYPE_CHECKING:
    from nas.device.pool import DevicePool
    from nas.study.fidelity import Fidelity

BUDGETS = (
    "trials", "timeout_s", "trial_timeout_s", "workers", "executor", "ray_address", "ray_cpus",
    "gate", "check_fidelity", "device", "device_failures", "compiler",
)  # fmt: skip
"""What may change when a run is resumed."""


def main(argv: Sequence[str] | None = None) -> int:
    """Search, and print the Pareto front.

    Args:
        argv: Options; default those of the process.

    Returns:
        The exit status.
    """
    given = vars(_parser().parse_args(argv))  # before all that takes long to import
    from nas.assembly import check_settings
    from nas.study.claim import claimed
    from nas.study.measuring import DevicesLostError

    as_json, resumed, path = (given.pop(name) for name in ("json", "resume", "run_dir"))
    if "device" in given:
        given["device"] = ",".join(given["device"])
    if "profile" in given:
        given = _with_profile(given)
    signal.signal(signal.SIGTERM, _interrupt)
    quiet_tensorflow()
    given = given if resumed else _with_data(_joined(given))
    path = path or _default_path(resumed, given)
    try:
        if not resumed:
            _warn(check_settings(Settings(**given), path))
        with (
            _opened_bench(path, given, resumed) as bench,
            claimed(RunDirectory(path), resumed=resumed),
        ):
            config = _resume(path, given) if resumed else _start(path, given)
            _warn(_unmapped(path, config))
            finished = _search(path, config, bench)
            fidelity = _check_fidelity(path, config)
    except KeyboardInterrupt:
        _print_interrupted(path, "Interrupted")
        return EXIT_INTERRUPTED
    except DevicesLostError as error:
        _print_interrupted(path, f"Ended, as --device-failures asks: {error}")
        return EXIT_FAILED
    _print_result(path, config, finished, fidelity, as_json)
    return EXIT_DONE if finished.front else EXIT_FAILED


def _joined(given: dict[str, Any]) -> dict[str, Any]:
    """Do what the other machines of a study do, if one is named."""
    if "study" not in given:
        return given
    from nas.study.storage import joined_settings

    return joined_settings(given)


def _with_data(given: dict[str, Any]) -> dict[str, Any]:
    """Search a space on embedded data of its kind where none are named."""
    space = given.get("space", Settings.space)
    data = default_data(space, images=Settings.data, signals="motion_synthetic")
    return {"data": data, **given}


def _with_profile(given: dict[str, Any]) -> dict[str, Any]:
    """Take link, clock and host from the profile that is named."""
    from nas.edgetpu.profile import read_profile

    if {"link", "clock_mhz", "host"} & given.keys():
        raise UserError("--profile has a link, a clock and a host: leave out what else tells them")
    profile = read_profile(given["profile"])
    setup = {"link": profile.link, "clock_mhz": profile.clock_mhz, "host": profile.host}
    return {**given, **setup}


def _start(path: Path, given: Mapping[str, Any]) -> RunConfig:
    """Open a new run; TensorFlow is loaded in the background while the data is prepared."""
    from nas.assembly import start_run
    from nas.study.workers import warm_up
    from nas.view.terminal import data_progress

    settings = Settings(**given)
    warm_up()
    with data_progress(settings.data) as on_progress:
        return start_run(path, settings, on_progress)


def _resume(path: Path, given: Mapping[str, Any]) -> RunConfig:
    """Take up a run, with other budgets where they are given."""
    from nas.assembly import resume_run
    from nas.study.run import read_config

    config = read_config(RunDirectory(path))
    for name, value in given.items():
        known = getattr(config, name)
        if name not in BUDGETS and value != known:
            raise UserError(f"{path} was started with {name} {known!r}: it cannot become {value!r}")
    return resume_run(path, {name: given[name] for name in BUDGETS if name in given})


@contextmanager
def _opened_bench(
    path: Path, given: Mapping[str, Any], resumed: bool
) -> Iterator["DevicePool | None"]:
    """Open what measures, before anything else takes time; ``None`` where nothing does."""
    from nas.study.run import read_config

    known = read_config(RunDirectory(path)) if resumed else Settings()
    settings = replace(known, **given)
    if settings.device == Settings.device:
        yield None
        return
    from nas.bench import open_bench

    bench, note = open_bench(settings)
    _warn(note)
    try:
        yield bench
    finally:
        if bench is not None:
            bench.close()


def _search(path: Path, config: RunConfig, bench: "DevicePool | None") -> SearchFinished:
    """Search while someone watches and the views are kept fresh."""
    from nas.assembly import assemble_search, chosen_objectives
    from nas.study.events import Observers
    from nas.study.executor import make_executor
    from nas.study.storage import lost_storage_explained
    from nas.study.workers import warm_up
    from nas.view.refresh import ViewRefresher
    from nas.view.terminal import TerminalView

    warm_up()
    directory, objectives = RunDirectory(path), chosen_objectives(config.objectives)
    pool = make_executor(config)
    with (
        lost_storage_explained(),
        ViewRefresher(directory, config, objectives) as refresher,
        TerminalView(config.trials, objectives) as terminal,
    ):
        observer = Observers((terminal, refresher))
        return assemble_search(directory, config, pool, observer, bench).run()


def _check_fidelity(path: Path, config: RunConfig) -> "Fidelity | None":
    """Train some candidates longer, if that is asked for."""
    if not config.check_fidelity:
        return None
    from nas.assembly import check_fidelity

    print("Training some candidates longer, to compare …", file=sys.stderr, flush=True)
    return check_fidelity(
        RunDirectory(path), config, lambda line: print(line, file=sys.stderr, flush=True)
    )


def _unmapped(path: Path, config: RunConfig) -> str | None:
    """Say what of the space will not run on the chip, before anything is trained."""
    from nas.assembly import unmapped_note

    note = unmapped_note(RunDirectory(path), config)
    size = "" if config.image_size is None else f" --image-size {config.image_size}"
    audit = f"python -m nas.audit --space {config.space}{size}"
    return None if note is None else f"{config.space}: {note}\n  {audit}  counts such candidates"


def _warn(note: str | None) -> None:
    if note is not None:
        print(f"nas.search: {note}", file=sys.stderr)


def _default_path(resumed: bool, given: Mapping[str, Any]) -> Path:
    from nas.assembly import default_directory

    if resumed:
        raise UserError("--resume needs --run-dir: which run is to go on?")
    return default_directory(given.get("space", Settings.space))


def _print_result(
    path: Path,
    config: RunConfig,
    finished: SearchFinished,
    fidelity: "Fidelity | None",
    as_json: bool,
) -> None:
    from nas.assembly import chosen_objectives
    from nas.view.terminal import print_front

    if as_json:
        front = [record.as_dict() for record in finished.front]
        print_json(
            {
                "run_dir": str(path),
                "candidates": finished.finished,
                "seconds": round(finished.seconds, 1),
                "reason": finished.reason,
                "front": front,
                "fidelity": None if fidelity is None else fidelity.as_dict(),
            }
        )
    else:
        print_front(path, config, finished, chosen_objectives(config.objectives))
        if fidelity is not None:
            print(fidelity.statement)
            if fidelity.warning is not None:
                print(f"Warning: {fidelity.warning}.")


def _print_interrupted(path: Path, what: str) -> None:
    from nas.study.record import read_records

    directory = RunDirectory(path)
    if not directory.config.exists():
        print(f"{what} before the first trial; nothing was recorded.", file=sys.stderr)
        return
    count = len(read_records(directory.records))
    print(
        f"{what}; finished candidates saved: {count}. Go on with\n"
        f"  python -m nas.search --resume --run-dir {path}",
        file=sys.stderr,
    )


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parse_names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _parse_path(text: str) -> str:
    return str(Path(text).absolute())


def _parse_storage(text: str) -> str:
    """Return a URL as it is and the path of a journal file in full."""
    return text if "://" in text else str(Path(text).absolute())


_DEFAULT_NOTES = {
    "profile": "default: the package's constants",
    "data": "default: pcb_synthetic, for signals motion_synthetic",
    "image_size": "default: depends on the data",
    "samples": "default: depends on the data",
    "objectives": f"default: {','.join(Settings.objectives)}",
    "constraints": "default: none",
    "timeout_s": "default: no limit",
    "trial_timeout_s": "default: 1h",
    "gate": "default: --gate",
    "inherit": "default: --no-inherit",
    "check_fidelity": "default: none",
    "storage": "default: a journal in the run directory",
    "study": "default: the run's own",
    "device_failures": "default: after 3, it goes on with estimates",
    "compiler": "default: the one on PATH",
}


def _parser() -> CommandParser:
    """Describe the options.

    Those of a new run have no default here, so that a resumed run can tell what was given.
    """
    parser = CommandParser("search", "Search a space for the best networks for an Edge TPU.")

    def add(flag: str, name: str, text: str, **settings: Any) -> None:
        note = _DEFAULT_NOTES.get(name) or f"default: {getattr(Settings, name)}"
        text = f"{text} ({note})"
        parser.add_argument(flag, dest=name, default=argparse.SUPPRESS, help=text, **settings)

    add("--space", "space", f"{', '.join(SPACES)}, package.module:HyperModel or path.py:build")
    add("--data", "data", "pcb_synthetic, motion_synthetic, digits, a folder of images or .wav "
        "files, a .csv of sensor channels, tfds:NAME, keras:NAME or an .npz")  # fmt: skip
    add("--image-size", "image_size", "input side in pixels", type=parse_count, metavar="N")
    add("--samples", "samples", "samples of a signal", type=parse_count, metavar="N")
    add(
        "--objectives", "objectives", f"of {', '.join(OBJECTIVES)}",
        type=_parse_names, metavar="NAMES",
    )  # fmt: skip
    add(
        "--constraint", "constraints", "bound such as 'latency_ms<=5'; repeatable",
        action="append", metavar="BOUND",
    )  # fmt: skip
    add("--trials", "trials", "candidates to record", type=parse_count, metavar="N")
    add("--timeout", "timeout_s", "no new candidate after this time: 90s, 30m, 2h",
        type=parse_duration, metavar="DURATION")  # fmt: skip
    add("--trial-timeout", "trial_timeout_s", "a candidate that takes longer is ended and recorded",
        type=parse_duration, metavar="DURATION")  # fmt: skip
    add("--epochs", "epochs", "epochs of the brief training", type=parse_count, metavar="N")
    add("--batch-size", "batch_size", "examples a step", type=parse_count, metavar="N")
    add("--seed", "seed", "seed of splits, sampler and training", type=parse_seed, metavar="N")
    add("--workers", "workers", "candidates evaluated at once", type=parse_count, metavar="N")
    add("--sampler", "sampler", "what proposes candidates", choices=SAMPLERS)
    add("--gate", "gate", "end trainings that will hardly reach the Pareto front",
        action=argparse.BooleanOptionalAction)  # fmt: skip
    add("--inherit", "inherit", "start a training from the weights of the closest trained network",
        action=argparse.BooleanOptionalAction)  # fmt: skip
    add("--check-fidelity", "check_fidelity",
        "train N candidates 5 times as long at the end and say whether the brief training ranks "
        "them alike", type=parse_count, metavar="N")  # fmt: skip
    add("--device", "device",
        "where latency is from: estimate, auto (a device if one answers), usb, usb:1, pci, "
        "ssh://user@host; several share the work", action="append", metavar="DEVICE")  # fmt: skip
    add("--device-failures", "device_failures",
        "end the search when every device failed N times in a row", type=parse_count,
        metavar="N")  # fmt: skip
    add("--compiler", "compiler", "edgetpu_compiler, which measuring needs", type=_parse_path,
        metavar="PATH")  # fmt: skip
    add("--link", "link", "link to the Edge TPU", choices=("pcie", "usb3", "usb2"))
    add("--clock-mhz", "clock_mhz", "clock of the Edge TPU, MHz", type=float,
        choices=(500.0, 250.0, 125.0, 62.5))  # fmt: skip
    add("--host", "host", "CPU that runs what is not mapped", choices=("desktop", "a53", "pi4"))
    add("--profile", "profile", "your own device, from nas.calibrate, instead of these three",
        metavar="NAME")  # fmt: skip
    add("--executor", "executor", "where candidates are evaluated", choices=EXECUTORS)
    add("--ray-address", "ray_address", "Ray cluster: auto, HOST:PORT, ray://HOST:PORT",
        metavar="ADDRESS")  # fmt: skip
    add("--ray-cpus", "ray_cpus", "CPUs of a Ray node that a candidate takes",
        type=parse_count, metavar="N")  # fmt: skip
    add("--storage", "storage", "journal file on a shared disk or database URL, to share a study",
        type=_parse_storage, metavar="URL")  # fmt: skip
    add("--study", "study", "study in --storage that machines share; the first one starts it",
        metavar="NAME")  # fmt: skip
    parser.add_argument(
        "--run-dir", type=Path, default=None, metavar="DIR",
        help="where everything is written; runs/SPACE-TIME if not given",
    )  # fmt: skip
    parser.add_argument("--resume", action="store_true", help="continue the run in --run-dir")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


if __name__ == "__main__":
    run_command("search", main)
