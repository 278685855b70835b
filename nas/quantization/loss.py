"""What rounding to int8 costs in accuracy, and whether chance explains it."""

from dataclasses import dataclass
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.data.dataset import Split
from nas.evaluation.interpreter import predict
from nas.evaluation.training import EVALUATION_BATCH, batches

_UNLIKELY = 0.05


@dataclass(frozen=True)
class Change:
    """Two networks on the same examples.

    Attributes:
        examples: How many.
        before: Accuracy of the first, 0 – 1.
        after: Accuracy of the second, 0 – 1.
        lost: Examples that only the first gets right.
        gained: Examples that only the second gets right.
    """

    examples: int
    before: float
    after: float
    lost: int
    gained: int

    @property
    def chance(self) -> float:
        """Probability of so uneven a change if losing were as likely as gaining.

        The exact one-sided sign test on the examples that changed. Both networks see the same
        examples, so it finds smaller losses than a comparison of two intervals would.

        Reference:
            McNemar, Psychometrika 12(2), 1947, doi:10.1007/BF02295996.
        """
        changed = self.lost + self.gained
        least = max(self.lost, self.gained)
        return float(sum(comb(changed, k) for k in range(least, changed + 1)) / 2**changed)

    @property
    def is_loss(self) -> bool:
        """Whether the second is worse by more than chance explains (5 %)."""
        return self.lost > self.gained and self.chance < _UNLIKELY

    @property
    def is_gain(self) -> bool:
        """Whether the second is better by more than chance explains (5 %)."""
        return self.gained > self.lost and self.chance < _UNLIKELY


def compare_answers(before: NDArray[np.bool_], after: NDArray[np.bool_]) -> Change:
    """Compare which examples two networks get right.

    Args:
        before: Whether the first is right, ``(n,)``.
        after: Whether the second is.
    """
    return Change(
        len(before),
        float(before.mean()),
        float(after.mean()),
        int(np.sum(before & ~after)),
        int(np.sum(~before & after)),
    )


def float_answers(model: Any, split: Split) -> NDArray[np.bool_]:
    """Tell which examples a Keras model gets right, ``(n,)``."""
    scores = model.predict(batches(split, EVALUATION_BATCH), verbose=0)
    right: NDArray[np.bool_] = scores.argmax(axis=1) == split.labels
    return right


def int8_answers(content: bytes, split: Split) -> NDArray[np.bool_]:
    """Tell which examples an int8 file gets right, ``(n,)``."""
    right: NDArray[np.bool_] = predict(content, split.inputs).argmax(axis=1) == split.labels
    return right
