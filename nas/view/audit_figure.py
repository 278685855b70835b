"""An audit of a search space as a picture."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nas.auditing.audit import FRONT, Audit
from nas.auditing.audit_costs import Cost
from nas.auditing.audit_knobs import KnobEffect
from nas.records.record import Record
from nas.view.axis import Axis, front_axes, placed, staircase
from nas.view.charts import drawable
from nas.view.quantity import short_name
from nas.view.text import of_profile, plain
from nas.view.whole_file import whole_file
from objectives import OBJECTIVES

_WIDTH_INCHES = 8.4
_NETWORKS_INCHES, _HISTOGRAMS_INCHES, _KNOBS_INCHES, _ROW_INCHES = 4.6, 2.0, 0.9, 0.27
_DOTS_PER_INCH = 200
_INK = "#22262c"
_LIGHT = "#b4b9c0"
# Wong, Nature Methods 8, 441 (2011): colours that stay apart in every colour blindness.
_BLUE = "#0072b2"
_SKY = "#56b4e9"
_ORANGE = "#e69f00"
_VERMILION = "#d55e00"
_EFFECTS = (
    "latency_ms", "memory_bytes", "off_chip_bytes", "peak_activation_bytes", "macs", "parameters",
)  # fmt: skip
_HISTOGRAMS = ("latency_ms", "memory_bytes", "macs")
_KNOB_ROWS = 14


def draw_audit(path: Path, audit: Audit) -> None:
    """Write the picture of an audit, whole or not at all.

    Args:
        path: A ``.png``.
        audit: What was found.
    """
    figure = audit_figure(audit)
    with whole_file(path) as partial:
        figure.savefig(partial, format="png", dpi=_DOTS_PER_INCH)


def audit_figure(audit: Audit) -> Any:
    """Return the picture as a Matplotlib ``Figure``: networks, histograms and knobs."""
    from matplotlib.figure import Figure

    changed = [each for each in audit.knobs if each.changes]
    knobs_inches = _KNOBS_INCHES + _ROW_INCHES * min(len(changed), _KNOB_ROWS)
    heights = (_NETWORKS_INCHES, _HISTOGRAMS_INCHES, knobs_inches)
    figure = Figure(figsize=(_WIDTH_INCHES, sum(heights)), layout="constrained")
    rows = figure.add_gridspec(3, len(_HISTOGRAMS), height_ratios=heights)
    figure.suptitle(_heading(audit), x=0.01, ha="left", fontsize=12, color=_INK, parse_math=False)
    _draw_networks(figure.add_subplot(rows[0, :]), audit)
    for column, name in enumerate(_HISTOGRAMS):
        _draw_histogram(figure.add_subplot(rows[1, column]), audit, name)
    _draw_knobs(figure.add_subplot(rows[2, :]), audit, changed)
    return figure


def _heading(audit: Audit) -> str:
    asked, setup = audit.question, audit.question.estimator
    space = drawable(plain(asked.space, 60))
    return (
        f"{space} at {asked.input_words}: "
        f"{audit.drawn + audit.changed:,} settings, none trained\n"
        f"estimated for an Edge TPU at {setup.clock_mhz:g} MHz over {setup.link}, "
        f"host {setup.host}{drawable(of_profile(setup.profile))}"
    )


# --- networks -------------------------------------------------------------------------------


def _draw_networks(plot: Any, audit: Audit) -> None:
    right, up = front_axes(audit.networks, FRONT)
    _prepare(plot, "Each network: latency and parameter memory")
    plot.set_xlabel(right.title, fontsize=11)
    plot.set_ylabel(up.title, fontsize=11)
    _scale(plot, right, up)
    for label, style, group in _groups(audit):
        shown = placed(group, (right, up))
        if shown:
            _scatter(plot, shown, right, up, label=label, **style)
    corners = staircase(audit.front, up, right)
    if corners:
        x, y = zip(*corners, strict=True)
        plot.plot(
            x, y, color=_INK, linewidth=1.4, marker="o", markersize=3.5, label="front of costs"
        )
    _draw_presets(plot, placed(_presets(audit), (right, up)), right, up)
    if placed(audit.networks, (right, up)):
        plot.legend(fontsize=10, frameon=True, framealpha=0.85, edgecolor="none")
    else:
        middle = {"ha": "center", "va": "center", "transform": plot.transAxes}
        plot.text(0.5, 0.5, "no network with known costs", fontsize=13, color=_LIGHT, **middle)


def _groups(audit: Audit) -> Iterable[tuple[str, dict[str, Any], list[Record]]]:
    usable = [each for each in audit.networks if each.candidate_id in audit.usable_ids]
    others = [each for each in audit.networks if each.candidate_id not in audit.usable_ids]
    yield "not trained: breaks a constraint", {"color": _LIGHT}, others
    yield (
        "all parameters on the chip",
        {"color": _BLUE},
        [e for e in usable if not e.off_chip_bytes],
    )
    yield "streams parameters", {"color": _ORANGE}, [e for e in usable if e.off_chip_bytes]


def _scatter(plot: Any, records: Sequence[Record], right: Axis, up: Axis, **style: Any) -> None:
    x, y = _positions(records, right, up)
    plot.scatter(x, y, s=13, alpha=0.55, linewidths=0, **style)


def _presets(audit: Audit) -> list[Record]:
    return [preset.costed.record for preset in audit.presets if preset.costed.builds]


def _draw_presets(plot: Any, presets: Sequence[Record], right: Axis, up: Axis) -> None:
    if not presets:
        return
    x, y = _positions(presets, right, up)
    ring = {"facecolors": "none", "edgecolors": _VERMILION, "linewidths": 1.7, "zorder": 4}
    plot.scatter(x, y, s=110, marker="D", label="hand-made preset", **ring)
    for record, place in zip(presets, zip(x, y, strict=True), strict=True):
        _name(plot, drawable(plain(record.preset, 24)), place)


def _name(plot: Any, text: str, place: tuple[float, float]) -> None:
    from matplotlib.patheffects import withStroke

    plot.annotate(
        text,
        place,
        xytext=(9, 0),
        textcoords="offset points",
        va="center",
        fontsize=10,
        color=_VERMILION,
        path_effects=[withStroke(linewidth=3, foreground="white")],
        parse_math=False,
        zorder=5,
    )


def _positions(records: Sequence[Record], right: Axis, up: Axis) -> tuple[list[Any], list[Any]]:
    return [right.value(each) for each in records], [up.value(each) for each in records]


def _scale(plot: Any, right: Axis, up: Axis) -> None:
    if right.is_logarithmic:
        plot.set_xscale("log")
        _plain_numbers(plot.xaxis)
    if up.is_logarithmic:
        plot.set_yscale("log")
        _plain_numbers(plot.yaxis)


def _plain_numbers(axis: Any) -> None:
    from matplotlib.ticker import NullFormatter, StrMethodFormatter

    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())


# --- histograms -----------------------------------------------------------------------------


def _draw_histogram(plot: Any, audit: Audit, name: str) -> None:
    cost = audit.costs[name]
    (axis, *_) = front_axes(audit.networks, (OBJECTIVES[name], *FRONT))
    words = "Settings drawn at random" + ("; lines are the presets" if audit.presets else "")
    _prepare(plot, words if name == _HISTOGRAMS[0] else "")
    plot.set_xlabel(axis.quantity, fontsize=10)
    if cost.counts:
        _draw_bars(plot, cost, axis.factor)
    for preset in _presets(audit):
        value = axis.value(preset)
        if value is not None:
            plot.axvline(value, color=_VERMILION, linewidth=1.2)


def _draw_bars(plot: Any, cost: Cost, factor: float) -> None:
    edges = factor * np.array(cost.edges)
    if cost.is_constant:
        plot.bar(edges[:1], cost.counts, width=0.1 * (edges[0] or 1.0), color=_SKY)
        return
    plot.stairs(cost.counts, edges, fill=True, color=_SKY)
    steps = np.diff(edges)
    if steps[-1] > 1.01 * steps[0]:
        plot.set_xscale("log")
        _plain_numbers(plot.xaxis)


# --- knobs ----------------------------------------------------------------------------------


def _draw_knobs(plot: Any, audit: Audit, changed: Sequence[KnobEffect]) -> None:
    names = [name for name in _EFFECTS if _varies(audit.costs[name])]
    shown = changed[:_KNOB_ROWS]
    _prepare(plot, _knobs_title(audit, len(changed)))
    plot.grid(visible=False)
    plot.spines[:].set_visible(False)
    if not shown or not names:
        plot.set_axis_off()
        return
    ratios = np.array([[_ratio(each, name) for name in names] for each in shown])
    plot.imshow(ratios, cmap="Blues", vmin=0.0, vmax=1.2, aspect="auto")
    for (row, column), ratio in np.ndenumerate(ratios):
        _write_ratio(plot, column, row, float(ratio))
    plot.set_xticks(range(len(names)), [short_name(name) for name in names], fontsize=10)
    labels = [drawable(plain(each.knob.name, 28)) for each in shown]
    plot.set_yticks(range(len(shown)), labels, fontsize=10, parse_math=False)
    plot.tick_params(length=0)
    plot.xaxis.tick_top()


def _knobs_title(audit: Audit, changed: int) -> str:
    lines = ["Changing one knob alone: 100 % changes a cost as much as drawing all anew"]
    if changed > _KNOB_ROWS:
        lines.append(f"{changed - _KNOB_ROWS} weaker knobs are left out")
    dead = audit.knobs_of("dead")
    if dead:
        lines.append(drawable(f"without effect: {plain(', '.join(dead), 80)}"))
    return "\n".join(lines)


def _write_ratio(plot: Any, x: int, y: int, ratio: float) -> None:
    known = f"{100 * ratio:.0f} %" if ratio else "0"
    text = "?" if np.isnan(ratio) else known
    colour = "white" if ratio > 0.7 else _INK
    plot.text(x, y, text, ha="center", va="center", fontsize=9.5, color=colour)


def _ratio(each: KnobEffect, name: str) -> float:
    effect = each.effects[name]
    return np.nan if effect is None or effect.ratio is None else effect.ratio


def _varies(cost: Cost) -> bool:
    return cost.spread is not None and not cost.is_constant


def _prepare(plot: Any, title: str) -> None:
    plot.set_title(title, loc="left", fontsize=11, color=_INK, parse_math=False)
    plot.tick_params(labelsize=10)
    plot.grid(color="#e3e5e8", linewidth=0.8)
    plot.set_axisbelow(True)
    plot.spines[["top", "right"]].set_visible(False)
