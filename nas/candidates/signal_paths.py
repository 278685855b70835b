"""How much of a network's signal takes which way: paths weighted by what arrives along them.

Where normalized branches are added, each brings its variance, so that a deep branch hardly shows
beside many shallow ones. Weighted so, the counts of operators on a path tell accuracies apart that
the longest and the average path do not (``docs/search.md``).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from nas.network.network import Network, Operator

COUNTED = ("depth", "spatial", "pools")
"""What is counted on a path: weighted operators, those with kernels above 1x1, and pools."""

_TINY = 1e-300
"""Thousands of operators would leave nothing of a power."""

Counts = Callable[[Operator], tuple[bool, bool, bool]]
"""Tells of an operator whether it is each of ``COUNTED``."""


class _Count(NamedTuple):
    """Expectations of one count over the paths, each as likely as its share of the variance."""

    mean: float = 0.0
    square: float = 0.0
    power_50: float = 1.0  # of 0.5, with the count as exponent
    power_80: float = 1.0

    def next(self) -> "_Count":
        """Return the expectations after one more."""
        return _Count(
            self.mean + 1,
            self.square + 2 * self.mean + 1,
            self.power_50 * 0.5,
            self.power_80 * 0.8,
        )


@dataclass(frozen=True, slots=True)
class _Signal:
    """What arrives at one tensor; every weighted operator gives it a variance of 1."""

    variance: float = 1.0
    counts: tuple[_Count, ...] = (_Count(),) * len(COUNTED)


_INPUT = _Signal()


def signal_features(network: Network, counts: Counts) -> dict[str, float]:
    """Describe the ways of the signal by numbers that mean the same in every search space.

    Args:
        network: The live operators in execution order.
        counts: What is counted.

    Returns:
        For each of ``COUNTED`` the mean over the signal (as ``log(1 + mean)``), the standard
        deviation, and what passes with few of them: ``log E[b ** count]`` for ``b`` of 0.5 and 0.8.

    Reference:
        De and Smith, Batch Normalization Biases Residual Blocks Towards the Identity Function,
        NeurIPS 2020, arXiv 2002.10444 (variances of normalized branches add); Veit, Wilber and
        Belongie, Residual Networks Behave Like Ensembles of Relatively Shallow Networks, NIPS 2016,
        arXiv 1605.06431 (what matters are the paths).
    """
    signals = {tensor.name: _INPUT for tensor in network.inputs}
    for operator in network.operators:
        read = [signals.get(tensor.name, _INPUT) for tensor in operator.activations]
        signal = _joined(operator, read) if len(read) > 1 else read[0] if read else _INPUT
        flags = counts(operator)
        if any(flags):
            pairs = zip(signal.counts, flags, strict=True)
            counted = tuple(count.next() if flag else count for count, flag in pairs)
            signal = _Signal(1.0 if flags[0] else signal.variance, counted)
        for tensor in operator.outputs:
            signals[tensor.name] = signal
    ends = [signals.get(tensor.name, _INPUT) for tensor in network.outputs] or [_INPUT]
    return _named(_mixed(ends, [end.variance for end in ends]))


def _joined(operator: Operator, read: Sequence[_Signal]) -> _Signal:
    """Add variances, or weigh them by size where nothing is added: concatenations and gates."""
    variances = [signal.variance for signal in read]
    if operator.type not in ("ADD", "SUB"):
        sizes = [tensor.elements for tensor in operator.activations]
        variances = [v * size / sum(sizes) for v, size in zip(variances, sizes, strict=True)]
    return _mixed(read, variances)


def _mixed(signals: Sequence[_Signal], variances: Sequence[float]) -> _Signal:
    total = sum(variances)
    shares = [variance / total for variance in variances]
    counts = []
    for same in zip(*(signal.counts for signal in signals), strict=True):
        values = zip(*same, strict=True)
        counts.append(_Count(*(sum(map(float.__mul__, shares, each)) for each in values)))
    return _Signal(total, tuple(counts))


def _named(signal: _Signal) -> dict[str, float]:
    features = {}
    for name, count in zip(COUNTED, signal.counts, strict=True):
        features[f"log_signal_{name}"] = math.log1p(count.mean)
        features[f"signal_{name}_spread"] = math.sqrt(max(count.square - count.mean**2, 0.0))
        features[f"log_signal_{name}_power_50"] = math.log(max(count.power_50, _TINY))
        features[f"log_signal_{name}_power_80"] = math.log(max(count.power_80, _TINY))
    return features
