"""The 80 % interval of an estimated latency.

Split conformal: the constants of the latency model are fitted without a family of measurements, the
family is predicted, and the interval's ends are the 10 % and 90 % quantiles of measured over
predicted latency. ``benchmarks/estimator_fidelity.py`` does this for every family and prints how
many measurements of families that had no part in it lie inside.

Reference: Vovk, Gammerman, Shafer, Algorithmic Learning in a Random World, 2005, section 4.2.
"""

LOW, HIGH, MARGIN_MS = 0.90, 1.23, 0.02
"""Factors below and above an estimate, and what the clock of a host adds either way."""


def latency_interval(latency_ms: float) -> tuple[float, float]:
    """Return the ends of the 80 % interval.

    Args:
        latency_ms: An estimated latency.

    Returns:
        Lower and upper end in milliseconds; the lower one is not negative.
    """
    return max(0.0, LOW * latency_ms - MARGIN_MS), HIGH * latency_ms + MARGIN_MS
