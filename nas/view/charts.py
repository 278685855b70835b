"""The Pareto front as a picture."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from nas.records.pareto import pareto_front
from nas.records.record import Record
from nas.view.axis import Axis, front_axes, line_name, origin, placed, staircase
from nas.view.quantity import source
from nas.view.text import plain
from nas.view.whole_file import whole_file
from objectives import Objective

_SIZE_INCHES = (8.4, 5.4)
_DOTS_PER_INCH = 200  # 1680 × 1080; at 700 px wide the smallest type is still 11 px
_GREY = "#8a8f98"
_INK = "#22262c"
# Wong, Nature Methods 8, 441 (2011): colours that stay apart in every colour blindness.
_BLUE = "#0072b2"
_VERMILION = "#d55e00"
_GROUPS = {
    "estimated": "on the front, estimated",
    "measured": "on the front, measured",
    None: "on the front",
}


def draw_front(
    path: Path,
    records: Sequence[Record],
    objectives: Sequence[Objective],
    *,
    title: str = "Pareto front",
    is_synthetic: bool = False,
) -> None:
    """Write the picture of the front, whole or not at all.

    Args:
        path: ``pareto.png``.
        records: Candidates of any status; only complete ones are drawn.
        objectives: What the search pursues; the first goes up, the second to the right, the third
            is colour, further ones are named.
        title: Words above the picture.
        is_synthetic: Whether the data was drawn by this project, which the picture then says.
    """
    figure = front_figure(records, objectives, title=title, is_synthetic=is_synthetic)
    with whole_file(path) as partial:
        figure.savefig(partial, format="png", dpi=_DOTS_PER_INCH)


def front_figure(
    records: Sequence[Record],
    objectives: Sequence[Objective],
    *,
    title: str,
    is_synthetic: bool,
) -> Any:
    """Return the picture as a Matplotlib ``Figure``; the arguments are those of ``draw_front``."""
    from nas.view.notebook_figure import NotebookFigure

    figure = NotebookFigure(figsize=_SIZE_INCHES, layout="constrained")
    plot = figure.add_subplot()
    axes = front_axes(records, objectives)
    front = placed(pareto_front(records, objectives), axes)
    _prepare(plot, axes, _heading(title, objectives, is_synthetic))
    _draw_candidates(plot, placed(records, axes), axes)
    _draw_staircase(plot, staircase(front, axes[0], axes[1]), line_name(axes, objectives))
    _draw_intervals(plot, front, axes)
    _draw_points(figure, plot, front, axes)
    _draw_presets(plot, placed(records, axes), axes)
    _finish(figure, plot, has_points=bool(placed(records, axes)))
    return figure


def _heading(title: str, objectives: Sequence[Objective], is_synthetic: bool) -> str:
    lines = [drawable(plain(title, 90))]
    if is_synthetic:
        lines.append("synthetic data, drawn by this project")
    if len(objectives) > 3:
        names = ", ".join(objective.name for objective in objectives[3:])
        lines.append(f"the front also pursues {names}")
    return "\n".join(lines)


def _prepare(plot: Any, axes: Sequence[Axis], heading: str) -> None:
    up, right = axes[:2]
    plot.set_title(heading, loc="left", fontsize=13, color=_INK, parse_math=False)
    plot.set_xlabel(right.title, fontsize=12)
    plot.set_ylabel(up.title, fontsize=12)
    plot.tick_params(labelsize=11)
    plot.grid(color="#e3e5e8", linewidth=0.8)
    plot.set_axisbelow(True)
    plot.spines[["top", "right"]].set_visible(False)
    if right.is_logarithmic:
        plot.set_xscale("log")
    if up.is_logarithmic:
        plot.set_yscale("log")


def _draw_candidates(plot: Any, candidates: Sequence[Record], axes: Sequence[Axis]) -> None:
    if candidates:
        x, y = _positions(candidates, axes)
        plot.scatter(x, y, s=14, color=_GREY, alpha=0.45, linewidths=0, label="candidate")


def _draw_staircase(plot: Any, corners: Sequence[tuple[float, float]], label: str) -> None:
    if len(corners) > 1:
        x, y = zip(*corners, strict=True)
        plot.plot(x, y, color=_BLUE, linewidth=1.6, alpha=0.8, label=label, zorder=2)


def _draw_intervals(plot: Any, front: Sequence[Record], axes: Sequence[Axis]) -> None:
    up, right = axes[:2]
    style = {"colors": _INK, "linewidth": 0.9, "alpha": 0.45 if len(front) <= 40 else 0.15}
    for draw, along, across in ((plot.vlines, up, right), (plot.hlines, right, up)):
        spans = [(across.value(each), along.interval(each)) for each in front]
        known = [(place, *span) for place, span in spans if span is not None]
        if known:
            label = f"{along.objective.name}, {_interval_kind(along, front)}"
            draw(*zip(*known, strict=True), label=label, zorder=1.9, **style)


def _interval_kind(axis: Axis, front: Sequence[Record]) -> str:
    """Return what the intervals are: of estimates, or quartiles where a device measured."""
    if axis.objective.name == "accuracy":
        return "95 % interval"
    sources = {source(record, axis.objective.name) for record in front}
    if sources == {"device"}:
        return "quartiles"
    return "80 % interval" + (" or quartiles" if "device" in sources else "")


def _draw_points(figure: Any, plot: Any, front: Sequence[Record], axes: Sequence[Axis]) -> None:
    colours = _colours(front, axes)
    for group_origin, label in _GROUPS.items():
        group = [each for each in front if origin(each, axes) == group_origin]
        if group:
            x, y = _positions(group, axes)
            edges = [colours[each.candidate_id] for each in group]
            faces = "white" if group_origin == "estimated" else edges
            marker = "s" if group_origin == "measured" else "o"
            style = {"facecolors": faces, "edgecolors": edges, "linewidths": 2.6, "zorder": 3}
            plot.scatter(x, y, s=62, marker=marker, label=label, **style)
    if front and len(axes) == 3:
        scale = _colour_scale(front, axes[2])
        figure.colorbar(scale, ax=plot, pad=0.02).set_label(axes[2].title, fontsize=12)


def _colours(front: Sequence[Record], axes: Sequence[Axis]) -> dict[str, Any]:
    if not front or len(axes) < 3:
        return {record.candidate_id: _BLUE for record in front}
    scale = _colour_scale(front, axes[2])
    return {each.candidate_id: scale.to_rgba(axes[2].value(each)) for each in front}


def _colour_scale(front: Sequence[Record], axis: Axis) -> Any:
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, LogNorm, Normalize

    values = [axis.value(record) or 0.0 for record in front]
    # The yellow end of viridis is too light for a ring on white.
    readable = ListedColormap(colormaps["viridis"]([0.88 * step / 255 for step in range(256)]))
    norm = LogNorm if axis.is_logarithmic else Normalize
    return ScalarMappable(norm(min(values), max(values)), readable)


def _draw_presets(plot: Any, candidates: Sequence[Record], axes: Sequence[Axis]) -> None:
    presets = [record for record in candidates if record.preset is not None]
    if not presets:
        return
    x, y = _positions(presets, axes)
    ring = {"facecolors": "none", "edgecolors": _VERMILION, "linewidths": 1.6, "zorder": 4}
    plot.scatter(x, y, s=190, marker="D", label="hand-made preset", **ring)
    for record, place in zip(presets, zip(x, y, strict=True), strict=True):
        _name(plot, drawable(plain(record.preset, 24)), place)


def _name(plot: Any, text: str, place: tuple[float, float]) -> None:
    from matplotlib.patheffects import withStroke

    plot.annotate(
        text,
        place,
        xytext=(9, -9),
        textcoords="offset points",
        va="top",
        fontsize=11,
        color=_VERMILION,
        path_effects=[withStroke(linewidth=3, foreground="white")],
        parse_math=False,
        zorder=5,
    )


def _finish(figure: Any, plot: Any, *, has_points: bool) -> None:
    if has_points:
        style = {"fontsize": 10, "frameon": False, "columnspacing": 1.4, "handlelength": 1.6}
        figure.legend(loc="outside lower center", ncols=3, **style)
    else:
        middle = {"ha": "center", "va": "center", "transform": plot.transAxes}
        plot.text(0.5, 0.5, "no complete candidate yet", fontsize=13, color=_GREY, **middle)


def _positions(records: Sequence[Record], axes: Sequence[Axis]) -> tuple[list[Any], list[Any]]:
    return [axes[1].value(each) for each in records], [axes[0].value(each) for each in records]


def drawable(text: str) -> str:
    """Replace characters that Matplotlib's own typeface lacks, which it would warn about."""
    return "".join(character if ord(character) in _glyphs() else "?" for character in text)


@cache
def _glyphs() -> frozenset[int]:
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont("DejaVu Sans")).get_charmap())
