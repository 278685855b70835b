"""A sweep as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nas.sweeping.adjustments import SIZE_WORDS
from nas.sweeping.step import Cause, Step
from nas.sweeping.sweep import Sweep
from nas.view.charts import drawable
from nas.view.text import of_profile, plain
from nas.view.whole_file import whole_file

_SIZE_INCHES = (8.4, 8.8)
_DOTS_PER_INCH = 200
_INK, _LIGHT = "#22262c", "#b4b9c0"
# Wong, Nature Methods 8, 441 (2011): colours that stay apart in every colour blindness.
_BLUE, _VERMILION = "#0072b2", "#d55e00"
_CAUSES: dict[Cause, str] = {
    "computing": "#56b4e9",
    "unfilled cells": "#0072b2",
    "cut activations": "#009e73",
    "streamed parameters": "#e69f00",
    "operators on the CPU": "#d55e00",
    "input": "#cc79a7",
    "program": "#999999",
    "output": "#f0e442",
}
_NAMED_CLIFFS = 5
_LOGARITHMIC = ("image", "vector", "classes")


def draw_sweep(path: Path, sweep: Sweep) -> None:
    """Write the picture of a sweep, whole or not at all.

    Args:
        path: A ``.png``.
        sweep: What was found.
    """
    figure = sweep_figure(sweep)
    with whole_file(path) as partial:
        figure.savefig(partial, format="png", dpi=_DOTS_PER_INCH)


def sweep_figure(sweep: Sweep) -> Any:
    """Return the picture as a Matplotlib ``Figure``: latency, causes, symmetry, accuracy."""
    from matplotlib.figure import Figure

    trained = [step for step in sweep.steps if step.accuracy is not None]
    heights = (3.2, 2.8, 1.8, *([1.6] if trained else []))
    figure = Figure(figsize=_SIZE_INCHES, layout="constrained")
    figure.suptitle(_heading(sweep), x=0.01, ha="left", fontsize=12, color=_INK, parse_math=False)
    plots = figure.subplots(len(heights), sharex=True, height_ratios=heights)
    known = [step for step in sweep.steps if step.latency_ms is not None]
    _draw_latency(plots[0], known, "quartiles" if sweep.source == "device" else "80 %")
    _draw_causes(plots[1], known)
    _draw_symmetry(plots[2], sweep)
    if trained:
        _draw_accuracy(plots[3], trained)
    for plot in plots:
        _draw_cliffs(plot, sweep, has_names=plot is plots[0])
    plots[-1].set_xlabel(sweep.adjustment.words, fontsize=11)
    if sweep.adjustment.name in _LOGARITHMIC and min(step.value for step in sweep.steps) > 0:
        _logarithmic(plots[-1], "x")
    return figure


def _heading(sweep: Sweep) -> str:
    setup, layer = sweep.setup, sweep.adjustment.layer
    of = f" of {plain(layer, 40)}" if layer else ""
    measured = "latency measured, the rest " if sweep.source == "device" else ""
    return (
        f"{drawable(plain(sweep.model, 40))}: {sweep.adjustment.words}{drawable(of)}\n"
        f"{measured}estimated for an Edge TPU at {setup['clock_mhz']:g} MHz over {setup['link']}, "
        f"and for host {setup['host']} alone{drawable(of_profile(setup.get('profile')))}"
    )


def _draw_latency(plot: Any, steps: Sequence[Step], spread: str) -> None:
    _prepare(plot, "Latency of one inference", "ms")
    values = [step.value for step in steps]
    low, high = (
        [getattr(s, name) for s in steps] for name in ("latency_low_ms", "latency_high_ms")
    )
    plot.fill_between(values, low, high, color=_BLUE, alpha=0.15, linewidth=0)
    latency = [step.latency_ms for step in steps]
    plot.plot(values, latency, color=_BLUE, marker="o", markersize=3, label=f"Edge TPU, {spread}")
    cpu = [step.cpu_latency_ms for step in steps]
    plot.plot(values, cpu, color=_VERMILION, linestyle="--", marker="s", markersize=3, label="CPU")
    _logarithmic(plot, "y")
    plot.legend(fontsize=10, frameon=True, framealpha=0.85, edgecolor="none")


def _draw_causes(plot: Any, steps: Sequence[Step]) -> None:
    _prepare(plot, "Where the Edge TPU's latency goes", "ms")
    named = [step for step in steps if step.causes_ms is not None]
    found = {
        cause: [(step.causes_ms or {})[cause] for step in named]
        for cause in _CAUSES
        if any((step.causes_ms or {})[cause] > 0 for step in named)
    }
    plot.stackplot(
        [step.value for step in named], list(found.values()), labels=list(found),
        colors=[_CAUSES[cause] for cause in found], linewidth=0,
    )  # fmt: skip
    plot.set_ylim(0, 1.4 * plot.get_ylim()[1])  # the legend stands above the last area
    plot.legend(loc="upper left", fontsize=9, ncols=2, frameon=True, framealpha=0.85,
                edgecolor="none")  # fmt: skip


def _draw_symmetry(plot: Any, sweep: Sweep) -> None:
    size = SIZE_WORDS[sweep.adjustment.size]
    _prepare(plot, f"Symmetry: relative latency over relative {size}; 1 is in proportion", "")
    plot.axhline(1, color=_LIGHT, linewidth=1)
    for cost, colour, mark in (("latency_ms", _BLUE, "o"), ("cpu_latency_ms", _VERMILION, "s")):
        points = [(step.value, sweep.symmetry(step, cost)) for step in sweep.steps]
        known = [(value, symmetry) for value, symmetry in points if symmetry is not None]
        if known:
            plot.plot(*zip(*known, strict=True), color=colour, marker=mark, markersize=3)


def _draw_accuracy(plot: Any, trained: Sequence[Step]) -> None:
    _prepare(plot, "int8 accuracy after a brief training, 95 %", "%")
    values = [step.value for step in trained]
    low, middle, high = (
        [100 * (getattr(step, name) or 0.0) for step in trained]
        for name in ("accuracy_low", "accuracy", "accuracy_high")
    )
    plot.fill_between(values, low, high, color=_INK, alpha=0.12, linewidth=0)
    plot.plot(values, middle, color=_INK, marker="o")


def _draw_cliffs(plot: Any, sweep: Sweep, *, has_names: bool) -> None:
    from matplotlib.patheffects import withStroke

    for number, cliff in enumerate(sweep.cliffs):
        plot.axvline(cliff.last_good, color=_INK, linewidth=0.8, linestyle=":")
        if has_names and number < _NAMED_CLIFFS:
            name = plot.annotate(
                f"{cliff.mechanism}, last good {cliff.last_good:.4g}",
                (cliff.last_good, 0.03), xycoords=("data", "axes fraction"), rotation=90,
                xytext=(-3, 0), textcoords="offset points", fontsize=9, color=_INK, ha="right",
                va="bottom", path_effects=[withStroke(linewidth=3, foreground="white")],
            )  # fmt: skip
            name.set_in_layout(False)


def _logarithmic(plot: Any, axis: str) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    getattr(plot, f"set_{axis}scale")("log")
    scale = getattr(plot, f"{axis}axis")
    scale.set_major_locator(LogLocator(subs=(1, 2, 5)))
    scale.set_major_formatter(StrMethodFormatter("{x:g}"))
    scale.set_minor_formatter(NullFormatter())


def _prepare(plot: Any, title: str, unit: str) -> None:
    plot.set_title(title, loc="left", fontsize=11, color=_INK)
    plot.set_ylabel(unit, fontsize=11)
    plot.tick_params(labelsize=10)
    plot.grid(color="#e3e5e8", linewidth=0.8)
    plot.set_axisbelow(True)
    plot.spines[["top", "right"]].set_visible(False)
