"""What the report's scripts draw, as JSON values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from nas.records.anatomy import Anatomy
from nas.records.choosing import as_accurate_but_least
from nas.records.front_chance import front_chances
from nas.records.history import box, growth
from nas.records.importance import knob_importance
from nas.records.int8_loss import Change, Int8Loss
from nas.records.pareto import pareto_front
from nas.records.record import Record
from nas.records.run import RunConfig
from nas.view.axis import Axis, axis_of
from nas.view.chooser import choices, trade_offs
from nas.view.quantity import number, shown_setting, source
from nas.view.table import export_command
from nas.view.text import plain
from objectives import OBJECTIVES, Objective

Json = dict[str, Any]

_MOST_ANATOMIES = 60
_MOST_KNOBS = 24
_MOST_SETTINGS = 60


def page_data(
    config: RunConfig,
    records: Sequence[Record],
    objectives: Sequence[Objective],
    *,
    run: str,
    anatomy: Callable[[str], Anatomy | None],
    int8_loss: Callable[[str], Int8Loss | None],
) -> Json:
    """Return what the page draws of a run.

    Args:
        config: The run.
        records: All its records.
        objectives: What the search pursues.
        run: Its directory, for the export commands.
        anatomy: Tells where the time of a candidate goes, by its id.
        int8_loss: Tells what int8 cost a candidate when it was exported, by its id.

    Returns:
        ``axes`` (what can be shown, pursued objectives first), ``values`` and ``intervals`` by
        axis in its unit, a number or ``None`` a record; ``candidates`` in the records' order;
        ``choices``; ``trades``, ``instead``, ``anatomies`` and ``losses`` by place of a candidate;
        ``history`` and ``importance``. Places count from 0.
    """
    front = pareto_front(records, objectives)
    places = {record.candidate_id: place for place, record in enumerate(records)}
    axes = _axes(records, objectives)
    return {
        "axes": [_axis(axis, objectives) for axis in axes],
        "values": {a.objective.name: [_short(a.value(r)) for r in records] for a in axes},
        "intervals": {
            axis.objective.name: intervals
            for axis in axes
            if any(intervals := [_interval(axis, record) for record in records])
        },
        "candidates": _candidates(records, {each.candidate_id for each in front}, objectives, run),
        "front": [places[each.candidate_id] for each in front],
        "choices": [
            {"name": c.name, "reason": c.reason, "place": places[c.record.candidate_id]}
            for c in choices(front, objectives)
        ],
        "trades": {
            places[each.candidate_id]: trade_offs(each, front, objectives) for each in front
        },
        "instead": {
            places[each.candidate_id]: others
            for each in front
            if (others := _instead(each, front, objectives, places))
        },
        "history": _history(config, records, objectives),
        "importance": _importance(records, objectives),
        "anatomies": {
            places[each.candidate_id]: _anatomy(found)
            for each in front[:_MOST_ANATOMIES]
            if (found := anatomy(each.candidate_id)) is not None
        },
        "losses": {
            place: _int8_loss(loss)
            for place, record in enumerate(records)
            if record.status == "complete" and (loss := int8_loss(record.candidate_id)) is not None
        },
    }


def _axes(records: Sequence[Record], objectives: Sequence[Objective]) -> list[Axis]:
    further = [each for name, each in OBJECTIVES.items() if each not in objectives]
    known = [
        each for each in further if any(number(record, each.name) is not None for record in records)
    ]
    trial = Objective("trial", "Trial", "minimize", pessimistic=1e9)
    return [axis_of(each, records) for each in (*objectives, *known, trial)]


def _axis(axis: Axis, objectives: Sequence[Objective]) -> Json:
    quantity, _, unit = axis.quantity.removesuffix(")").rpartition(" (")
    return {
        "name": axis.objective.name,
        "title": axis.title,
        "quantity": quantity or unit,
        "unit": unit if quantity else "",
        "isLogarithmic": axis.is_logarithmic,
        "isMore": axis.objective.direction == "maximize",
        "isPursued": axis.objective in objectives,
    }


def _interval(axis: Axis, record: Record) -> list[float | None] | None:
    found = axis.interval(record)
    return None if found is None else [_short(found[0]), _short(found[1])]


def _candidates(
    records: Sequence[Record], front: set[str], objectives: Sequence[Objective], run: str
) -> list[Json]:
    chances = front_chances(records, objectives)
    return [
        {
            "id": plain(record.candidate_id, 40),
            "status": record.status,
            **({"preset": plain(record.preset, 40)} if record.preset is not None else {}),
            **({"reason": plain(record.reason, 300)} if record.reason else {}),
            **({"isMeasured": True} if source(record, "latency_ms") == "device" else {}),
            **({"isEnergyMeasured": True} if source(record, "energy_mj") == "device" else {}),
            **({"isFront": True} if record.candidate_id in front else {}),
            **({} if chance is None else {"chance": round(chance, 3)}),
            **({"curve": [_short(100 * a) for a in record.learning_curve]}
               if record.learning_curve else {}),
            **({"command": export_command(run, record.candidate_id)}
               if record.candidate_id in front else {}),
            "settings": _settings(record),
        }
        for record, chance in zip(records, chances, strict=True)
    ]  # fmt: skip


def _settings(record: Record) -> list[list[str]]:
    settings = list(record.hyperparameters.items())[:_MOST_SETTINGS]
    return [[plain(name, 60), plain(shown_setting(value), 60)] for name, value in settings]


def _instead(
    record: Record,
    front: Sequence[Record],
    objectives: Sequence[Objective],
    places: Mapping[str, int],
) -> Json:
    """Return the place of what is as accurate but costs less, by objective."""
    costs = [each for each in objectives if each.direction == "minimize"]
    found = {cost.name: as_accurate_but_least(front, record, cost) for cost in costs}
    return {name: places[r.candidate_id] for name, r in found.items() if r is not None}


def _history(
    config: RunConfig, records: Sequence[Record], objectives: Sequence[Objective]
) -> Json | None:
    bounds = box([records], objectives)
    if bounds is None:
        return None
    shares = growth(records, objectives, bounds)
    return {"shares": [round(share, 6) for share in shares], "hours": hours(config, records)}


def hours(config: RunConfig, records: Sequence[Record]) -> list[float | None]:
    """Return how long after the run's start each record was written, in hours, where known."""
    start = _moment(config.created_at)
    moments = [_moment(record.finished_at) for record in records]
    return [
        None if start is None or moment is None else _short((moment - start).total_seconds() / 3600)
        for moment in moments
    ]


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else None


