"""How likely each candidate is on the true front, given the intervals of its values."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nas.records.pareto import Losses, is_non_dominated, losses
from nas.records.record import Record
from objectives import Objective

_DRAWS = 400
_SEED = 0
_CERTAIN = 3.0
# Half widths of the intervals of a normal distribution: 95 %, 80 % and the quartiles.
_Z_95, _Z_80, _Z_QUARTILE = 1.959964, 1.281552, 0.674490


def front_chances(records: Sequence[Record], objectives: Sequence[Objective]) -> list[float | None]:
    """Return for each record the probability that no other dominates its values.

    The share of draws in which the candidate is non-dominated, when every value is drawn anew:
    ``v + s |z|`` with ``z`` standard normal and ``s`` the standard deviation of the side that
    ``z`` is on. An interval to ``b`` has ``s = (b - v) / z_p``: 1.96 for accuracies (95 %, as
    the test split would show them), 1.28 for estimated latencies (80 %). A device tells quartiles
    ``q`` of ``n`` inferences, whose median is known better than one of them:
    ``s = sqrt(pi / (2 n)) |q - v| / 0.674``. A value without an interval is taken as exact. Values
    are drawn independently; estimates share errors, so that the true probabilities lie further from
    one half.

    Args:
        records: Candidates of any status.
        objectives: What the search pursues.

    Returns:
        A probability by record, of 400 draws, always the same for the same records; ``None`` for
        a record that is not complete or does not know an objective.

    Reference:
        Teich, Pareto-Front Exploration with Uncertain Objectives, EMO 2001. The standard error of
        a median is that of normal values: Kendall and Stuart, The Advanced Theory of Statistics.
    """
    points = losses(records, objectives)
    is_complete = np.array([record.status == "complete" for record in records], dtype=bool)
    known = np.flatnonzero(is_complete & np.isfinite(points).all(axis=1))
    chances: list[float | None] = [None] * len(records)
    if not len(known):
        return chances
    below, above = _deviations([records[index] for index in known], objectives)
    shares = _shares(points[known], below, above)
    for index, share in zip(known, shares, strict=True):
        chances[index] = float(share)
    return chances


def _shares(points: Losses, below: Losses, above: Losses) -> NDArray[np.float64]:
    shares = np.zeros(len(points))
    near = _may_be_on_front(points, below, above)
    random = np.random.default_rng(_SEED)
    for _ in range(_DRAWS):
        z = random.standard_normal((len(near), points.shape[1]))
        drawn = points[near] + z * np.where(z > 0, above[near], below[near])
        shares[near[is_non_dominated(drawn)]] += 1
    return shares / _DRAWS


def _may_be_on_front(points: Losses, below: Losses, above: Losses) -> NDArray[np.intp]:
    """Leave out what some candidate dominates even at its worst and the other's best."""
    best, worst = points - _CERTAIN * below, points + _CERTAIN * above
    leaders = worst[is_non_dominated(worst)]
    beaten = (leaders[:, None, :] < best[None, :, :]).all(axis=2).any(axis=0)
    return np.flatnonzero(~beaten)


def _deviations(
    records: Sequence[Record], objectives: Sequence[Objective]
) -> tuple[Losses, Losses]:
    """Return the standard deviations towards less and more loss, each ``(n, objectives)``."""
    sides = [[_sides(record, each) for each in objectives] for record in records]
    array = np.array(sides, dtype=np.float64).reshape(len(records), len(objectives), 2)
    return array[:, :, 0], array[:, :, 1]


def _sides(record: Record, objective: Objective) -> tuple[float, float]:
    value = objective.value(vars(record))
    if value is None:
        return 0.0, 0.0
    if objective.name == "accuracy":
        low, high, scale = record.accuracy_low, record.accuracy_high, 1 / _Z_95
    elif objective.name == "latency_ms":
        low, high, scale = record.latency_low_ms, record.latency_high_ms, _latency_scale(record)
    else:
        return 0.0, 0.0
    down = 0.0 if low is None else max(value - low, 0.0) * scale
    up = 0.0 if high is None else max(high - value, 0.0) * scale
    return (down, up) if objective.direction == "minimize" else (up, down)


def _latency_scale(record: Record) -> float:
    if record.latency_source != "device":
        return 1 / _Z_80
    return math.sqrt(math.pi / (2 * (record.latency_count or 1))) / _Z_QUARTILE
