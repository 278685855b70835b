"""Whether brief training ranks networks as longer training does."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.errors import UserError
from nas.json_values import convert
from nas.records.json_lines import append_line, read_lines
from nas.records.record import Record

LONGER = 5
"""The longer training has this many times the epochs of the brief one, as ``nas.export`` has."""

_Z_95 = 1.959963984540054
"""97.5 % quantile of the normal distribution: a two-sided 95 % interval."""

_LEAST_KENDALL = 1 / 3
"""Below this, more than a third of all pairs are in the wrong order; by chance it is a half."""


@dataclass(frozen=True)
class Comparison:
    """One candidate trained briefly and longer; a line of ``fidelity.jsonl``.

    Attributes:
        candidate_id: The candidate.
        epochs: Epochs of the brief training.
        accuracy: int8 validation accuracy after it, 0 – 1.
        longer_epochs: Epochs of the longer training.
        longer_accuracy: int8 validation accuracy after it; ``None`` if it failed.
        reason: Why it failed.
    """

    candidate_id: str
    epochs: int
    accuracy: float
    longer_epochs: int
    longer_accuracy: float | None
    reason: str | None = None


@dataclass(frozen=True)
class Fidelity:
    """How well brief training ranks networks.

    Attributes:
        candidates: Networks compared.
        epochs: Epochs of the brief training.
        longer_epochs: Epochs of the longer training.
        spearman: Spearman's rank correlation; ``None`` if all are equal or there are fewer than 3.
        spearman_low: Lower end of its 95 % interval; ``None`` with fewer than 4 candidates.
        spearman_high: Upper end.
        kendall: Kendall's tau-b.
    """

    candidates: int
    epochs: int
    longer_epochs: int
    spearman: float | None
    spearman_low: float | None
    spearman_high: float | None
    kendall: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as JSON values, with the warning beside them."""
        return {**asdict(self), "warning": self.warning}

    @property
    def statement(self) -> str:
        """What was compared and found, in a sentence."""
        compared = (
            f"{self.candidates} networks were also trained for {self.longer_epochs} instead of "
            f"{self.epochs} epochs: "
        )
        if self.spearman is None or self.kendall is None:
            return f"{compared}too few, or too much alike, to compare their order."
        interval = (
            ""
            if self.spearman_low is None
            else f" (95 % interval {self.spearman_low:.2f} – {self.spearman_high:.2f})"
        )
        return (
            f"{compared}Spearman's rank correlation of their accuracies is {self.spearman:.2f}"
            f"{interval}, Kendall's {self.kendall:.2f}."
        )

    @property
    def warning(self) -> str | None:
        """Why the order of the search's accuracies should not be trusted, or ``None``."""
        if self.kendall is None or self.kendall < _LEAST_KENDALL:
            return (
                f"{self.epochs} epochs cannot rank these networks: give --epochs more, or take "
                "accuracies that lie this close for equal"
            )
        if self.spearman_low is None or self.spearman_low <= 0:
            return (
                f"{self.candidates} candidates are too few to tell whether {self.epochs} epochs "
                "rank networks: give --check-fidelity more"
            )
        return None


def choose(records: Sequence[Record], count: int) -> list[Record]:
    """Choose complete candidates from the most to the least accurate, evenly by rank."""
    complete = [r for r in records if r.status == "complete" and r.accuracy is not None]
    ranked = sorted(complete, key=lambda record: (-(record.accuracy or 0.0), record.candidate_id))
    places = np.linspace(0, len(ranked) - 1, min(count, len(ranked))).round().astype(int)
    return [ranked[place] for place in places]


def compare(comparisons: Sequence[Comparison]) -> Fidelity | None:
    """Return the rank correlation of brief and longer accuracies, ``None`` without any."""
    done = [each for each in comparisons if each.longer_accuracy is not None]
    if not done:
        return None
    brief = np.array([each.accuracy for each in done])
    longer = np.array([each.longer_accuracy for each in done], dtype=np.float64)
    spearman = correlation(ranks(brief), ranks(longer)) if len(done) >= 3 else None
    low, high = spearman_interval(spearman, len(done))
    return Fidelity(
        candidates=len(done),
        epochs=done[0].epochs,
        longer_epochs=done[0].longer_epochs,
        spearman=spearman,
        spearman_low=low,
        spearman_high=high,
        kendall=kendall(brief, longer) if len(done) >= 3 else None,
    )


def ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ranks from 1; equal values share their mean rank."""
    less = (values[:, None] > values[None, :]).sum(axis=1)
    equal = (values[:, None] == values[None, :]).sum(axis=1)
    return np.asarray(less + (equal + 1) / 2)


def kendall(left: NDArray[np.float64], right: NDArray[np.float64]) -> float | None:
    """Return Kendall's tau-b, the correlation of the signs of all differences.

    Reference:
        Kendall, The treatment of ties in ranking problems, Biometrika 33(3), 1945,
        doi:10.1093/biomet/33.3.239.
    """
    return correlation(*(np.sign(v[:, None] - v[None, :]).ravel() for v in (left, right)))


def correlation(left: NDArray[np.float64], right: NDArray[np.float64]) -> float | None:
    """Return Pearson's correlation, ``None`` where one side does not vary."""
    left, right = left - left.mean(), right - right.mean()
    scale = math.sqrt(float(left @ left) * float(right @ right))
    return float(np.clip(left @ right / scale, -1, 1)) if scale > 0 else None


def spearman_interval(
    spearman: float | None, count: int
) -> tuple[float, float] | tuple[None, None]:
    """Return the 95 % interval of a rank correlation of ``count`` pairs.

    Reference:
        Bonett and Wright, Sample size requirements for estimating Pearson, Kendall and Spearman
        correlations, Psychometrika 65(1), 2000, doi:10.1007/BF02294183: Fisher's transformation
        with the variance ``(1 + r**2 / 2) / (n - 3)``.
    """
    if spearman is None or count < 4:
        return None, None
    middle = math.atanh(min(max(spearman, -1 + 1e-12), 1 - 1e-12))
    reach = _Z_95 * math.sqrt((1 + spearman**2 / 2) / (count - 3))
    return math.tanh(middle - reach), math.tanh(middle + reach)


def append_comparison(path: Path, comparison: Comparison) -> None:
    """Append one line to ``fidelity.jsonl``."""
    append_line(path, asdict(comparison))


def read_comparisons(path: Path) -> list[Comparison]:
    """Read ``fidelity.jsonl``; a missing file holds nothing, a line cut off by a crash is left out.

    Raises:
        UserError: A line is no comparison.
    """
    comparisons = []
    for place, values in read_lines(path):
        try:
            comparisons.append(convert(values, Comparison))
        except ValueError as error:
            raise UserError(f"{place}: no comparison ({error})") from None
    return comparisons
