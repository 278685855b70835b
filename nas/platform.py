"""``python -m nas.platform``: Edge TPU or CPU, over size and kind of network."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas.command import EXIT_DONE, CommandParser, check_picture, print_json, run_command
from nas.edgetpu.chip import CHIP, LINKS
from nas.edgetpu.host import HOSTS
from nas.errors import UserError
from nas.platforms.contest import SETUPS, Setup
from nas.platforms.placed_model import PlacedModel, place_model
from nas.platforms.this_cpu import CpuMeasurement, measure_cpu


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
    models = [place_model(path, setups) for path in options.models]
    measured = [measure_cpu(path) for path in options.models] if options.measure_cpu else []
    _show(options, setups, _Models(models, measured))
    return EXIT_DONE


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
    if (options.link is None) != (options.host is None):
        raise UserError("--link and --host describe one set-up: give both or none")
    usual = SETUPS
    if options.link is not None:
        usual = (Setup(f"Edge TPU against {options.host}", options.link, options.host),)
    return tuple(Setup(each.name, each.link, each.host, options.clock_mhz) for each in usual)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = CommandParser(
        "platform", "Edge TPU or CPU: who runs a network sooner and on less energy, and from "
        "which size on."
    )  # fmt: skip
    add = parser.add_argument
    add("models", nargs="*", type=Path, metavar="MODEL", help="int8 .tflite files to advise on")
    add("--link", choices=tuple(LINKS), help="link to the chip (default: a Dev Board's and usb3)")
    add("--host", choices=tuple(HOSTS), help="CPU it competes with (default: a53 and desktop)")
    add("--clock-mhz", type=float, choices=CHIP.clocks_mhz, default=500.0, help="clock in MHz")
    add("--measure-cpu", action="store_true", help="also time the models on this computer's CPU")
    add("--json", action="store_true", help="print one JSON object")
    add("--picture", type=Path, metavar="FILE.png", help="draw the chart as well")
    options = parser.parse_args(argv)
    _check(options)
    return options


def _check(options: argparse.Namespace) -> None:
    if options.measure_cpu and not options.models:
        raise UserError("--measure-cpu needs a model to time: name a .tflite file")
    check_picture(options.picture)


if __name__ == "__main__":
    run_command("platform", main)
