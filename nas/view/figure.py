"""The interactive figures of the report, as the JSON values Plotly draws."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from nas.study.pareto import pareto_front
from nas.study.record import Record
from nas.view.axis import Axis, front_axes, line_name, origin, placed, staircase
from nas.view.quantity import number, shown, shown_interval, shown_setting, source
from nas.view.text import plain
from objectives import Objective

Trace = dict[str, Any]

# Outlines are estimates, filled marks are measurements, here and in pareto.png.
_SYMBOLS = {"estimated": "circle-open", "measured": "square", None: "circle"}
_HOVER_COLUMNS = {
    "accuracy": "int8 accuracy",
    "float_accuracy": "float accuracy",
    "latency_ms": "latency",
    "energy_mj": "energy",
    "memory_bytes": "memory",
    "on_chip_bytes": "on-chip",
    "off_chip_bytes": "off-chip",
    "parameters": "parameters",
    "macs": "MACs",
    "epochs": "epochs",
}
_HOVER_HYPERPARAMETERS = 14


def front_2d(records: Sequence[Record], objectives: Sequence[Objective]) -> dict[str, Any]:
    """Return the figure of the first two objectives, coloured by the third.

    Args:
        records: Candidates of any status; only complete ones are drawn.
        objectives: What the search pursues.

    Returns:
        ``data`` and ``layout``. Each trace says in ``meta`` what it is (``candidates``,
        ``staircase``, ``front`` or ``presets``) and each of its points in ``customdata`` which
        record it shows, counted from 0.
    """
    axes = front_axes(records, objectives)
    up, right = axes[:2]
    traces = _traces(records, objectives, axes, _flat)
    corners = staircase(pareto_front(records, objectives), up, right)
    traces.insert(1, _line(corners, line_name(axes, objectives)))
    return {"data": traces, "layout": {"xaxis": _scale(right), "yaxis": _scale(up)}}


def front_3d(records: Sequence[Record], objectives: Sequence[Objective]) -> dict[str, Any] | None:
    """Return the figure of the first three objectives, or ``None`` with fewer.

    The arguments and the result are those of ``front_2d``; the first objective goes up.
    """
    if len(objectives) < 3:
        return None
    up, right, depth = axes = front_axes(records, objectives)
    scene = {"zaxis": _short_scale(up), "xaxis": _short_scale(right), "yaxis": _short_scale(depth)}
    return {"data": _traces(records, objectives, axes, _deep), "layout": {"scene": scene}}


def hover_text(record: Record) -> str:
    """Return what is known about a candidate, as lines for Plotly, free of its markup."""
    heading = record.candidate_id if record.preset is None else f"{record.preset} (preset)"
    lines = [_bare(heading), *(_fact(record, name) for name in _HOVER_COLUMNS)]
    settings = list(record.hyperparameters.items())
    lines += [
        _bare(f"{name} = {shown_setting(value)}")
        for name, value in settings[:_HOVER_HYPERPARAMETERS]
    ]
    if len(settings) > _HOVER_HYPERPARAMETERS:
        lines.append(f"and {len(settings) - _HOVER_HYPERPARAMETERS} more hyperparameters")
    return "<br>".join(line for line in lines if line)


def _fact(record: Record, name: str) -> str:
    value = number(record, name)
    if value is None:
        return ""
    spread, said = shown_interval(record, name), source(record, name)
    return "".join(
        (
            f"{_HOVER_COLUMNS[name]} {shown(name, value)}",
            f" ({spread})" if spread else "",
            f", {_bare(said)}" if said else "",
        )
    )


def _bare(text: object) -> str:
    # Plotly reads tags and entities in texts, and knows no entity for quotation marks.
    return escape(plain(text, 60), quote=False)


def _traces(
    records: Sequence[Record], objectives: Sequence[Objective], axes: Sequence[Axis], place: Any
) -> list[Trace]:
    numbers = {record.candidate_id: index for index, record in enumerate(records)}
    drawn = placed(records, axes)
    front = placed(pareto_front(records, objectives), axes)
    on_front = {record.candidate_id for record in front}
    others = [record for record in drawn if record.candidate_id not in on_front]
    presets = [record for record in drawn if record.preset is not None]

    def trace(role: str, name: str, shown_records: Sequence[Record], marker: Trace) -> Trace:
        points = place(shown_records, axes, has_intervals=role == "front")
        known = {"customdata": [numbers[each.candidate_id] for each in shown_records]}
        hover = {"hoverinfo": "text", "text": [hover_text(each) for each in shown_records]}
        return {**points, **known, **hover, "meta": role, "name": name, "marker": marker}

    return [
        trace("candidates", "candidate", others, _small(others, axes)),
        *(
            trace("front", name, group, _large(group, front, axes))
            for name, group in _by_origin(front, axes).items()
        ),
        trace("presets", "hand-made preset", presets, {"symbol": "diamond-open", "size": 17}),
    ]


def _by_origin(front: Sequence[Record], axes: Sequence[Axis]) -> Mapping[str, list[Record]]:
    groups: dict[str, list[Record]] = {}
    for record in front:
        said = origin(record, axes)
        groups.setdefault(f"on the front, {said}" if said else "on the front", []).append(record)
    return groups


def _small(records: Sequence[Record], axes: Sequence[Axis]) -> Trace:
    return {"symbol": [_SYMBOLS[origin(record, axes)] for record in records], "size": 6}


def _large(group: Sequence[Record], front: Sequence[Record], axes: Sequence[Axis]) -> Trace:
    said = origin(group[0], axes)
    outline = {"width": 3 if said == "estimated" else 0}
    marker: Trace = {"symbol": _SYMBOLS[said], "size": 11, "line": outline}
    if len(axes) < 3:
        return marker
    values = [axes[2].value(record) or 0.0 for record in front]
    return marker | {
        "color": [axes[2].value(record) for record in group],
        "cmin": min(values),
        "cmax": max(values),
        "colorbar": {"title": {"text": axes[2].title}},
        "showscale": group[0] is front[0],
    }


def _flat(records: Sequence[Record], axes: Sequence[Axis], *, has_intervals: bool) -> Trace:
    up, right = axes[:2]
    points: Trace = {
        "type": "scatter",
        "mode": "markers",
        "x": [right.value(record) for record in records],
        "y": [up.value(record) for record in records],
    }
    if has_intervals:
        points |= {"error_x": _bars(records, right), "error_y": _bars(records, up)}
    return points


def _deep(records: Sequence[Record], axes: Sequence[Axis], *, has_intervals: bool) -> Trace:
    del has_intervals  # bars in three directions hide the points
    up, right, depth = axes
    return {
        "type": "scatter3d",
        "mode": "markers",
        "x": [right.value(record) for record in records],
        "y": [depth.value(record) for record in records],
        "z": [up.value(record) for record in records],
    }


def _bars(records: Sequence[Record], axis: Axis) -> Trace:
    above, below = [], []
    for record in records:
        value = axis.value(record) or 0.0
        low, high = axis.interval(record) or (value, value)
        above.append(max(high - value, 0.0))
        below.append(max(value - low, 0.0))
    return {"type": "data", "symmetric": False, "array": above, "arrayminus": below, "width": 0}


def _line(corners: Sequence[tuple[float, float]], name: str) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [x for x, _ in corners],
        "y": [y for _, y in corners],
        "hoverinfo": "skip",
        "meta": "staircase",
        "name": name,
    }


def _scale(axis: Axis) -> Trace:
    return {
        "title": {"text": axis.title},
        "type": "log" if axis.is_logarithmic else "linear",
    }


def _short_scale(axis: Axis) -> Trace:
    # A title along a slanted edge is cut where it is long; the marks tell estimates apart.
    return _scale(axis) | {"title": {"text": axis.quantity}}