def _importance(records: Sequence[Record], objectives: Sequence[Objective]) -> list[Json]:
    found = knob_importance(records, objectives)
    return [
        {"name": plain(name, 60), "shares": [_short(share) for share in shares]}
        for name, shares in list(found.items())[:_MOST_KNOBS]
    ]


def _anatomy(anatomy: Anatomy) -> Json:
    operators = [asdict(each) for each in anatomy.operators]
    return {
        "operators": [
            [plain(o["type"], 40), o["target"], plain(o["reason"], 200), o["macs"],
             o["parameter_bytes"], o["on_chip"], _short(o["latency_ms"])]
            for o in operators
        ],
        "causes": {name: _short(value) for name, value in anatomy.causes.items()},
        "edits": [[plain(words, 300), _short(gain)] for words, gain in anatomy.edits],
    }  # fmt: skip


def _int8_loss(loss: Int8Loss) -> Json:
    return {
        "whole": _change(loss.loss),
        "layers": [
            [plain(each.layer, 100), plain(each.operator, 40), _short(each.sqnr_db),
             _short(each.noise_share), None if each.alone is None else _change(each.alone)]
            for each in loss.layers
        ],
        "remedies": [[plain(each.remedy, 60), _change(each.change)] for each in loss.remedies],
        "applied": None if loss.applied is None else plain(loss.applied, 60),
    }  # fmt: skip


def _change(change: Change) -> Json:
    return {
        "examples": change.examples,
        "before": _short(100 * change.before),
        "after": _short(100 * change.after),
        "lost": change.lost,
        "gained": change.gained,
    }


def _short(value: float | None) -> float | None:
    """Keep six significant digits, which no chart shows more of."""
    return None if value is None else float(f"{value:.6g}")
