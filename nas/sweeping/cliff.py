"""Cliffs: steps at which latency grows out of proportion, and why."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any

from nas.edgetpu.attribution import Cause
from nas.sweeping.adjustments import SizeName
from nas.sweeping.step import Step

_EXCESS = 1.05
_STEEPER = 1.5
_MECHANISMS: dict[Cause, str] = {
    "streamed parameters": "parameters spill",
    "operators on the CPU": "operators fall to the CPU",
    "unfilled cells": "64-channel step",
    "cut activations": "activations overflow",
    "input": "a larger input is sent",
    "program": "a larger program is sent",
    "output": "a larger output is fetched",
    "computing": "work that MACs do not count",
}
_UNEXPLAINED = "measured, not explained by the chip model"
_LASTING: frozenset[Cause] = frozenset(
    {"streamed parameters", "operators on the CPU", "cut activations"}
)


@dataclass(frozen=True)
class Cliff:
    """Where latency grows out of proportion.

    Attributes:
        last_good: Last value before it.
        first_bad: First value behind it.
        until: Last value that is reached by a step as steep for the same cause.
        latency_before_ms: Latency at ``last_good``.
        latency_after_ms: Latency at ``first_bad``.
        growth: The second over the first.
        size_growth: How much larger the network became.
        cause: What the time beyond proportion is spent on, most of it, by the chip model.
        mechanism: That in the words of the study.
        share: Part of the time beyond proportion that it explains, 0 – 1.
        detail: What changed there.
    """

    last_good: float
    first_bad: float
    until: float
    latency_before_ms: float
    latency_after_ms: float
    growth: float
    size_growth: float
    cause: Cause
    mechanism: str
    share: float
    detail: str

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON fields."""
        return asdict(self)


def find_cliffs(steps: Sequence[Step], size: SizeName) -> list[Cliff]:
    """Find the steps at which latency grows out of proportion.

    It does where it grows by more than 5 % beyond the size, and more than half again as fast.
    A size that shrinks or stays is no reason to be slower. Steps without costs are passed over.

    Args:
        steps: Steps in order of their value.
        size: The size that latency is held against.
    """
    known = [step for step in steps if step.latency_ms and step.causes_ms is not None]
    cliffs: list[Cliff] = []
    for before, after in pairwise(known):
        cliff = _cliff(before, after, size)
        if cliff is None:
            continue
        place = _continued(cliffs, cliff, before)
        if place is None:
            cliffs.append(cliff)
        else:
            cliffs[place] = replace(cliffs[place], until=after.value)
    return cliffs


def _continued(cliffs: Sequence[Cliff], cliff: Cliff, before: Step) -> int | None:
    """Return which cliff goes on: one of the same cause, just before or never left since.

    Parameters that spilled already, operators on the CPU already, are no new cliff.
    """
    same = [place for place, each in enumerate(cliffs) if each.cause == cliff.cause]
    if not same:
        return None
    is_lasting = cliff.cause in _LASTING and (before.causes_ms or {}).get(cliff.cause, 0.0) > 0
    return same[-1] if is_lasting or cliffs[same[-1]].until == before.value else None


def _cliff(before: Step, after: Step, size: SizeName) -> Cliff | None:
    old, new = before.latency_ms, after.latency_ms
    old_size, new_size = getattr(before, size), getattr(after, size)
    if not old or not new or not old_size or before.causes_ms is None or after.causes_ms is None:
        return None
    growth, size_growth = new / old, max(1.0, new_size / old_size)
    if growth <= _EXCESS * size_growth or growth - 1 <= _STEEPER * (size_growth - 1):
        return None
    excess = {
        cause: after.causes_ms[cause] - size_growth * before.causes_ms[cause]
        for cause in after.causes_ms
    }
    cause = max(excess, key=lambda each: excess[each])
    share = min(1.0, max(0.0, excess[cause]) / (new - size_growth * old))
    return Cliff(
        last_good=before.value,
        first_bad=after.value,
        until=after.value,
        latency_before_ms=old,
        latency_after_ms=new,
        growth=growth,
        size_growth=size_growth,
        cause=cause,
        mechanism=_mechanism(cause, before, after) if share else _UNEXPLAINED,
        share=share,
        detail=_detail(cause, before, after),
    )


def _mechanism(cause: Cause, before: Step, after: Step) -> str:
    adds_macs = (after.macs or 0) > 1.001 * (before.macs or 0)
    if cause == "unfilled cells" and before.ops_total != after.ops_total and not adds_macs:
        return "operators are added that do not fill 64 channels"
    return _MECHANISMS[cause]


def _detail(cause: Cause, before: Step, after: Step) -> str:
    if cause == "streamed parameters":
        return (
            f"{_mib(before.off_chip_bytes)} -> {_mib(after.off_chip_bytes)} MiB are sent on every "
            f"inference"
        )
    if cause == "operators on the CPU":
        count = (after.ops_total or 0) - (after.ops_mapped or 0)
        return f"{count} of {after.ops_total} operators, from {after.first_on_cpu}"
    if cause == "cut activations":
        return f"peak activations {_mib(before.peak_activation_bytes)} -> " + (
            f"{_mib(after.peak_activation_bytes)} MiB"
        )
    old, new = (step.causes_ms or {} for step in (before, after))
    return f"{cause}: {old.get(cause, 0.0):.2f} -> {new.get(cause, 0.0):.2f} ms"


def _mib(size: int | None) -> str:
    return "unknown" if size is None else f"{size / (1 << 20):.2f}"
