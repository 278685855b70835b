"""``python -m nas.platform``: Edge TPU or CPU, over size and kind of network."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nas.command import EXIT_DONE, CommandParser, check_picture, print_json, run_command
from nas.edgetpu.chip import CHIP, LINKS
from nas.edgetpu.host import HOSTS
from nas.errors import UserError
from nas.platforms.contest import SETUPS, Setup
from nas.platforms.placed_model import PlacedModel, place_model, place_network
from nas.platforms.this_cpu import CpuMeasurement, measure_cpu
from nas.setup_options import add_profile_option, read_own_profile
from nas.tensorflow_settings import load_tensorflow, native_output_to

KERAS = ".keras"


def main(argv: Sequence[str] | None = None) -> int:
    """Draw the decision chart, with the user's models on it.

    Args:
        argv: Command-line words; those of the process by default.

    Returns:
        The exit status.

    Raises:
        UserError: The options make no sense, or a model cannot be read.
    """
    options = _parse(argv)
    setups = _setups(options)
    models = [_place(path, setups) for path in options.models]
    measured = _measure(options.models) if options.measure_cpu else []
    _show(options, setups, _Models(models, measured))
    return EXIT_DONE


def _place(path: Path, setups: tuple[Setup, ...]) -> PlacedModel:
    if path.suffix != KERAS:
        return place_model(path, setups)
    load_tensorflow()
    from nas.network.keras_graph import read_keras_model
    from nas.subject import open_file

    return place_network(path.name, read_keras_model(open_file(path).model), setups)


def _measure(paths: Sequence[Path]) -> list[CpuMeasurement]:
    """Time models; what the interpreter's native parts write is kept off the terminal."""
    with TemporaryDirectory(prefix="platform-") as name, native_output_to(Path(name) / "log"):
        return [measure_cpu(path) for path in paths]


@dataclass(frozen=True)
class _Models:
    """The user's models, and their times on this computer's CPU if asked for."""

    placed: list[PlacedModel]
    measured: list[CpuMeasurement]

    def as_dicts(self) -> list[dict[str, Any]]:
        values = [model.as_dict() for model in self.placed]
        for value, measured in zip(values, self.measured, strict=False):
            value["this_cpu"] = vars(measured)
        return values


def _show(options: argparse.Namespace, setups: tuple[Setup, ...], models: _Models) -> None:
    from nas.platforms.chart import make_chart

    chart = make_chart(setups)
    if options.picture is not None:
        from nas.view.platform_figure import draw_chart

        draw_chart(options.picture, chart, models.placed)
    if options.json:
        print_json({**chart.as_dict(), "models": models.as_dicts()})
        return
    from nas.view.output import Output
    from nas.view.platform_text import print_chart, print_measured, print_models

    output = Output()
    print_chart(output, chart)
    print_models(output, models.placed)
    print_measured(output, models.measured)


def _setups(options: argparse.Namespace) -> tuple[Setup, ...]:
    """Return the set-up that was described, or the usual ones at the clock asked for."""
    if options.profile is not None:
        given = {name for name, value in vars(options).items() if value is not None}
        own = read_own_profile(options.profile, given).estimator()
        name = f"Your Edge TPU against its {own.host}"
        return (Setup(name, own.link, own.host, own.clock_mhz, own),)
    if (options.link is None) != (options.host is None):
        raise UserError("--link and --host describe one set-up: give both or none")
    usual = SETUPS
    if options.link is not None:
        usual = (Setup(f"Edge TPU against {options.host}", options.link, options.host),)
    clock_mhz = options.clock_mhz or usual[0].clock_mhz
    return tuple(replace(each, clock_mhz=clock_mhz) for each in usual)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = CommandParser(
        "platform", "Edge TPU or CPU: who runs a network sooner and on less energy, and from "
        "which size on."
    )  # fmt: skip
    add = parser.add_argument
    add(
        "models",
        nargs="*",
        type=Path,
        metavar="MODEL",
        help="int8 .tflite or .keras files to advise on",
    )
    add("--link", choices=tuple(LINKS), help="link to the chip (default: a Dev Board's and usb3)")
    add("--host", choices=tuple(HOSTS), help="CPU it competes with (default: a53 and desktop)")
    add("--clock-mhz", type=float, choices=CHIP.clocks_mhz, help="clock in MHz (default: 500)")
    add_profile_option(parser)
    add("--measure-cpu", action="store_true", help="also time the models on this computer's CPU")
    add("--json", action="store_true", help="print one JSON object")
    add("--picture", type=Path, metavar="FILE.png", help="draw the chart as well")
    options = parser.parse_args(argv)
    _check(options)
    return options


def _check(options: argparse.Namespace) -> None:
    if options.measure_cpu and not options.models:
        raise UserError("--measure-cpu needs a model to time: name a .tflite file")
    keras = [path for path in options.models if path.suffix == KERAS]
    if options.measure_cpu and keras:
        raise UserError(f"--measure-cpu times int8 .tflite files: convert {keras[0]} first")
    check_picture(options.picture)


if __name__ == "__main__":
    run_command("platform", main)
