"""The networks worth a look, and what each of them gives up, in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from nas.records.choosing import RULES, as_accurate_but_least, choose
from nas.records.pareto import pareto_front
from nas.records.record import Record
from nas.view.quantity import interval, number, short_name, shown
from objectives import Objective

_NAMES = {
    "knee": "Knee",
    "most-accurate": "Most accurate",
    "fastest": "Fastest",
    "smallest": "Smallest",
}
_REASONS = {
    "knee": "The knee lies closest to the best of everything. Each objective is scaled to the "
    "ratios within the front; what differs by less than a factor of four counts less.",
    "most-accurate": "It is the most accurate of the front; others may be as good within its "
    "interval.",
    "fastest": "It has the least latency of the front.",
    "smallest": "It needs the least parameter memory of the front.",
}


@dataclass(frozen=True)
class Choice:
    """A network that is offered.

    Attributes:
        name: Words for a button.
        reason: Why it is offered, a sentence.
        record: The network.
    """

    name: str
    reason: str
    record: Record


def choices(front: Sequence[Record], objectives: Sequence[Objective]) -> list[Choice]:
    """Return what is offered first: the rules of ``nas.export``, and thrift at no loss.

    Args:
        front: Non-dominated records.
        objectives: What the search pursues.
    """
    names = {each.name for each in objectives}
    needed = {"most-accurate": "accuracy", "fastest": "latency_ms", "smallest": "memory_bytes"}
    offered = [
        Choice(_NAMES[rule], _REASONS[rule], record)
        for rule in RULES
        if needed.get(rule, objectives[0].name) in names
        and (record := choose(front, objectives, rule)) is not None
    ]
    best = choose(front, objectives, "most-accurate") if "accuracy" in names else None
    return offered if best is None else offered + _thrifty(front, best, objectives)


def _thrifty(
    front: Sequence[Record], best: Record, objectives: Sequence[Objective]
) -> list[Choice]:
    found = []
    for cost in objectives:
        record = None
        if cost.direction == "minimize":
            record = as_accurate_but_least(front, best, cost)
        if record is not None:
            name = short_name(cost.name)
            reason = (
                f"Its accuracy lies within the interval of the most accurate "
                f"({shown('accuracy', best.accuracy)}), and of all those it has the least {name}."
            )
            found.append(Choice(f"As accurate, least {name}", reason, record))
    return found


def trade_offs(
    record: Record, front: Sequence[Record], objectives: Sequence[Objective]
) -> list[str]:
    """Say what a network gives up against the best of the front, a sentence an objective."""
    said = []
    for objective in objectives:
        best = pareto_front(front, [objective])
        if best:
            said.append(_against(record, best[0], objective))
    return said


def _against(record: Record, best: Record, objective: Objective) -> str:
    name = objective.name
    mine, least = number(record, name), number(best, name)
    title = short_name(name).capitalize()
    if mine is None or least is None:
        return f"{title}: unknown."
    if mine == least:
        return f"{title} {shown(name, mine)}: the best of the front."
    if name == "accuracy":
        gap = f"{100 * (least - mine):.1f} points below the best ({shown(name, least)})"
    elif least > 0:
        gap = f"{mine / least:.3g} times the best ({shown(name, least)})"
    else:
        gap = f"the best is {shown(name, least)}"
    return f"{title} {shown(name, mine)}: {gap}{_doubt(record, best, name)}."


def _doubt(record: Record, best: Record, name: str) -> str:
    mine, other = interval(record, name), interval(best, name)
    if mine is None or other is None:
        return ""
    if mine[0] <= other[1] and other[0] <= mine[1]:
        return "; the intervals overlap, so that this may be chance"
    return "; the intervals do not overlap"
