"""A trial on paper: settings drawn as a space asks for them, before Optuna knows of any trial."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FixedTrial


class Draft(FixedTrial):
    """Answers a space with wanted values where they fit, and draws the others uniformly.

    Conditional settings work: those that the space does not ask for are left out, those that a
    change uncovers are drawn.

    Args:
        wanted: Values by parameter name.
        rng: Draws the values that are not wanted or do not fit.
    """

    def __init__(self, wanted: Mapping[str, Any], rng: np.random.Generator) -> None:
        super().__init__(dict(wanted))
        self._wanted = wanted
        self._rng = rng

    def _suggest(self, name: str, distribution: BaseDistribution) -> Any:
        """Answer one question; every ``suggest`` method of Optuna's fixed trial comes here."""
        if name not in self._suggested_params:
            fits = name in self._wanted and _contains(distribution, self._wanted[name])
            value = self._wanted[name] if fits else draw(distribution, self._rng)
            self._suggested_params[name] = value
            self._distributions[name] = distribution
        return self._suggested_params[name]


def draw(distribution: BaseDistribution, rng: np.random.Generator) -> Any:
    """Draw one value uniformly, in the logarithm where the distribution has one.

    Raises:
        TypeError: Optuna has a distribution that is not known here.
    """
    match distribution:
        case CategoricalDistribution():
            return distribution.choices[int(rng.integers(len(distribution.choices)))]
        case IntDistribution(log=True) | FloatDistribution(log=True):
            low, high = math.log(distribution.low), math.log(distribution.high)
            value = min(max(math.exp(rng.uniform(low, high)), distribution.low), distribution.high)
            return round(value) if isinstance(distribution, IntDistribution) else value
        case IntDistribution() | FloatDistribution(step=float()):
            step = distribution.step or 1
            count = int((distribution.high - distribution.low) / step + 1e-9)
            return distribution.low + step * int(rng.integers(count + 1))
        case FloatDistribution():
            return float(rng.uniform(distribution.low, distribution.high))
    raise TypeError(f"{type(distribution).__name__} cannot be drawn")


def changes(distribution: BaseDistribution, value: Any, rng: np.random.Generator) -> list[Any]:
    """Return the values one change away: other choices, the positions beside, or another draw."""
    if isinstance(distribution, CategoricalDistribution):
        return [choice for choice in distribution.choices if choice != value]
    if isinstance(distribution, IntDistribution) and not distribution.log:
        near = (value - distribution.step, value + distribution.step)
        beside = [v for v in near if _contains(distribution, v)]
        return sorted({*beside, draw(distribution, rng)} - {value})
    return [draw(distribution, rng) for _ in range(2)]


def _contains(distribution: BaseDistribution, value: Any) -> bool:
    try:
        return distribution._contains(distribution.to_internal_repr(value))
    except (ValueError, TypeError):
        return False
