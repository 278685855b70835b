"""The 80 % interval of an estimated latency.

Split conformal: the constants of the latency model are fitted without a family of measurements, the
family is predicted, and the interval's ends are low and high quantiles of measured over predicted
latency. A user's network and host are one more family: of n families together with it, 80 % are to
lie inside, so the quantiles are those at 10 % and 90 % of n + 1, a little outside the plain ones.
``benchmarks/estimator_fidelity.py`` does this for every family and prints how many measurements of
families that had no part in it lie inside.

Reference: Vovk, Gammerman, Shafer, Algorithmic Learning in a Random World, 2005, section 4.2, with
families in the place of examples: Dunn, Wasserman, Ramdas, arXiv 1809.07441.
"""

LOW, HIGH = 0.85, 1.25
"""Measured over estimated latency at the ends of the interval."""


def latency_interval(latency_ms: float) -> tuple[float, float]:
    """Return the ends of the 80 % interval.

    Args:
        latency_ms: An estimated latency.

    Returns:
        Lower and upper end in milliseconds.
    """
    return LOW * latency_ms, HIGH * latency_ms
