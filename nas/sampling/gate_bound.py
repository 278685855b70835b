"""The accuracy that a candidate needs at its costs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.records.pareto import hypervolume, is_non_dominated, losses
from nas.records.record import Record
from nas.sampling.improvement import staircase
from objectives import Objective

Array = NDArray[np.float64]

_WIDER = 1.1
"""A reference point lies this many times the range of its points from their best values."""


def needed_accuracy(
    costs: Mapping[str, Any],
    trained: Sequence[Record],
    objectives: Sequence[Objective],
    share: float,
) -> float | None:
    """Return the accuracy from which on a candidate adds a share of the front's hypervolume.

    Its costs are known, so what it adds is ``sum_k V_k * max(0, L_k - e)`` over the boxes of cost
    space where ``L_k`` is the least error known and ``V_k`` the volume that it dominates there: the
    terms of ``nas.sampling.improvement`` before any expectation. It is measured up to an error of 1
    and beyond all costs, so that an end of the front may be moved: what nothing known is cheaper
    than needs little.

    Args:
        costs: Fields of the candidate's record that are known before training.
        trained: Records of complete candidates.
        objectives: What the search pursues.
        share: Least share of the front's hypervolume; 0 asks for not being dominated.

    Returns:
        The accuracy, above 1 where none suffices; ``None`` where nothing is trained, accuracy is no
        objective, or one of the others is not known before training.
    """
    others = [objective for objective in objectives if objective.name != "accuracy"]
    wanted = [objective.loss(costs) for objective in others]
    known = [loss for loss in wanted if loss is not None]
    points = _points(trained, others)
    if not len(points) or len(others) == len(objectives) or len(known) < len(wanted):
        return None
    front, at = points[is_non_dominated(points)], np.array(known)
    worst = _reference(np.vstack([points[:, 1:], known]))
    stairs = staircase(front[:, 0], front[:, 1:], 1.0, worst)
    volumes = np.maximum(0.0, stairs.high - np.maximum(stairs.low, at)).prod(axis=1)
    gain = share * hypervolume(front, _reference(front))
    return 1 - _greatest_error(stairs.errors[stairs.level], volumes, gain)


def _points(trained: Sequence[Record], others: Sequence[Objective]) -> Array:
    """Return errors and costs of the candidates that know all of them, ``(n, 1 + others)``."""
    errors = np.array([1 - (record.accuracy or 0.0) for record in trained])
    points = np.column_stack([errors, losses(trained, others)])
    return np.asarray(points[np.isfinite(points).all(axis=1)])


def _greatest_error(levels: Array, volumes: Array, gain: float) -> float:
    """Solve ``sum_k V_k * max(0, L_k - e) = gain`` for ``e``.

    The sum is the greatest of its partial sums in falling order of the levels, and each of them is
    a line in ``e``.
    """
    order = np.argsort(-levels, kind="stable")
    volume = volumes[order].cumsum()
    weighted = (volumes * levels)[order].cumsum()
    reached = volume > 0
    return float(((weighted - gain)[reached] / volume[reached]).max())


def _reference(points: Array) -> Array:
    best, worst = points.min(axis=0), points.max(axis=0)
    return np.asarray(best + _WIDER * np.where(worst > best, worst - best, 0.1 * abs(best) + 1e-9))
