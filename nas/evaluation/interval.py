"""Uncertainty of an accuracy measured on a finite number of examples."""

import math

_Z_95 = 1.959963984540054
"""97.5 % quantile of the normal distribution: a two-sided 95 % interval."""


def accuracy_interval(accuracy: float, examples: int) -> tuple[float, float]:
    """Return Wilson's 95 % score interval of a proportion.

    Args:
        accuracy: Share of examples that were right, 0 – 1.
        examples: Number of examples, at least 1.

    Returns:
        Lower and upper bound, 0 – 1.

    Reference:
        Wilson, Probable Inference, JASA 22(158), 1927, doi:10.1080/01621459.1927.10502953.
    """
    z2 = _Z_95**2
    centre = (accuracy + z2 / (2 * examples)) / (1 + z2 / examples)
    spread = accuracy * (1 - accuracy) / examples + z2 / (4 * examples**2)
    half_width = _Z_95 * math.sqrt(spread) / (1 + z2 / examples)
    return max(0.0, centre - half_width), min(1.0, centre + half_width)


def prediction_interval(accuracy: float, examples: int, new_examples: int) -> tuple[float, float]:
    """Return the 95 % interval of the accuracy on other examples of the same kind.

    It has room for the chance in both: 95 % of the intervals of :func:`accuracy_interval` hold the
    accuracy on endlessly many examples, but only 83 % the one on as many other examples. The bounds
    are the accuracies ``q`` on the new examples at which the score test of two equal proportions is
    at its limit, ``(q - p)^2 = z^2 (1/n + 1/m) r (1 - r)``, with ``r`` pooled over both.

    Args:
        accuracy: Share of examples that were right, 0 – 1.
        examples: Number of examples, at least 1.
        new_examples: Number of other examples, at least 1.

    Returns:
        Lower and upper bound, 0 – 1.

    Reference:
        Krishnamoorthy and Peng, Improved Closed-Form Prediction Intervals for Binomial and Poisson
        Distributions, Journal of Statistical Planning and Inference 141, 2011,
        doi:10.1016/j.jspi.2010.11.021 (joint sampling).
    """
    z2, both = _Z_95**2, examples + new_examples
    right, wrong = accuracy * examples, (1 - accuracy) * examples + new_examples
    scale = z2 / (examples * new_examples * both)
    # a q^2 - 2 b q + c = 0
    a = 1 + scale * new_examples**2
    b = accuracy + scale * new_examples * (wrong - right) / 2
    c = accuracy**2 - scale * right * wrong
    half_width = math.sqrt(max(b * b - a * c, 0.0)) / a
    low, high = b / a - half_width, b / a + half_width
    return max(0.0, min(low, accuracy)), min(1.0, max(high, accuracy))
