"""Expected hypervolume improvement when every objective but the first is known beforehand."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_error_function = np.frompyfunc(math.erf, 1, 1)
_CERTAIN = 9.0


@dataclass(frozen=True)
class Staircase:
    """The best known error at all costs, as boxes in cost space.

    Attributes:
        low: Lower corners of the boxes, ``(boxes, costs)``; ``-inf`` where a box is open.
        high: Upper corners, ``(boxes, costs)``, at most the reference point.
        level: Place of each box's error in ``errors``, ``(boxes,)``.
        errors: Distinct errors, ascending, the last that of the reference point, ``(levels,)``.
    """

    low: Array
    high: Array
    level: NDArray[np.intp]
    errors: Array


def staircase(errors: Array, costs: Array, reference_error: float, reference: Array) -> Staircase:
    """Divide the cost space below the reference point by the least error known at most there.

    The point of least error claims all costs from its own on; what is left is cut into boxes at
    its coordinates and offered to the next.

    Args:
        errors: Errors of the evaluated candidates, ``(n,)``; dominated ones do no harm.
        costs: Their costs, ``(n, costs)``, less is better; no column if there is one objective.
        reference_error: Error that nothing above contributes to the hypervolume.
        reference: The same of each cost, ``(costs,)``.
    """
    order = [i for i in np.argsort(errors, kind="stable") if errors[i] < reference_error]
    free = [(np.full(len(reference), -np.inf), reference)]
    claimed: list[tuple[Array, Array, int]] = []
    for place, point in enumerate(order):
        inside, free = _claim(free, costs[point])
        claimed += [(low, high, place) for low, high in inside]
    boxes = claimed + [(low, high, len(order)) for low, high in free]
    return Staircase(
        low=np.array([low for low, _, _ in boxes]).reshape(len(boxes), len(reference)),
        high=np.array([high for _, high, _ in boxes]).reshape(len(boxes), len(reference)),
        level=np.array([place for _, _, place in boxes], dtype=np.intp),
        errors=np.append(errors[order], reference_error),
    )


_Boxes = list[tuple[Array, Array]]


def _claim(free: _Boxes, corner: Array) -> tuple[_Boxes, _Boxes]:
    """Return the parts of the boxes where every cost is at least the corner's, and the rest."""
    inside: _Boxes = []
    outside: _Boxes = []
    for low, high in free:
        if not (high > corner).all():
            outside.append((low, high))
            continue
        inside.append((np.maximum(low, corner), high))
        outside += _shell(low, high, corner)
    return inside, outside


def _shell(low: Array, high: Array, corner: Array) -> _Boxes:
    """Cut what lies below the corner in some coordinate into disjoint boxes, one a coordinate."""
    parts: _Boxes = []
    for axis in np.flatnonzero(low < corner):
        below = high.copy()
        below[axis] = corner[axis]
        parts.append((low, below))
        low = low.copy()
        low[axis] = corner[axis]
    return parts


def expected_improvement(stairs: Staircase, costs: Array, mean: Array, deviation: Array) -> Array:
    """Return the expected gain in hypervolume of candidates with known costs.

    With the error log-normal, each box adds its volume from the candidate's costs on, times
    ``E[(L - e)+] = L * Phi(d) - exp(m + s**2 / 2) * Phi(d - s)``, ``d = (log L - m) / s``, where
    ``L`` is the least error known in the box.

    Args:
        stairs: The best known error at all costs.
        costs: Known costs of the candidates, ``(n, costs)``.
        mean: Mean of the logarithm of each error, ``(n,)``.
        deviation: Its standard deviation, ``(n,)``, at least 0.

    Returns:
        Expected hypervolume improvement, ``(n,)``, in the units of error times costs.

    Reference:
        Emmerich, Deutz and Klinkenberg, Hypervolume-based expected improvement: monotonicity
        properties and exact computation, CEC 2011, doi:10.1109/CEC.2011.5949880, of which this is
        the case of one unknown coordinate; the integral is that of Black and Scholes's formula.
    """
    gains = _expected_gain(stairs.errors, mean, deviation)
    improvement = np.zeros(len(mean))
    for low, high, level in zip(stairs.low, stairs.high, stairs.level, strict=True):
        sides = np.maximum(0.0, high - np.maximum(low, costs))
        improvement += sides.prod(axis=1) * gains[:, level]
    return improvement


def _expected_gain(levels: Array, mean: Array, deviation: Array) -> Array:
    """Return ``E[(L - e)+]`` of every candidate at every level, ``(n, levels)``."""
    spread = np.maximum(deviation, 1e-9)[:, None]
    distance = (np.log(levels) - mean[:, None]) / spread
    expected = np.exp(mean[:, None] + spread**2 / 2)
    gain = levels * _normal(distance) - expected * _normal(distance - spread)
    return np.maximum(gain, 0.0)


def _normal(values: Array) -> Array:
    """Return the normal distribution function, to the last digit 0 or 1 beyond 9 deviations."""
    shares = (values > 0).astype(np.float64)
    near = abs(values) < _CERTAIN
    shares[near] = 0.5 + 0.5 * _error_function(values[near] / math.sqrt(2)).astype(np.float64)
    return shares
