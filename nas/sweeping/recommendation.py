"""The study's recommendations, checked on this network's own costs.

Recommendations: DeLozier et al., Symmetry 2024, 16(1), 91. Every verdict follows from costs that
are computed here; nothing is known of the study's own measurements.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from nas.sweeping.step import Step

Verdict = Literal["confirmed", "contradicted", "not testable here"]

_APART = 1.1
"""Costs that are closer are no evidence: two laboratories that measured the same networks agree
within 10 % in 65 of 100 cases (docs/estimator.md has the estimator's own errors)."""
_GROWTH = 1.25
_MOST_COPIES = 50
_BISECTIONS = 6
_LAYERS = 5
_VECTOR = 100


@dataclass(frozen=True)
class Recommendation:
    """One recommendation and what this network says to it.

    Attributes:
        text: The recommendation.
        verdict: ``confirmed``, ``contradicted`` or ``not testable here``.
        evidence: The figures it rests on, or why there are none.
    """

    text: str
    verdict: Verdict
    evidence: str

    def as_dict(self) -> dict[str, str]:
        """Return the JSON fields."""
        return asdict(self)


class Laboratory(Protocol):
    """Costs adjustments of the network under test."""

    def depth(self, copies: int) -> Step:
        """Repeat the default block."""

    def width(self, factor: float, layer: str | None) -> Step:
        """Widen a layer, or all."""

    def vector(self, values: int) -> Step:
        """Read a vector instead of images."""

    def free_layers(self) -> Sequence[str]:
        """List the convolutions and dense layers whose width is free, in order."""


def check_recommendations(
    baseline: Step, steps: Sequence[Step], laboratory: Laboratory
) -> tuple[Recommendation, ...]:
    """Check the study's recommendations on a network.

    Args:
        baseline: The network as it is.
        steps: The steps of the sweep.
        laboratory: Costs further adjustments of it.
    """
    checks: dict[str, Callable[[], tuple[Verdict, str]]] = {
        "prefer the TPU for CNNs": lambda: prefers_tpu(steps),
        "prefer depth to width": lambda: prefers_depth(baseline, laboratory),
        "widen at the input": lambda: widens_at_input(baseline, laboratory),
        "avoid fully-connected input layers": lambda: avoids_dense_input(baseline, laboratory),
        "several CPU cores for the least energy per inference": lambda: (
            "not testable here",
            "the chip model has one core of each host, and nothing is measured",
        ),
    }
    return tuple(Recommendation(text, *check()) for text, check in checks.items())


def prefers_tpu(steps: Sequence[Step]) -> tuple[Verdict, str]:
    """Compare the interval with the Edge TPU to the host CPU, at every step."""
    known = [step for step in steps if step.latency_ms and step.cpu_latency_ms]
    if not known or not any(step.convolutions for step in known):
        return "not testable here", "no step is a convolutional network of known latency"
    faster = [s for s in known if s.cpu_latency_ms > s.latency_high_ms]  # type: ignore[operator]
    slower = [s for s in known if s.cpu_latency_ms < s.latency_low_ms]  # type: ignore[operator]
    ratios = [s.cpu_latency_ms / s.latency_ms for s in known]  # type: ignore[operator]
    evidence = (
        f"TPU faster than the CPU at {len(faster)} of {len(known)} steps, slower at {len(slower)} "
        f"(80 % interval); CPU / TPU {min(ratios):.2g} to {max(ratios):.2g}"
    )
    if slower:
        return "contradicted", evidence
    return ("confirmed" if 2 * len(faster) >= len(known) else "not testable here"), evidence


def prefers_depth(baseline: Step, laboratory: Laboratory) -> tuple[Verdict, str]:
    """Compare copies of a block with wider layers that add as many multiply-accumulates."""
    deeper = laboratory.depth(1)
    copies = 1
    if deeper.reason is None:
        added = _ratio(deeper.macs, baseline.macs) - 1
        copies = min(_MOST_COPIES, max(1, round((_GROWTH - 1) / added))) if added > 0 else 1
        deeper = deeper if copies == 1 else laboratory.depth(copies)
    wider = _as_wide_as(deeper, laboratory) if deeper.reason is None else deeper
    if wider.reason is not None or deeper.latency_ms is None or wider.latency_ms is None:
        return "not testable here", wider.reason or "a latency is not known"
    evidence = (
        f"{copies} copies of a block: {_change(deeper, baseline)}; width x {wider.value:.3g}: "
        f"{_change(wider, baseline)}"
    )
    return _verdict(deeper.latency_ms, wider.latency_ms), evidence


def _as_wide_as(deeper: Step, laboratory: Laboratory) -> Step:
    """Return the multiplier of all widths that comes closest in multiply-accumulates."""
    low, high = 1.0, 2.0
    tried: list[Step] = []
    for _ in range(_BISECTIONS):
        step = laboratory.width((low + high) / 2, None)
        if step.reason is not None:
            return step
        tried.append(step)
        low, high = (step.value, high) if _ratio(step.macs, deeper.macs) < 1 else (low, step.value)
    return min(tried, key=lambda each: abs(_ratio(each.macs, deeper.macs) - 1))


def widens_at_input(baseline: Step, laboratory: Laboratory) -> tuple[Verdict, str]:
    """Compare how far from proportional it is to double the first layer, and others."""
    layers = laboratory.free_layers()
    if len(layers) < 2:
        return "not testable here", "fewer than two layers have a width of their own"
    places = sorted({round(at * (len(layers) - 1) / (_LAYERS - 1)) for at in range(_LAYERS)})
    found: list[tuple[str, float]] = []
    for place in places:
        step = laboratory.width(2.0, layers[place])
        grown = _ratio(step.macs, baseline.macs) - 1
        if step.latency_ms is None or grown <= 0:
            return "not testable here", step.reason or f"`{layers[place]}`: no costs to compare"
        found.append((layers[place], (_ratio(step.latency_ms, baseline.latency_ms) - 1) / grown))
    (first, symmetry), *others = found
    name, best = min(others, key=lambda each: each[1])
    evidence = (
        f"relative latency over relative multiply-accumulates of a doubled layer: {symmetry:.3g} "
        f"at `{first}`, the least of {len(others)} others {best:.3g} at `{name}`"
    )
    return _verdict(symmetry, best), evidence


def avoids_dense_input(baseline: Step, laboratory: Laboratory) -> tuple[Verdict, str]:
    """Compare the network behind a dense layer on a vector with the network on images."""
    step = laboratory.vector(_VECTOR)
    if step.latency_ms is None or baseline.latency_ms is None:
        return "not testable here", step.reason or "a latency is not known"
    evidence = f"a vector of {_VECTOR} values: {_change(step, baseline)}"
    on_cpu = (step.ops_total or 0) - (step.ops_mapped or 0)
    if on_cpu:
        evidence += f"; {on_cpu} of {step.ops_total} operators on the CPU, from {step.first_on_cpu}"
    verdict = _verdict(baseline.latency_ms, step.latency_ms)
    if verdict != "confirmed" and step.in_doubt is not None and baseline.in_doubt is None:
        doubt = f"{evidence} if the compiler maps {step.in_doubt}"
        return "not testable here", f"{doubt}; else the CPU runs what follows"
    return verdict, evidence


def _verdict(recommended: float, other: float) -> Verdict:
    if other > _APART * recommended:
        return "confirmed"
    return "contradicted" if recommended > _APART * other else "not testable here"


def _ratio(one: Any, other: Any) -> float:
    return float(one) / float(other) if one is not None and other else 0.0


def _change(step: Step, baseline: Step) -> str:
    latency = 100 * (_ratio(step.latency_ms, baseline.latency_ms) - 1)
    macs = 100 * (_ratio(step.macs, baseline.macs) - 1)
    return f"latency {latency:+.1f} %, multiply-accumulates {macs:+.1f} %"
