"""Every family of measurements predicted by a model that never saw it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.fidelity_fit import Linear, Prepared, calibration_of, fit, predict
from benchmarks.fidelity_score import (
    Values,
    count_features,
    fit_line,
    macs_feature,
    predict_line,
)
from nas.edgetpu.interval import spread
from nas.network.network import Network

_TAIL = 0.1

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Predictions:
    """Measurements beside what three models predict that did not see their family.

    Attributes:
        families: Family of each row.
        files: Data file of each row.
        measured: Milliseconds, shape (rows,).
        model: The chip model's predictions.
        streaming: How much of them is waiting for streamed parameters.
        macs: A line in multiply-accumulates.
        counts: A line in operator counts.
    """

    families: tuple[str, ...]
    files: tuple[str, ...]
    measured: Values
    model: Values
    streaming: Values
    macs: Values
    counts: Values

    def where(self, keep: Flags) -> "Predictions":
        """Return some of the rows."""
        picked = [np.array(self.families)[keep], np.array(self.files)[keep]]
        columns = [self.measured, self.model, self.streaming, self.macs, self.counts]
        return Predictions(
            tuple(picked[0]), tuple(picked[1]), *(column[keep] for column in columns)
        )

    @property
    def factors(self) -> Values:
        """Measured over predicted latency, its logarithm divided by what spread is expected."""
        spreads = np.array(list(map(spread, self.model, self.streaming)))
        factors: Values = (self.measured / self.model) ** (1 / spreads)
        return factors


def predict_left_out(
    scored: Sequence[Prepared], fitted: Sequence[Prepared], start: Linear
) -> Predictions:
    """Predict each family with constants and baselines fitted without it.

    Args:
        scored: The measurements to predict.
        fitted: The measurements that may be fitted.
        start: Predictions and slopes of ``fitted``.
    """
    families = tuple(row.measured.family for row in scored)
    return Predictions(
        families,
        tuple(row.measured.file for row in scored),
        np.array([row.measured.latency_ms for row in scored]),
        *predict_groups(scored, fitted, start, families),
        *(predict_baseline(scored, fitted, reading) for reading in (macs_feature, count_features)),
    )


def predict_groups(
    scored: Sequence[Prepared], fitted: Sequence[Prepared], start: Linear, groups: Sequence[str]
) -> tuple[Values, Values]:
    """Predict each group of rows with constants fitted without its families.

    Args:
        scored: The measurements to predict.
        fitted: The measurements that may be fitted.
        start: Predictions and slopes of ``fitted``.
        groups: Group of each scored row: its family or its file.

    Returns:
        Predictions and how much of them is waiting for streamed parameters, in milliseconds, both
        of shape (rows,).
    """
    model, streaming = np.empty((2, len(scored)))
    for group in dict.fromkeys(groups):
        places = [place for place, name in enumerate(groups) if name == group]
        left_out = {scored[place].measured.family for place in places}
        # From the package's constants one step is enough: the model is nearly linear in them.
        calibration = calibration_of(fit(fitted, tuple(left_out), start, rounds=1))
        rows = [scored[place] for place in places]
        model[places] = predict(rows, calibration)
        streaming[places] = [row.latency(calibration).streaming_ms for row in rows]
    return model, streaming


Reading = Callable[[Network], list[float]]


def predict_baseline(
    scored: Sequence[Prepared],
    fitted: Sequence[Prepared],
    reading: Reading,
    *,
    keep_family: bool = False,
) -> Values:
    """Predict each row with a line fitted without its family, or on its family alone.

    Args:
        scored: The measurements to predict.
        fitted: The measurements that may be fitted.
        reading: What the line is in.
        keep_family: Whether to fit on the rows of the same family, and on no others.
    """
    measured = np.array([row.measured.latency_ms for row in fitted])
    features = np.array([reading(row.measured.network) for row in fitted])
    known = np.array([row.measured.family for row in fitted])
    families = np.array([row.measured.family for row in scored])
    wanted = np.array([reading(row.measured.network) for row in scored])
    predicted = np.empty(len(scored))
    for family in np.unique(families):
        used = (known == family) == keep_family
        line = fit_line(features[used].tolist(), measured[used])
        predicted[families == family] = predict_line(wanted[families == family].tolist(), line)
    return predicted


@dataclass(frozen=True)
class Interval:
    """Ends of an 80 % interval as factors of an estimate without streamed parameters."""

    low: float
    high: float


def calibrate_interval(predictions: Predictions) -> Interval:
    """Return the interval that holds 80 % of measurements, those of one more family included.

    Every family counts alike, however many rows it has.

    Args:
        predictions: Measurements beside left-out predictions.
    """
    factors = predictions.factors
    shares = family_shares(predictions.families)
    families = len(set(predictions.families))
    high = min(1.0, (1 - _TAIL) * (families + 1) / families)
    return Interval(_quantile(factors, shares, 1 - high), _quantile(factors, shares, high))


def family_shares(families: Sequence[str]) -> Values:
    """Weights that sum to one, the same for every family."""
    names, places, counts = np.unique(families, return_inverse=True, return_counts=True)
    shares: Values = 1 / counts[places] / len(names)
    return shares


def _quantile(values: Values, weights: Values, share: float) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return float(values[order][min(int(np.searchsorted(reached, share)), len(values) - 1)])


def left_out_coverage(predictions: Predictions) -> Flags:
    """Whether each measurement lies in an interval calibrated on the other families."""
    inside = np.zeros(len(predictions.families), bool)
    for family in dict.fromkeys(predictions.families):
        left_out = np.isin(predictions.families, [family])
        interval = calibrate_interval(predictions.where(~left_out))
        inside[left_out] = is_inside(predictions.where(left_out), interval)
    return inside


def is_inside(predictions: Predictions, interval: Interval) -> Flags:
    """Whether each measurement lies in the interval around its prediction."""
    factors = predictions.factors
    return (factors >= interval.low) & (factors <= interval.high)
