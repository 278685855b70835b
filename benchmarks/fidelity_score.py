"""How good predictions are: errors, order, coverage, and two baselines to beat."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nas.network.network import Network

_KINDS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "AVERAGE_POOL_2D", "MAX_POOL_2D",
          "ADD", "CONCATENATION", "SOFTMAX")  # fmt: skip
_RIDGE = 1e-3

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Score:
    """How predictions compare with measurements.

    Attributes:
        rows: Number of measurements.
        mean_error: Mean of the absolute relative errors.
        worst: The relative error that is largest in size, with its sign.
        bias: Mean relative error.
        spearman: Rank correlation; ``None`` below three rows.
        coverage: Share of measurements inside the interval, ``None`` without one.
    """

    rows: int
    mean_error: float
    worst: float
    bias: float
    spearman: float | None
    coverage: float | None = None


def score(predicted: Values, measured: Values, inside: NDArray[np.bool_] | None = None) -> Score:
    """Score predictions.

    Args:
        predicted: Milliseconds, shape (rows,).
        measured: Milliseconds, shape (rows,).
        inside: Whether each measurement is in its interval.
    """
    errors = predicted / measured - 1
    return Score(
        rows=len(errors),
        mean_error=float(np.abs(errors).mean()),
        worst=float(errors[np.abs(errors).argmax()]),
        bias=float(errors.mean()),
        spearman=spearman(predicted, measured) if len(errors) > 2 else None,
        coverage=None if inside is None else float(inside.mean()),
    )


def spearman(left: Values, right: Values) -> float:
    """Rank correlation, ties sharing their mean rank; 0 where one side is constant."""
    ranks = np.stack([_ranks(left), _ranks(right)])
    if np.ptp(ranks, axis=1).min() == 0:
        return 0.0
    return float(np.corrcoef(ranks)[0, 1])


def _ranks(values: Values) -> Values:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Values = (last - (counts - 1) / 2)[places]
    return ranks


def macs_feature(network: Network) -> list[float]:
    """A constant and the multiply-accumulates: the simplest baseline."""
    return [1.0, network.macs / 1e9]


def count_features(network: Network) -> list[float]:
    """A constant and the number of operators of every kind."""
    kinds = [operator.type for operator in network.operators]
    return [1.0, *(float(kinds.count(kind)) for kind in _KINDS)]


def fit_line(features: Sequence[Sequence[float]], measured: Values) -> Values:
    """Fit a line to relative errors, with as little of a ridge as makes it one.

    Args:
        features: Shape (rows, features).
        measured: Milliseconds, shape (rows,).

    Returns:
        Coefficients, shape (features,).
    """
    design = np.asarray(features, float) / measured[:, None]
    ridge = _RIDGE * np.eye(design.shape[1])
    coefficients: Values = np.linalg.lstsq(
        np.vstack([design, ridge]), np.concatenate([np.ones(len(measured)), np.zeros(len(ridge))]),
        rcond=None,
    )[0]  # fmt: skip
    return coefficients


def predict_line(features: Sequence[Sequence[float]], coefficients: Values) -> Values:
    """Predict with a line; never below a microsecond, as a latency is positive."""
    predicted: Values = np.maximum(np.asarray(features, float) @ coefficients, 1e-3)
    return predicted
