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
