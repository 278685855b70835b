"""What can be asked of a search: flags of ``python -m nas.search``, keywords of ``nas.search``."""

import argparse
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import fill
from typing import Annotated, Any, NoReturn, TypedDict, TypeVar, get_type_hints

from nas.command import CommandParser, parse_count, parse_duration, parse_names, parse_seed
from nas.edgetpu.chip import LinkName
from nas.edgetpu.host import HostName
from nas.errors import UserError
from nas.evaluation.recipe import AUGMENTATIONS
from nas.records.run import EXECUTORS, SAMPLERS, Settings
from objectives import OBJECTIVES
from search_spaces import SPACES

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Option:
    """One option.

    Attributes:
        text: What it is.
        reading: How ``argparse`` reads it.
        default: What holds where it is not given, in words; ``None`` is the one of ``Settings``.
        setting: Its field of ``Settings``, where that has another name.
    """

    text: str
    reading: Mapping[str, Any] = field(default_factory=dict)
    default: str | None = None
    setting: str | None = None


def _parse_path(text: str) -> str:
    return str(Path(text).absolute())


def _parse_power(text: str) -> str:
    """Return the path of a log in full and a sensor as it is."""
    return _parse_path(text) if text.endswith(".csv") else text


def _parse_storage(text: str) -> str:
    """Return a URL as it is and the path of a journal file in full."""
    return text if "://" in text else _parse_path(text)


_COUNT = {"type": parse_count, "metavar": "N"}
_DURATION = {"type": parse_duration, "metavar": "DURATION"}
_NAME = {"metavar": "NAME"}
_NAMES = {"action": "extend", "type": parse_names, "metavar": "NAMES"}
_EITHER = {"action": argparse.BooleanOptionalAction}
_YES = {"action": "store_true"}


# fmt: off
class SearchOptions(TypedDict, total=False):
    """The keywords with their types; a flag has the same name with hyphens."""

    space: Annotated[str, Option(
        f"{', '.join(SPACES)}, package.module:HyperModel or path.py:build")]
    data: Annotated[str | Path, Option(
        "pcb_synthetic, motion_synthetic, digits, a folder of images or .wav files, a .csv of "
        "sensor channels, tfds:NAME, keras:NAME or an .npz",
        default="pcb_synthetic, for signals motion_synthetic")]
    image_size: Annotated[int, Option("input side in pixels", _COUNT, "depends on the data")]
    samples: Annotated[int, Option("samples of a signal", _COUNT, "depends on the data")]
    objectives: Annotated[str | Sequence[str], Option(
        f"of {', '.join(OBJECTIVES)}", _NAMES, ",".join(Settings.objectives))]
    constraint: Annotated[str | Sequence[str], Option(
        "bound such as 'latency_ms<=5'; repeatable", {"action": "append", "metavar": "BOUND"},
        "none", setting="constraints")]
    trials: Annotated[int, Option("candidates to record", _COUNT)]
    timeout: Annotated[str, Option(
        "no new candidate after this time: 90s, 30m, 2h", _DURATION, "no limit", "timeout_s")]
    trial_timeout: Annotated[str, Option(
        "a candidate that takes longer is ended and recorded", _DURATION, "1h", "trial_timeout_s")]
    epochs: Annotated[int, Option("epochs of the brief training", _COUNT)]
    batch_size: Annotated[int, Option("examples a step", _COUNT)]
    augment: Annotated[str | Sequence[str], Option(
        f"random changes of training images, of {', '.join(AUGMENTATIONS)}", _NAMES, "none")]
    seed: Annotated[int, Option(
        "seed of splits, sampler and training", {"type": parse_seed, "metavar": "N"})]
    workers: Annotated[int, Option("candidates evaluated at once", _COUNT)]
    sampler: Annotated[str, Option("what proposes candidates", {"choices": SAMPLERS})]
    gate: Annotated[bool, Option(
        "end trainings that will hardly reach the Pareto front", _EITHER, "--gate")]
    inherit: Annotated[bool, Option(
        "start a training from the weights of the closest trained network", _EITHER,
        "--no-inherit")]
    check_fidelity: Annotated[int, Option(
        "train N candidates 5 times as long at the end and say whether the brief training ranks "
        "them alike", _COUNT, "none")]
    device: Annotated[str | Sequence[str], Option(
        "where latency is from: estimate, auto (a device if one answers), usb, usb:1, pci, "
        "ssh://user@host; several share the work", {"action": "append", "metavar": "DEVICE"})]
    device_failures: Annotated[int, Option(
        "end the search when every device failed N times in a row", _COUNT,
        "after 3, it goes on with estimates")]
    compiler: Annotated[str | Path, Option(
        "edgetpu_compiler, which measuring needs", {"type": _parse_path, "metavar": "PATH"},
        "the one on PATH")]
    power: Annotated[str, Option(
        "where energy is from when a device measures: auto (the only INA2xx chip of its system, "
        "else an estimate), a sensor such as ina219 or hwmon2:1, or the .csv log of a USB meter",
        {"type": _parse_power, "metavar": "SENSOR"})]
    link: Annotated[LinkName, Option(
        "link to the Edge TPU", {"choices": ("pcie", "usb3", "usb2")})]
    clock_mhz: Annotated[float, Option(
        "clock of the Edge TPU, MHz", {"type": float, "choices": (500.0, 250.0, 125.0, 62.5)})]
    host: Annotated[HostName, Option(
        "CPU that runs what is not mapped", {"choices": ("desktop", "a53", "pi4")})]
    profile: Annotated[str, Option(
        "your own device, from nas.calibrate, instead of these three", _NAME,
        "the package's constants")]
    executor: Annotated[str, Option("where candidates are evaluated", {"choices": EXECUTORS})]
    ray_address: Annotated[str, Option(
        "Ray cluster: auto, HOST:PORT, ray://HOST:PORT", {"metavar": "ADDRESS"})]
    ray_cpus: Annotated[int, Option("CPUs of a Ray node that a candidate takes", _COUNT)]
    storage: Annotated[str | Path, Option(
        "journal file on a shared disk or database URL, to share a study",
        {"type": _parse_storage, "metavar": "URL"}, "a journal in the run directory")]
    study: Annotated[str, Option(
        "study in --storage that machines share; the first one starts it", _NAME, "the run's own")]
    run_dir: Annotated[str | Path, Option(
        "where everything is written", {"type": Path, "metavar": "DIR"}, "runs/SPACE-TIME")]
    resume: Annotated[bool, Option("continue the run in --run-dir", _YES, "start a new one")]
