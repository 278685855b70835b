"""What the studies' scripts share: options, one-line errors, tables, intervals, pictures."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from math import hypot
from pathlib import Path
from statistics import mean
from typing import Any

from rich.table import Table

from nas.command import EXIT_INTERRUPTED, CommandParser
from nas.errors import CandidateError, UserError
from nas.evaluation.interval import accuracy_interval
from nas.tensorflow_settings import quiet_tensorflow
from nas.view.output import Output
from nas.view.whole_file import whole_file

INK, GREY = "#22262c", "#8a8f98"
# Wong, Nature Methods 8, 441 (2011): colours that stay apart in every colour blindness.
BLUE, VERMILION, GREEN, ORANGE = "#0072b2", "#d55e00", "#009e73", "#e69f00"

_DOTS_PER_INCH = 200
_WIDTH = 120
_NARROW, _WIDE = 4, 40
"""Ranges, largest over least, below which an axis is linear, and above which ticks are decades."""

Interval = tuple[float, float, float]
"""A value and the ends of its interval."""


class StudyParser(CommandParser):
    """Options of a script in this folder."""

    def __init__(self, name: str, description: str) -> None:
        super().__init__(name, description)
        self.prog = f"python -m examples.{name}"


def run_study(
    parser: StudyParser,
    redo: Callable[[argparse.Namespace], None],
    words: Sequence[str] | None = None,
) -> None:
    """Redo a study as its options ask; errors are one line.

    Args:
        parser: The study's options.
        redo: Does what is missing of the study, and shows what is there.
        words: Command-line words; those of the process by default.
    """
    try:
        options = parser.parse_args(words)
        quiet_tensorflow()
        redo(options)
    except (UserError, CandidateError) as error:
        sys.exit(f"{parser.prog}: {error}")
    except KeyboardInterrupt:
        print(f"{parser.prog}: interrupted; what is done is kept, start again", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)


def say(text: str) -> None:
    """Tell how the work proceeds, on standard error."""
    print(text, file=sys.stderr, flush=True)


def over_seeds(accuracies: Sequence[float], examples: int) -> Interval:
    """Return the mean accuracy over seeds with its binomial 95 % interval.

    All seeds are tested on as many examples, of a folder on the same ones: more seeds make the
    test set no larger, so the interval is that of ``examples``, not of seeds times examples.

    Args:
        accuracies: One a seed, 0 – 1.
        examples: Examples of the test split.
    """
    middle = mean(accuracies)
    return (middle, *accuracy_interval(middle, examples))


def difference(one: Interval, other: Interval) -> Interval:
    """Return by how much one accuracy is higher than another, with its 95 % interval.

    The two are taken as independent. On the same examples they are not, and the interval is then
    wider than it need be.

    Reference:
        Newcombe, Interval estimation for the difference between independent proportions,
        Statistics in Medicine 17, 1998, method 10.
    """
    (a, a_low, a_high), (b, b_low, b_high) = one, other
    middle = a - b
    return middle, middle - hypot(a - a_low, b_high - b), middle + hypot(a_high - a, b - b_low)


def percent(interval: Interval) -> str:
    """Write an accuracy with its interval: ``76.2 % (73.1-79.0)``."""
    middle, low, high = (100 * value for value in interval)
    return f"{middle:.1f} % ({low:.1f}-{high:.1f})"


def points(interval: Interval) -> str:
    """Write a difference of accuracies with its interval, in points."""
    middle, low, high = (100 * value for value in interval)
    return f"{middle:+.1f} points (95 % interval {low:+.1f} to {high:+.1f})"


def span(values: Sequence[float], write: Callable[[float], str]) -> str:
    """Write the least and the largest of some values, or the one that all have."""
    least, most = write(min(values)), write(max(values))
    return least if least == most else f"{least} - {most}"


def print_table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table on standard output; the first column holds names."""
    table = Table(title=title, title_justify="left", box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for number, head in enumerate(heads):
        table.add_column(head, justify="left" if number == 0 else "right")
    for row in rows:
        table.add_row(*row)
    _output().print(table)


def print_lines(lines: Sequence[str]) -> None:
    """Print paragraphs on standard output, wrapped, each after an empty line."""
    output = _output()
    for line in lines:
        output.print(f"\n{line}")


def _output() -> Output:
    output = Output(markup=False, highlight=False)
    if not output.is_terminal:
        output.width = max(output.width, _WIDTH)
    return output


def prepare_plot(plot: Any, title: str, right: str, up: str) -> None:
    """Give a plot its words and the look of this project's pictures."""
    plot.set_title(title, loc="left", fontsize=11, color=INK)
    plot.set_xlabel(right, fontsize=11)
    plot.set_ylabel(up, fontsize=11)
    plot.tick_params(labelsize=10)
    plot.grid(color="#e3e5e8", linewidth=0.8)
    plot.set_axisbelow(True)
    plot.spines[["top", "right"]].set_visible(False)


def plain_logarithmic(plot: Any, axis: str) -> None:
    """Make an axis logarithmic with plain numbers; one of a narrow range stays as it is."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    low, high = getattr(plot.dataLim, f"interval{axis}")
    if high < _NARROW * low:
        return
    getattr(plot, f"set_{axis}scale")("log")
    scale = getattr(plot, f"{axis}axis")
    scale.set_major_locator(LogLocator(subs=(1, 2, 5) if high < _WIDE * low else (1,)))
    scale.set_major_formatter(StrMethodFormatter("{x:g}"))
    scale.set_minor_formatter(NullFormatter())


def save_figure(figure: Any, path: Path) -> None:
    """Write a picture, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as partial:
        figure.savefig(partial, format="png", dpi=_DOTS_PER_INCH)


def same_settings(stored: Mapping[str, Any], asked: Mapping[str, Any], out: Path) -> None:
    """Refuse to go on with a study under other settings.

    Raises:
        UserError: A setting differs.
    """
    for name, value in asked.items():
        if stored.get(name) != value:
            raise UserError(
                f"{out} holds a study with {name} {stored.get(name)!r}, not {value!r}: "
                "name another --out"
            )
