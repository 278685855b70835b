"""The study's recommendations, checked on this network's own costs.

Recommendations: DeLozier et al., Symmetry 2024, 16(1), 91. Every verdict follows from costs that
are computed here; nothing is known of the study's own measurements.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any, Literal, Protocol

from nas.sweeping.step import Step

Verdict = Literal["confirmed", "contradicted", "not testable here"]

_APART = 1.1
"""Costs that are closer are no evidence: two laboratories that measured the same networks agree
within 10 % in 65 of 100 cases (docs/estimator.md has the estimator's own errors)."""
_GROWTHS = (1.25, 1.5)
"""How many times the multiply-accumulates of the network deeper and wider ones have."""
_MOST_COPIES = 50
_BLOCKS = 3
_WIDENINGS = (2, 10)
"""From twice the channels to what the study's last round has."""
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

    def blocks(self) -> Sequence[str]:
        """List the blocks that can be repeated, in order, by name: residual ones if there are."""

    def depth(self, copies: int, block: str) -> Step:
        """Repeat a block."""

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
    """Compare copies of a block, of the cheapest of some, with wider layers of as many MACs."""
    blocks = _spread(laboratory.blocks(), _BLOCKS)
    found = [_depth_or_width(growth, blocks, baseline, laboratory) for growth in _GROWTHS]
    evidence = ". ".join(dict.fromkeys(evidence for _, evidence in found))
    return _together([verdict for verdict, _ in found]), evidence


def _depth_or_width(
    growth: float, blocks: Sequence[str], baseline: Step, laboratory: Laboratory
) -> tuple[Verdict, str]:
    deeper = [_as_deep_as(growth, block, baseline, laboratory) for block in blocks]
    known = [step for step in deeper if step.latency_ms is not None]
    if not known:
        reason = next((step.reason for step in deeper if step.reason), "nothing can be repeated")
        return "not testable here", reason
    best = min(known, key=lambda step: step.latency_ms or 0.0)
    wider = _as_wide_as(best, baseline, laboratory)
    if best.latency_ms is None or wider.latency_ms is None:
        return "not testable here", wider.reason or "a latency is not known"
    evidence = (
        f"{best.value:.0f} copies of the cheapest of {len(known)} blocks: "
        f"{_change(best, baseline)}; width x {wider.value:.3g}: {_change(wider, baseline)}"
    )
    verdict = _verdict(best.latency_ms, wider.latency_ms)
    return verdict, evidence if verdict != "not testable here" else f"{evidence}, too close"


def _as_deep_as(growth: float, block: str, baseline: Step, laboratory: Laboratory) -> Step:
    """Repeat a block until the network is about so many times as large."""
    one = laboratory.depth(1, block)
    added = _ratio(one.macs, baseline.macs) - 1
    if one.reason is not None or added <= 0:
        return one
    copies = max(1, round((growth - 1) / added))
    if copies > _MOST_COPIES:
        return Step(copies, reason=f"`{block}` is too small a part of the network")
    return one if copies == 1 else laboratory.depth(copies, block)


def _as_wide_as(deeper: Step, baseline: Step, laboratory: Laboratory) -> Step:
    """Widen all layers to about as many multiply-accumulates, which grow like the square."""
    wanted = _ratio(deeper.macs, baseline.macs)
    first = laboratory.width(sqrt(wanted), None)
    if first.reason is not None:
        return first
    again = laboratory.width(first.value * sqrt(_ratio(deeper.macs, first.macs)), None)
    tried = [step for step in (first, again) if step.reason is None]
    return min(tried, key=lambda each: abs(_ratio(each.macs, deeper.macs) - 1))


def widens_at_input(baseline: Step, laboratory: Laboratory) -> tuple[Verdict, str]:
    """Compare how far from proportional it is to widen the first layer, and others."""
    layers = _spread(laboratory.free_layers(), _LAYERS)
    if len(layers) < 2:
        return "not testable here", "fewer than two layers have a width of their own"
    found = [_first_or_other(factor, layers, baseline, laboratory) for factor in _WIDENINGS]
    evidence = ". ".join(dict.fromkeys(evidence for _, evidence in found))
    return _together([verdict for verdict, _ in found]), (
        "relative latency over relative multiply-accumulates of a widened layer, the first and the "
        f"least of {len(layers) - 1} others. {evidence}"
    )


def _first_or_other(
    factor: float, layers: Sequence[str], baseline: Step, laboratory: Laboratory
) -> tuple[Verdict, str]:
    latency: dict[str, float] = {}
    symmetry: dict[str, float] = {}
    for layer in layers:
        step = laboratory.width(factor, layer)
        grown = _ratio(step.macs, baseline.macs) - 1
        if step.latency_ms is None or grown <= 0:
            return "not testable here", step.reason or f"`{layer}`: no costs to compare"
        latency[layer] = _ratio(step.latency_ms, baseline.latency_ms)
        symmetry[layer] = (latency[layer] - 1) / grown
    first, *others = layers
    best = min(others, key=lambda layer: symmetry[layer])
    evidence = f"x {factor}: {symmetry[first]:.3g} at `{first}`, {symmetry[best]:.3g} at `{best}`"
    if max(latency[first], latency[best]) <= _APART:
        return "not testable here", f"{evidence}, too little to matter"
    verdict = _verdict(symmetry[first], symmetry[best])
    return verdict, evidence if verdict != "not testable here" else f"{evidence}, too close"


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
        on_cpu_alone = _ratio(step.cpu_latency_ms, baseline.latency_ms)
        return "not testable here", (
            f"{doubt}; else the CPU runs what follows: latency x {on_cpu_alone:.3g}"
        )
    return verdict, evidence


def _verdict(recommended: float, other: float) -> Verdict:
    if other > _APART * recommended:
        return "confirmed"
    return "contradicted" if recommended > _APART * other else "not testable here"


def _together(verdicts: Sequence[Verdict]) -> Verdict:
    """Return what several comparisons say: one against a recommendation contradicts it."""
    for decided in ("contradicted", "confirmed"):
        if decided in verdicts:
            return decided
    return "not testable here"


def _spread(names: Sequence[str], most: int) -> list[str]:
    """Return so many names at most, evenly spaced, the first and the last among them."""
    places = sorted({round(at * (len(names) - 1) / (most - 1)) for at in range(most)})
    return [names[place] for place in places] if names else []


def _ratio(one: Any, other: Any) -> float:
    return float(one) / float(other) if one is not None and other else 0.0


def _change(step: Step, baseline: Step) -> str:
    latency = 100 * (_ratio(step.latency_ms, baseline.latency_ms) - 1)
    macs = 100 * (_ratio(step.macs, baseline.macs) - 1)
    return f"latency {latency:+.1f} %, multiply-accumulates {macs:+.1f} %"
