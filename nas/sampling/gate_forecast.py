"""What a training will end with, from what others ended with: Student's t distributions."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Forecast:
    """A prediction: Student's t distribution, moved and stretched.

    Attributes:
        mean: Its middle.
        scale: Its scale, more than 0.
        freedom: Its degrees of freedom, at least 1.
    """

    mean: float
    scale: float
    freedom: int

    def chance_below(self, bound: float) -> float:
        """Return the probability that the quantity is less than ``bound``."""
        return student_cdf((bound - self.mean) / self.scale, self.freedom)


def from_others(finals: Array, least_scale: float) -> Forecast:
    """Predict a case from others of its kind alone.

    Args:
        finals: What became of the others, ``(n,)``, at least two.
        least_scale: Scale where they agree more closely than can be measured.

    Reference:
        Student's prediction interval, ``s * sqrt(1 + 1 / n)`` with ``n - 1`` degrees of freedom:
        Draper and Smith, Applied Regression Analysis, 3rd ed. 1998.
    """
    scale = float(finals.std(ddof=1)) * math.sqrt(1 + 1 / len(finals))
    return Forecast(float(finals.mean()), max(scale, least_scale), len(finals) - 1)


def after_seeing(
    prior: Forecast, seen: float, finals: Array, then: Array, least_scale: float
) -> Forecast:
    """Sharpen a prediction by an early value of the case.

    The line ``then = a + b * final`` of the others tells how likely each end makes the value that
    was seen; prior and likelihood are normal, so their product is. ``b`` is not less than 0: a
    better beginning never speaks for a worse end. With the others themselves as prior this is the
    regression of ``final`` on ``then``, as Baker et al. predict the end of a training; but a prior
    of its own keeps a case that is unlike the others from being taken for one of them.

    Args:
        prior: Prediction before.
        seen: Early value of the case.
        finals: What became of the others, ``(n,)``, at least three.
        then: Their values as early as that, ``(n,)``.
        least_scale: Scale of ``seen`` where the line fits better than can be measured.

    Reference:
        Baker, Gupta, Raskar and Naik, Accelerating Neural Architecture Search using Performance
        Prediction, 2017, arXiv 1705.10823; product of normals: Gelman et al., Bayesian
        Data Analysis, 3rd ed. 2013, section 2.5.
    """
    around, count = finals - finals.mean(), len(finals)
    squares = float(around @ around)
    slope = max(float(around @ then) / squares, 0.0) if squares > 0 else 0.0
    residuals = then - then.mean() - slope * around
    off = prior.mean - float(finals.mean())
    leverage = 1 / count + (off**2 / squares if squares > 0 else 0.0)
    noise = float(residuals @ residuals) / (count - 2) * (1 + leverage)
    noise = max(noise, least_scale**2)
    surprise = seen - float(then.mean()) - slope * off
    precision = prior.scale**-2 + slope**2 / noise
    mean = prior.mean + slope * surprise / noise / precision
    return Forecast(mean, precision**-0.5, min(prior.freedom, count - 2))


def student_cdf(value: float, freedom: int) -> float:
    """Return the distribution function of Student's t.

    Args:
        value: Where; any number.
        freedom: Degrees of freedom, at least 1.

    Reference:
        Abramowitz and Stegun, Handbook of Mathematical Functions, 1964, eqs. 26.7.3 and 26.7.4.
    """
    angle = math.atan(value / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    is_odd = freedom % 2 == 1
    term = cosine if is_odd else 1.0
    terms = []
    for power in range(2 + is_odd, freedom + 1, 2):
        terms.append(term)
        term *= cosine**2 * (power - 1) / power
    within = sine * math.fsum(terms)
    if is_odd:
        within = 2 / math.pi * (angle + within)
    return 0.5 + within / 2
