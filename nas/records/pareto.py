"""Pareto dominance: the front, its hypervolume and its knee."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nas.records.record import Record
from objectives import Objective

Losses = NDArray[np.float64]

_LEAST_COUNTED = 0.01
_LEAST_RANGE = 4.0


def losses(records: Sequence[Record], objectives: Sequence[Objective]) -> Losses:
    """Return objective values turned so that less is better.

    Returns:
        Array ``(records, objectives)``; an unknown value is infinite.
    """
    rows = [[_loss(record, objective) for objective in objectives] for record in records]
    return np.array(rows, dtype=np.float64).reshape(len(records), len(objectives))


def _loss(record: Record, objective: Objective) -> float:
    loss = objective.loss(vars(record))
    return np.inf if loss is None else loss


def is_non_dominated(points: Losses) -> NDArray[np.bool_]:
    """Tell which points no other point dominates.

    A point dominates another when it is nowhere worse and somewhere better; equal points do not
    dominate each other.

    Args:
        points: Losses, ``(n, objectives)``, less is better.

    Returns:
        Booleans, ``(n,)``.
    """
    keep = np.zeros(len(points), dtype=np.bool_)
    left = np.lexsort(points.T[::-1])
    while len(left):  # the first that is left cannot be dominated by a later one
        first, left = left[0], left[1:]
        keep[first] = True
        no_worse = (points[first] <= points[left]).all(axis=1)
        better = (points[first] < points[left]).any(axis=1)
        left = left[~(no_worse & better)]
    return keep


def pareto_front(records: Sequence[Record], objectives: Sequence[Objective]) -> list[Record]:
    """Return the complete, non-dominated records, the best in the first objective first.

    A record that does not know one of the objectives is left out.
    """
    complete = [record for record in records if record.status == "complete"]
    points = losses(complete, objectives)
    is_known = np.isfinite(points).all(axis=1)
    points[~is_known] = np.inf  # what is not known dominates nothing
    keep = is_known & is_non_dominated(points)
    order = np.lexsort(points.T[::-1])
    return [complete[index] for index in order if keep[index]]


def hypervolume(points: Losses, reference: Losses) -> float:
    """Return the volume dominated by the points and bounded by the reference point.

    Exact, by slicing along the last objective; meant for fronts of up to a few hundred points.

    Args:
        points: Losses, ``(n, objectives)``, less is better.
        reference: The worst value of each objective, ``(objectives,)``.

    Reference:
        While, Hingston, Barone and Huband, A Faster Algorithm for Calculating Hypervolume,
        IEEE TEC 10(1), 2006, doi:10.1109/TEVC.2005.851275.
    """
    inside = points[(points < reference).all(axis=1)]
    if len(inside) == 0:
        return 0.0
    if points.shape[1] == 1:
        return float(reference[0] - inside[:, 0].min())
    if points.shape[1] == 2:
        return _area(inside, reference)
    inside = inside[np.argsort(inside[:, -1])]
    edges = np.append(inside[:, -1], reference[-1])
    slices = (hypervolume(inside[: k + 1, :-1], reference[:-1]) for k in range(len(inside)))
    return float(sum(area * height for area, height in zip(slices, np.diff(edges), strict=True)))


def _area(points: Losses, reference: Losses) -> float:
    ordered = points[np.argsort(points[:, 0])]
    widths = np.diff(np.append(ordered[:, 0], reference[0]))
    return float((widths * (reference[1] - np.minimum.accumulate(ordered[:, 1]))).sum())


def knee(front: Sequence[Record], objectives: Sequence[Objective]) -> Record:
    """Return the record closest to the ideal point.

    Each objective is measured by the logarithm of its ratio to the best of the front, scaled to the
    front's range, or to a factor of four where the front's is less: what hardly differs counts
    little. A share to be maximized counts by what its interval's lower end lacks of 1, so that
    nobody pays for chance; less than a hundredth of the front's largest amount counts as that.

    Args:
        front: At least one non-dominated record.
        objectives: What the search pursues.

    Reference:
        Compromise solution of least Euclidean distance: Zeleny, Multiple Criteria Decision
        Making, 1982; logarithms and the least range are ours.
    """
    rows = [[_amount(record, objective) for objective in objectives] for record in front]
    amounts = np.array(rows, dtype=np.float64)
    least_counted = np.maximum(_LEAST_COUNTED * amounts.max(axis=0), np.finfo(np.float64).tiny)
    logs = np.log(np.maximum(amounts, least_counted))
    away = logs - logs.min(axis=0)
    scaled = away / np.maximum(away.max(axis=0), np.log(_LEAST_RANGE))
    return front[int(np.argmin((scaled**2).sum(axis=1)))]


def _amount(record: Record, objective: Objective) -> float | None:
    """Return what there should be little of, at least 0."""
    values = vars(record)
    if objective.direction == "minimize":
        return objective.value(values)
    low = values.get(f"{objective.name}_low")
    value = objective.value(values) if low is None else low
    return None if value is None else 1 - value