# fmt: on


OPTIONS: Mapping[str, Option] = {
    name: hint.__metadata__[0]
    for name, hint in get_type_hints(SearchOptions, include_extras=True).items()
}


class _KeywordParser(CommandParser):
    """Tells a wrong option to the program that gave it."""

    def error(self, message: str) -> NoReturn:
        """Refuse the options."""
        raise UserError(f"{message}; help(nas.search) lists the options")


def search_parser(kind: type[CommandParser] = CommandParser) -> CommandParser:
    """Describe the options to ``argparse``.

    What is read has the names of ``Settings``, ``run_dir`` and ``resume``; what is not given is not
    there, so that a resumed run can tell what was.
    """
    parser = kind("search", "Search a space for the best networks for an Edge TPU.")
    for name, option in OPTIONS.items():
        parser.add_argument(
            _flag(name),
            dest=option.setting or name,
            default=argparse.SUPPRESS,
            help=f"{option.text} (default: {_default(name, option)})",
            **option.reading,
        )
    return parser


def read_keywords(keywords: Mapping[str, object]) -> dict[str, Any]:
    """Read keyword arguments as the command reads its flags; ``None`` is one that is not given.

    Raises:
        UserError: A name or a value is wrong; it says what the command would.
    """
    parser = search_parser(_KeywordParser)
    unknown = keywords.keys() - OPTIONS.keys()
    if unknown:
        parser.error(f"unrecognized arguments: {', '.join(sorted(unknown))}")
    words = [word for name, value in keywords.items() for word in _words(name, value)]
    return vars(parser.parse_args(words))


def with_options(function: F) -> F:
    """Show the options in the help of a function that takes them as keywords."""
    keywords = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None)
                for name in OPTIONS]  # fmt: skip
    returned = inspect.signature(function).return_annotation
    vars(function)["__signature__"] = inspect.Signature(keywords, return_annotation=returned)
    lines = (_line(name, option) for name, option in OPTIONS.items())
    function.__doc__ = "\n".join([inspect.getdoc(function) or "", "", "Options:", *lines])
    return function


def _words(name: str, value: object) -> list[str]:
    """Return a keyword argument as the command line would have it."""
    if value is None or (value is False and OPTIONS[name].reading is _YES):
        return []
    if isinstance(value, bool):
        return [_flag(name if value else f"no_{name}")]
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [f"{_flag(name)}={each}" for each in value]
    return [f"{_flag(name)}={value}"]


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _default(name: str, option: Option) -> str:
    return option.default or str(getattr(Settings, option.setting or name))


def _line(name: str, option: Option) -> str:
    choices = ", ".join(map(str, option.reading.get("choices", ())))
    text = f"{name}: {option.text}{choices and f': {choices}'} (default: {_default(name, option)})"
    return fill(text, 96, initial_indent="    ", subsequent_indent="        ",
                break_long_words=False, break_on_hyphens=False)  # fmt: skip
