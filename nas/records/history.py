"""How the front grew: its hypervolume after each candidate."""

from collections.abc import Sequence

import numpy as np

from nas.records.pareto import Losses, hypervolume, is_non_dominated, losses
from nas.records.record import Record
from objectives import Objective


def box(
    groups: Sequence[Sequence[Record]], objectives: Sequence[Objective]
) -> tuple[Losses, Losses] | None:
    """Return the best and the worst loss of all complete candidates, each ``(objectives,)``.

    The worst is the reference point of the hypervolume; runs share it when they are compared.

    Returns:
        ``None`` where no candidate knows all objectives.
    """
    known = [points for group in groups if len(points := _known(group, objectives))]
    if not known:
        return None
    points = np.concatenate(known)
    return points.min(axis=0), points.max(axis=0)


def growth(
    records: Sequence[Record],
    objectives: Sequence[Objective],
    bounds: tuple[Losses, Losses],
) -> list[float]:
    """Return the share of the box that the front dominates after each record, in their order.

    Args:
        records: Candidates of any status, in the order they finished.
        objectives: What the search pursues.
        bounds: Best and worst losses, see ``box``.

    Returns:
        Shares from 0 to 1, one a record. 1 is a network that is best in everything; the worst
        candidates, which span the box, add nothing.
    """
    low, high = bounds
    size = np.where(high > low, high - low, 1.0)
    front = np.empty((0, len(objectives)))
    shares, share = [], 0.0
    for record in records:
        point = (_known([record], objectives) - low) / size
        if len(point) and not (front <= point).all(axis=1).any():
            front = np.concatenate([front, point])
            front = front[is_non_dominated(front)]
            share = hypervolume(front, np.ones(len(objectives)))
        shares.append(share)
    return shares


def _known(records: Sequence[Record], objectives: Sequence[Objective]) -> Losses:
    complete = [record for record in records if record.status == "complete"]
    points = losses(complete, objectives)
    known: Losses = points[np.isfinite(points).all(axis=1)]
    return known
