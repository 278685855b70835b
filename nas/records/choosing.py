"""Which network of a front to take: by a rule, within budgets, or instead of another."""

from collections.abc import Sequence

from nas.records.pareto import knee, pareto_front
from nas.records.record import Record
from objectives import OBJECTIVES, Objective

BEST_BY = {"most-accurate": "accuracy", "fastest": "latency_ms", "smallest": "memory_bytes"}
RULES = ("knee", *BEST_BY)


def choose(front: Sequence[Record], objectives: Sequence[Objective], rule: str) -> Record | None:
    """Return the network that a rule picks.

    Args:
        front: Non-dominated records.
        objectives: What the search pursues.
        rule: One of ``RULES``.

    Returns:
        A record of the front; ``None`` where none knows what the rule asks for.
    """
    if not front:
        return None
    if rule == "knee":
        return knee(front, objectives)
    best = pareto_front(front, [OBJECTIVES[BEST_BY[rule]]])
    return best[0] if best else None


def as_accurate_but_least(front: Sequence[Record], than: Record, cost: Objective) -> Record | None:
    """Return the network of least cost whose accuracy lies within another's interval.

    Args:
        front: Non-dominated records.
        than: The network to replace.
        cost: What there should be less of.

    Returns:
        A record of the front that costs less than ``than``; ``None`` if there is none.
    """
    floor, most = than.accuracy_low, cost.loss(vars(than))
    if floor is None or most is None:
        return None
    cheaper = [
        (loss, index)
        for index, record in enumerate(front)
        if record.accuracy is not None
        and record.accuracy >= floor
        and (loss := cost.loss(vars(record))) is not None
        and loss < most
    ]
    return front[min(cheaper)[1]] if cheaper else None
