"""How a space's costs are spread: quantiles and histograms."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.records.record import Record

COSTS = (
    "latency_ms", "energy_mj", "memory_bytes", "on_chip_bytes", "off_chip_bytes",
    "peak_activation_bytes", "macs", "parameters", "cpu_ops",
)  # fmt: skip
"""Costs that are known before training, as records name them."""

KNOWN_BEFORE_TRAINING = (*COSTS, "latency_low_ms", "latency_high_ms", "ops_total", "ops_mapped")
"""What a constraint can bound before training."""

BINS = 16
_LOGARITHMIC_ABOVE = 30.0
_QUANTILES = (0.0, 0.05, 0.5, 0.95, 1.0)


@dataclass(frozen=True)
class Spread:
    """Quantiles of a cost over settings drawn at random, in its unit: values of networks read."""

    minimum: float
    p05: float
    median: float
    p95: float
    maximum: float


@dataclass(frozen=True)
class Cost:
    """One cost over the settings drawn at random.

    Attributes:
        name: Field of the record, with its unit.
        known: Networks that know it.
        unknown: Networks that do not.
        spread: Its quantiles, ``None`` if no network knows it.
        low: Quantiles of the lower end of its interval, ``None`` for a cost without one.
        high: Quantiles of the upper end.
        deviation: Its standard deviation, ``None`` for fewer than two networks.
        edges: Edges of the histogram, even in the logarithm where the values span widely.
        counts: Networks in each bin.
    """

    name: str
    known: int
    unknown: int
    spread: Spread | None
    low: Spread | None
    high: Spread | None
    deviation: float | None
    edges: tuple[float, ...]
    counts: tuple[int, ...]

    @property
    def is_constant(self) -> bool:
        """Whether all networks have the same."""
        return self.spread is not None and self.spread.minimum == self.spread.maximum

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON fields."""
        names = ("minimum", "p05", "median", "p95", "maximum")
        spread = dict.fromkeys(names) if self.spread is None else vars(self.spread)
        ends = (self.low, self.high)
        return {
            "known": self.known,
            "unknown": self.unknown,
            **spread,
            **{n: end and vars(end) for n, end in zip(("low", "high"), ends, strict=True)},
            "deviation": self.deviation,
            "histogram": {"edges": self.edges, "counts": self.counts},
        }


def cost_spreads(records: Sequence[Record]) -> dict[str, Cost]:
    """Return every cost of networks drawn at random.

    Args:
        records: Networks; those that do not know a cost are counted and left out.
    """
    return {name: _cost(name, records) for name in COSTS}


def known_values(records: Sequence[Record], name: str) -> NDArray[np.float64]:
    """Return the known values of a field, in order."""
    values = (getattr(record, name) for record in records)
    return np.array([value for value in values if value is not None], dtype=np.float64)


def _cost(name: str, records: Sequence[Record]) -> Cost:
    values = known_values(records, name)
    edges, counts = _histogram(values)
    return Cost(
        name,
        known=len(values),
        unknown=len(records) - len(values),
        spread=_spread(values),
        low=_end(records, name, "low"),
        high=_end(records, name, "high"),
        deviation=float(values.std(ddof=1)) if len(values) > 1 else None,
        edges=edges,
        counts=counts,
    )


def _end(records: Sequence[Record], name: str, end: str) -> Spread | None:
    stem, _, unit = name.rpartition("_")
    field = f"{stem}_{end}_{unit}"
    return _spread(known_values(records, field)) if hasattr(Record, field) else None


def _spread(values: NDArray[np.float64]) -> Spread | None:
    return (
        Spread(*map(float, np.quantile(values, _QUANTILES, method="inverted_cdf")))
        if len(values)
        else None
    )


def _histogram(values: NDArray[np.float64]) -> tuple[tuple[float, ...], tuple[int, ...]]:
    if not len(values):
        return (), ()
    low, high = float(values.min()), float(values.max())
    if low == high:
        return (low, high), (len(values),)
    is_wide = low > 0 and high / low > _LOGARITHMIC_ABOVE
    edges = np.geomspace(low, high, BINS + 1) if is_wide else np.linspace(low, high, BINS + 1)
    edges[0], edges[-1] = low, high
    counts, _ = np.histogram(values, edges)
    return tuple(map(float, edges)), tuple(map(int, counts))
