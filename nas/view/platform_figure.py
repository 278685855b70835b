"""The decision chart as a picture."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from string import ascii_uppercase
from typing import Any

import numpy as np

from nas.platforms.chart import FEWEST, MOST, Chart, Curve
from nas.platforms.contest import Quantity, Setup
from nas.platforms.families import FAMILIES, Family
from nas.platforms.placed_model import PlacedModel
from nas.view.charts import drawable
from nas.view.platform_text import setup_words
from nas.view.text import plain
from nas.view.whole_file import whole_file

_WIDTH_INCHES, _ROW_INCHES, _LINE_INCHES = 9.0, 2.5, 0.2
_DOTS_PER_INCH = 200
_INK = "#22262c"
_TENFOLD = 1.5
"""Colours are full where one side takes 10 to this power times as much."""

_TITLES: dict[Quantity, str] = {"latency_ms": "latency", "energy_mj": "energy"}


def draw_chart(path: Path, chart: Chart, models: Sequence[PlacedModel]) -> None:
    """Write the picture of the chart, whole or not at all.

    Args:
        path: A ``.png``.
        chart: Who wins where.
        models: The user's, drawn as letters; the first 26.
    """
    figure = chart_figure(chart, models)
    with whole_file(path) as partial:
        figure.savefig(partial, format="png", dpi=_DOTS_PER_INCH)


def chart_figure(chart: Chart, models: Sequence[PlacedModel]) -> Any:
    """Return the picture as a Matplotlib ``Figure``: a panel for each set-up, kind and quantity."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure

    rows = list(product(FAMILIES.values(), _TITLES))
    height = _ROW_INCHES * len(rows) + 1.2 + _LINE_INCHES * len(models)
    figure = Figure(figsize=(_WIDTH_INCHES, height), layout="constrained")
    lettered = list(zip(ascii_uppercase, models, strict=False))
    heading = ["Edge TPU or CPU? Estimated, nothing was run", *map(_model_line, lettered)]
    figure.suptitle("\n".join(heading), x=0.01, ha="left", fontsize=11, color=_INK,
                    parse_math=False)  # fmt: skip
    panels = figure.subplots(len(rows), len(chart.setups), squeeze=False)
    for (row, (family, quantity)), (column, setup) in product(enumerate(rows),
                                                              enumerate(chart.setups)):  # fmt: skip
        plot = panels[row][column]
        _draw_panel(plot, chart.of(setup, family.kind, quantity), family)
        _draw_models(plot, [each for each in lettered if each[1].kind == family.kind], family)
        _name_panel(plot, setup, family, quantity, is_top=row == 0, is_left=column == 0)
    shades = ScalarMappable(LogNorm(10**-_TENFOLD, 10**_TENFOLD), "PuOr")
    bar = figure.colorbar(shades, ax=panels, location="bottom", aspect=50, shrink=0.7, pad=0.01)
    bar.set_label("CPU over Edge TPU: violet, the Edge TPU takes less; hatched, too close to call")
    bar.ax.xaxis.set_major_formatter("{x:g} ×")
    return figure


def _model_line(lettered: tuple[str, PlacedModel]) -> str:
    letter, model = lettered
    return f"{letter}   {drawable(plain(model.name, 70))}"


def _draw_panel(plot: Any, curves: Sequence[Curve], family: Family) -> None:
    for row, curve in enumerate(curves):
        if len(curve.points) > 1:
            _draw_row(plot, row, curve)
    plot.set_xscale("log")
    plot.set_xlim(FEWEST, MOST)
    plot.set_ylim(-0.5, len(curves) - 0.5)
    plot.set_yticks(range(len(curves)), [f"{size:,}" for size in family.sizes])
    plot.tick_params(labelsize=9)
    plot.spines[:].set_visible(False)


def _draw_row(plot: Any, row: int, curve: Curve) -> None:
    parameters = np.array([point.parameters for point in curve.points], float)
    between = np.sqrt(parameters[1:] * parameters[:-1])
    edges = np.array([parameters[0], *between, parameters[-1]])
    ratios = np.log10([point.contest.ratio for point in curve.points])
    sides = (row - 0.44, row + 0.44)
    plot.pcolormesh(edges, sides, ratios[None], cmap="PuOr", vmin=-_TENFOLD, vmax=_TENFOLD)
    for place, point in enumerate(curve.points):
        if point.contest.winner is None:
            plot.fill_betweenx(
                sides, *edges[place : place + 2], facecolor="none", edgecolor=_INK,
                hatch="////", linewidth=0, alpha=0.35,
            )  # fmt: skip
    for crossover in curve.crossovers:
        plot.plot([crossover.parameters] * 2, sides, color=_INK, linewidth=1.6)


def _draw_models(plot: Any, models: Sequence[tuple[str, PlacedModel]], family: Family) -> None:
    """Draw each model as its letter, at the size of its input."""
    logs = np.log(family.sizes)
    for letter, model in models:
        height = float(np.interp(np.log(max(model.size, 1)), logs, range(len(logs))))
        circle = {"boxstyle": "circle,pad=0.25", "facecolor": "#009e73", "edgecolor": "white"}
        plot.text(
            min(max(model.parameters, FEWEST), MOST), height, letter, fontsize=9, color="white",
            ha="center", va="center", bbox=circle, zorder=5,
        )  # fmt: skip


def _name_panel(
    plot: Any, setup: Setup, family: Family, quantity: Quantity, *, is_top: bool, is_left: bool
) -> None:
    title = f"{family.kind.capitalize()}: {_TITLES[quantity]}"
    heading = f"{setup.name}\n{setup_words(setup)}\n\n{title}" if is_top else title
    plot.set_title(heading, loc="left", fontsize=10, color=_INK)
    plot.set_xlabel("parameters", fontsize=9)
    if is_left:
        plot.set_ylabel(family.size_title, fontsize=9)
