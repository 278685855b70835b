"""``python -m nas.search``: search a space for the best networks for an Edge TPU."""

import argparse
import signal
import sys
from collections.abc import Mapping, Sequence
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
from search_spaces import SPACES

if TYPE_CHECKING:
    from nas.study.fidelity import Fidelity

BUDGETS = (
    "trials", "timeout_s", "trial_timeout_s", "workers", "executor", "ray_address", "ray_cpus",
    "gate", "check_fidelity",
)  # fmt: skip
"""What may change when a run is resumed."""


def main(argv: Sequence[str] | None = None) -> int:
    """Search, and print the Pareto front.

    Args:
        argv: Options; default those of the process.

    Returns:
        The exit status.
    """
    from nas.assembly import check_settings
    from nas.study.claim import claimed

    given = vars(_parser().parse_args(argv))
    as_json, resumed, path = (given.pop(name) for name in ("json", "resume", "run_dir"))
    signal.signal(signal.SIGTERM, _interrupt)
    quiet_tensorflow()
    given = given if resumed else _joined(given)
    path = path or _default_path(resumed, given)
    try:
        if not resumed:
            _warn(check_settings(Settings(**given), path))
        with claimed(RunDirectory(path), resumed=resumed):
            config = _resume(path, given) if resumed else _start(path, given)
            finished = _search(path, config)
            fidelity = _check_fidelity(path, config)
    except KeyboardInterrupt:
        _print_interrupted(path)
        return EXIT_INTERRUPTED
    _print_result(path, config, finished, fidelity, as_json)
    return EXIT_DONE if finished.front else EXIT_FAILED


def _joined(given: dict[str, Any]) -> dict[str, Any]:
    """Do what the other machines of a study do, if one is named."""
    if "study" not in given:
        return given
    from nas.study.storage import joined_settings

    return joined_settings(given)


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


def _search(path: Path, config: RunConfig) -> SearchFinished:
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
        return assemble_search(directory, config, pool, observer).run()


def _check_fidelity(path: Path, config: RunConfig) -> "Fidelity | None":
    """Train some candidates longer, if that is asked for."""
    if not config.check_fidelity:
        return None
    from nas.assembly import check_fidelity

    print("Training some candidates longer, to compare …", file=sys.stderr, flush=True)
    return check_fidelity(
        RunDirectory(path), config, lambda line: print(line, file=sys.stderr, flush=True)
    )


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


def _print_interrupted(path: Path) -> None:
    from nas.study.record import read_records

    directory = RunDirectory(path)
    if not directory.config.exists():
        print("Interrupted before the first trial; nothing was recorded.", file=sys.stderr)
        return
    count = len(read_records(directory.records))
    print(
        f"Interrupted; finished candidates saved: {count}. Go on with\n"
        f"  python -m nas.search --resume --run-dir {path}",
        file=sys.stderr,
    )


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parse_names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _parse_storage(text: str) -> str:
    """Return a URL as it is and the path of a journal file in full."""
    return text if "://" in text else str(Path(text).absolute())


_DEFAULT_NOTES = {
    "image_size": "default: depends on the data",
    "objectives": f"default: {','.join(Settings.objectives)}",
    "constraints": "default: none",
    "timeout_s": "default: no limit",
    "trial_timeout_s": "default: 1h",
    "gate": "default: --gate",
    "check_fidelity": "default: none",
    "storage": "default: a journal in the run directory",
    "study": "default: the run's own",
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
    add("--data", "data", "pcb_synthetic, digits, a folder, tfds:NAME, keras:NAME or an .npz")
    add("--image-size", "image_size", "input side in pixels", type=parse_count, metavar="N")
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
    add("--check-fidelity", "check_fidelity",
        "train N candidates 5 times as long at the end and say whether the brief training ranks "
        "them alike", type=parse_count, metavar="N")  # fmt: skip
    add("--device", "device", "where latency is from", choices=("estimate",))
    add("--link", "link", "link to the Edge TPU", choices=("pcie", "usb3", "usb2"))
    add("--clock-mhz", "clock_mhz", "clock of the Edge TPU, MHz", type=float,
        choices=(500.0, 250.0, 125.0, 62.5))  # fmt: skip
    add("--host", "host", "CPU that runs what is not mapped", choices=("desktop", "a53", "pi4"))
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
