"""What the comparison of several runs draws, as JSON values."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nas.errors import UserError
from nas.records.history import box, growth
from nas.records.pareto import Losses, hypervolume, losses, pareto_front
from nas.records.record import Record
from nas.view.axis import Axis, axis_of, staircase
from nas.view.comparison import Run
from nas.view.page_data import hours
from nas.view.text import plain
from objectives import Objective

Json = dict[str, Any]


def comparison_data(runs: Sequence[Run]) -> Json:
    """Return what the page of several runs draws.

    Args:
        runs: At least two.

    Returns:
        ``axes`` (titles, to the right and upwards), ``runs`` (settings, front, growth of the
        hypervolume in the box that all share, what the run adds to the joint front) and
        ``attainment`` (see ``attained``) of runs that differ in their seed alone.

    Raises:
        UserError: The runs share fewer than two objectives, or have no complete candidate.
    """
    shared = shared_objectives(runs)
    bounds = box([run.records for run in runs], shared)
    if bounds is None:
        raise UserError("the runs have no complete candidate yet: let them search longer")
    everyone = [record for run in runs for record in run.records]
    up, right = (axis_of(objective, everyone) for objective in shared[:2])
    fronts = [pareto_front(run.records, shared) for run in runs]
    return {
        "axes": [right.title, up.title],
        "objectives": [plain(each.title) for each in shared],
        "runs": [
            _settings(run)
            | _contribution(fronts, index, shared, bounds)
            | {
                "points": _points(fronts[index], right, up),
                "stairs": staircase(fronts[index], up, right),
                "shares": growth(run.records, shared, bounds),
                "hours": hours(run.config, run.records),
            }
            for index, run in enumerate(runs)
        ],
        "attainment": [
            {"runs": places, "stairs": attained([fronts[place] for place in places], right, up)}
            for places in _repetitions(runs)
        ],
    }


def shared_objectives(runs: Sequence[Run]) -> list[Objective]:
    """Return the objectives that every run pursued.

    Raises:
        UserError: There are fewer than two.
    """
    shared = [each for each in runs[0].objectives if all(each in run.objectives for run in runs)]
    if len(shared) < 2:
        raise UserError("the runs share fewer than two objectives: they cannot be compared")
    return shared


def attained(
    fronts: Sequence[Sequence[Record]], right: Axis, up: Axis
) -> list[tuple[float, float]]:
    """Return the corners of the median attainment surface: what half of the runs reach.

    Args:
        fronts: The front of each run.
        right: Axis to the right.
        up: Axis upwards.

    Returns:
        ``(right, up)`` in the axes' units; empty where fewer than half reach anything.

    Reference:
        Grunert da Fonseca, Fonseca and Hall, Inferential performance assessment of stochastic
        optimisers and the attainment function, EMO 2001.
    """
    needed = (len(fronts) + 1) // 2
    goals = (right.objective, up.objective)
    points = [losses(front, goals) for front in fronts]
    corners: list[tuple[float, float]] = []
    best = np.inf
    for x in sorted({float(each) for front in points for each in front[:, 0]}):
        reached = [front[front[:, 0] <= x, 1].min(initial=np.inf) for front in points]
        level = float(np.sort(reached)[needed - 1])
        if level < best:
            if corners:
                corners.append((x, best))
            corners.append((x, level))
            best = level
    signs = [-1.0 if each.direction == "maximize" else 1.0 for each in goals]
    factors = (signs[0] * right.factor, signs[1] * up.factor)
    return [(x * factors[0], y * factors[1]) for x, y in corners]


def _repetitions(runs: Sequence[Run]) -> list[list[int]]:
    """Return the places of runs that differ in their seed alone, where there are several."""
    groups: dict[tuple[Any, ...], list[int]] = {}
    for place, run in enumerate(runs):
        config = run.config
        same = (
            config.space, config.data_fingerprint, config.objectives, config.constraints,
            config.epochs, config.batch_size, config.augment, config.sampler, config.device,
            config.link, config.clock_mhz, config.host, config.gate, config.inherit, config.trials,
        )  # fmt: skip
        groups.setdefault(same, []).append(place)
    return [places for places in groups.values() if len(places) > 1]


def _settings(run: Run) -> Json:
    config = run.config
    said: Mapping[str, object] = {
        "name": run.directory.path, "space": config.space,
        "sampler": config.sampler, "seed": config.seed, "device": config.device,
    }  # fmt: skip
    return {name: plain(value, 80) for name, value in said.items()}


def _contribution(
    fronts: Sequence[Sequence[Record]],
    index: int,
    objectives: Sequence[Objective],
    bounds: tuple[Losses, Losses],
) -> Json:
    """Return what a run reaches, and what the joint front would lack without it."""
    joint = pareto_front([record for front in fronts for record in front], objectives)
    mine = {id(record) for record in fronts[index]}
    others = [record for front in fronts for record in front if id(record) not in mine]
    whole = _share(joint, objectives, bounds)
    return {
        "front": len(fronts[index]),
        "joint": sum(id(record) in mine for record in joint),
        "jointSize": len(joint),
        "share": _share(fronts[index], objectives, bounds),
        "adds": whole - _share(others, objectives, bounds),
    }


def _share(
    records: Sequence[Record], objectives: Sequence[Objective], bounds: tuple[Losses, Losses]
) -> float:
    low, high = bounds
    front = pareto_front(records, objectives)
    points = (losses(front, objectives) - low) / np.where(high > low, high - low, 1.0)
    return hypervolume(points, np.ones(len(objectives)))


def _points(front: Sequence[Record], right: Axis, up: Axis) -> list[list[Any]]:
    return [[right.value(r), up.value(r), plain(r.preset or r.candidate_id, 40)] for r in front]
