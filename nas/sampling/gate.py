"""The gate: a training ends when its network will hardly join the Pareto front.

A candidate's costs are exact before training, so the accuracy that it needs is known; what it will
reach is predicted from the candidates that were trained to the end.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nas.records.record import Record
from nas.sampling.gate_bound import needed_accuracy
from nas.sampling.gate_forecast import Array, Forecast, after_seeing, from_others
from objectives import Objective

TRAINED_FIRST = 10
"""Candidates trained to the end before the gate stops any."""

LEAST_CHANCE = 0.1
"""A whole training is worth this chance to improve the front, a part of it as much less; what is
less likely ends. The criterion is that of Domhan, Springenberg and Hutter, IJCAI 2015, with the
accuracy that the costs ask for in place of the best one, and in proportion to the epochs left."""

LEAST_GAIN = 0.01
"""To improve the front is to add this share of its hypervolume."""

WIDE = 3.0
"""A candidate that may be unlike all others is expected so many times as far from their mean."""


@dataclass(frozen=True)
class Verdict:
    """Why a training ends.

    Attributes:
        needed_accuracy: int8 accuracy the candidate needs at its costs; above 1 if none suffices.
        expected_accuracy: int8 accuracy that is expected of it, 0 – 1.
        chance: Probability that it becomes as accurate as it needs, 0 – 1.
    """

    needed_accuracy: float
    expected_accuracy: float
    chance: float


def stop_reason(verdict: Verdict, epoch: int, epochs: int) -> str:
    """Say in plain words why a training ended after ``epoch`` of ``epochs``, 0 before it began."""
    when = f"ended after epoch {epoch} of {epochs}" if epoch else "not trained"
    needed = _percent(verdict.needed_accuracy) if verdict.needed_accuracy <= 1 else "over 100 %"
    return (
        f"{when}: at its costs it needs {needed} accuracy to improve the front; "
        f"{_percent(verdict.expected_accuracy)} is expected, the chance is "
        f"{_percent(verdict.chance)}"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


@dataclass(frozen=True)
class Gate:
    """Decides whether a training may go on; remembers nothing, so that it can be replayed.

    Attributes:
        objectives: What the search pursues.
        epochs: Epochs of a whole training.
        examples: Examples of the validation split.
        draws_alike: Whether candidates are drawn at random, whatever earlier ones reached. Then one
            can be taken for another, and be told from the others before it is trained. A sampler
            that learns would be kept from everything better than what it has: of ``n`` alike, the
            next is the best with a chance of ``1 / (n + 1)`` only.
    """

    objectives: Sequence[Objective]
    epochs: int
    examples: int
    draws_alike: bool = False

    def stop(
        self,
        costs: Mapping[str, Any],
        curve: Sequence[float],
        records: Sequence[Record],
        prior: Forecast | None = None,
    ) -> Verdict | None:
        """Return why a training should end now, or ``None`` if it should go on.

        Args:
            costs: Fields of the candidate's record that are known before training.
            curve: Its float validation accuracy after each epoch so far; empty before training.
            records: All records of the search.
            prior: Logarithm of its int8 error as the sampler's model expects it, if there is one.
        """
        trained = [record for record in records if self._is_whole(record)]
        is_judged = bool(curve) or (self.draws_alike and prior is None)
        if len(trained) < TRAINED_FIRST or len(curve) >= self.epochs or not is_judged:
            return None
        complete = [record for record in records if record.status == "complete"]
        needed = needed_accuracy(costs, complete, self.objectives, LEAST_GAIN)
        if needed is None or max(curve, default=0.0) >= needed:
            return None
        expected = self._forecast(curve, trained, prior)
        chance = expected.chance_below(self._log_error(needed))
        if chance >= LEAST_CHANCE * (1 - len(curve) / self.epochs):
            return None
        likely = max(1 - math.exp(expected.mean), *curve, 0.0)  # the best epoch is kept
        return Verdict(needed, likely, chance)

    def _is_whole(self, record: Record) -> bool:
        return record.accuracy is not None and len(record.learning_curve) == self.epochs

    def _forecast(
        self, curve: Sequence[float], trained: Sequence[Record], prior: Forecast | None
    ) -> Forecast:
        """Predict the logarithm of the int8 error at the end from the best epoch so far.

        All that is random in it, the binomial noise of the validation split included, shows in how
        far the others lie from each other and from their line; all are measured on one split.
        """
        finals = np.array([self._log_error(record.accuracy or 0.0) for record in trained])
        one_example = math.exp(-float(finals.mean())) / (self.examples + 1)
        expected = prior or self._alike(finals, one_example)
        expected = replace(expected, scale=max(expected.scale, one_example))
        if not curve:
            return expected
        epoch, seen = len(curve), self._log_error(max(curve))
        then = [self._log_error(max(record.learning_curve[:epoch])) for record in trained]
        return after_seeing(expected, seen, finals, np.array(then), one_example)

    def _alike(self, finals: Array, least_scale: float) -> Forecast:
        alike = from_others(finals, least_scale)
        return alike if self.draws_alike else replace(alike, scale=WIDE * alike.scale)

    def _log_error(self, accuracy: float) -> float:
        """Return the logarithm of an error, counted with half an example more.

        Reference:
            Haldane, The estimation and significance of the logarithm of a ratio of frequencies,
            Annals of Human Genetics 20, 1956, doi:10.1111/j.1469-1809.1955.tb01285.x.
        """
        wrong = (1 - min(max(accuracy, 0.0), 1.0)) * self.examples
        return math.log((wrong + 0.5) / (self.examples + 1))
