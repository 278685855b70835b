"""Which candidates a measurement would decide about, going by the intervals of their latencies."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nas.records.pareto import Losses, losses
from nas.records.record import Record
from objectives import Objective


def may_be_on_front(records: Sequence[Record], objectives: Sequence[Objective]) -> list[Record]:
    """Return the complete candidates that may be on the front, the undecided ones first.

    A candidate cannot be on it when another, at the slow end of its latency's interval, still
    dominates it at the fast end of its own. It is on it for certain when, the ends exchanged, none
    does. What is neither is undecided.

    Args:
        records: Candidates of any status, each with its interval: 80 % of an estimate, the
            quartiles of a measurement.
        objectives: What the search pursues.

    Returns:
        The undecided ones, then the certain ones, each in the order given.
    """
    complete = [record for record in records if record.status == "complete"]
    fast, slow = (losses(_at_end(complete, end), objectives) for end in ("low", "high"))
    known = np.isfinite(fast).all(axis=1)
    complete = [record for record, is_known in zip(complete, known, strict=True) if is_known]
    fast, slow = fast[known], slow[known]
    is_possible = ~_dominates(slow, fast).any(axis=0)
    is_certain = ~_dominates(fast, slow).any(axis=0)
    groups = (is_possible & ~is_certain, is_certain)
    return [complete[index] for group in groups for index in np.flatnonzero(group)]


def _at_end(records: Sequence[Record], end: str) -> list[Record]:
    """Return records with the latency at one end of its interval, where that is known."""
    pairs = ((record, getattr(record, f"latency_{end}_ms")) for record in records)
    return [r if at is None else replace(r, latency_ms=at) for r, at in pairs]


def _dominates(points: Losses, others: Losses) -> NDArray[np.bool_]:
    """Tell which point dominates which other, ``(points, others)``; none is its own rival."""
    no_worse = (points[:, None, :] <= others[None, :, :]).all(axis=2)
    better = (points[:, None, :] < others[None, :, :]).any(axis=2)
    return np.asarray(no_worse & better & ~np.eye(len(points), dtype=bool))
