"""The 80 % interval of an estimated latency.

Split conformal: the constants of the latency model are fitted without a family of measurements, the
family is predicted, and the interval's ends are low and high quantiles of measured over predicted
latency. A user's network and host are one more family: of n families together with it, 80 % are to
lie inside, so the quantiles are those at 10 % and 90 % of n + 1, a little outside the plain ones.
``benchmarks/estimator_fidelity.py`` does this for every family and prints how many measurements of
families that had no part in it lie inside.

Waiting for streamed parameters is known better than the rest, as nothing but the link's bandwidth
is in it: it counts half as uncertain. Errors are divided by this before the quantiles are taken.

Reference: Vovk, Gammerman, Shafer, Algorithmic Learning in a Random World, 2005, section 4.2, with
families in the place of examples: Dunn, Wasserman, Ramdas, arXiv 1809.07441; errors in units of an
expected spread: Lei, G'Sell, Rinaldo, Tibshirani, Wasserman, arXiv 1604.04173, section 5.2.
"""

LOW, HIGH = 0.84, 1.28
"""Measured over estimated latency at the ends of the interval, where nothing is streamed."""

_STREAMING_SPREAD = 0.5


def spread(latency_ms: float, streaming_ms: float) -> float:
    """Return how uncertain a latency is beside one without streamed parameters.

    Args:
        latency_ms: An estimated latency.
        streaming_ms: How much of it is waiting for streamed parameters.

    Returns:
        From 0.5, where all of it is, to 1.
    """
    share = streaming_ms / latency_ms if streaming_ms else 0.0
    return 1 - (1 - _STREAMING_SPREAD) * share


def latency_interval(latency_ms: float, streaming_ms: float) -> tuple[float, float]:
    """Return the ends of the 80 % interval.

    Args:
        latency_ms: An estimated latency.
        streaming_ms: How much of it is waiting for streamed parameters.

    Returns:
        Lower and upper end in milliseconds.
    """
    power = spread(latency_ms, streaming_ms)
    return LOW**power * latency_ms, HIGH**power * latency_ms
