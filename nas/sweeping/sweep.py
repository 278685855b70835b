"""A sweep: one adjustment over its range."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from statistics import median
from typing import Any

from nas.errors import CandidateError, UserError
from nas.sweeping.adjustments import Adjustment
from nas.sweeping.cliff import Cliff, find_cliffs
from nas.sweeping.recommendation import Recommendation
from nas.sweeping.step import Measure, Step
from search_spaces.weightless import without_weights


@dataclass(frozen=True)
class Sweep:
    """What a sweep found.

    Attributes:
        model: Name of the network.
        setup: Link, clock and host, by name.
        adjustment: What was adjusted.
        steps: Steps in order of their value.
        recommendations: The study's, checked on this network.
        is_interrupted: Whether it ended early.
    """

    model: str
    setup: dict[str, Any]
    adjustment: Adjustment
    steps: tuple[Step, ...]
    recommendations: tuple[Recommendation, ...] = ()
    is_interrupted: bool = False

    @cached_property
    def cliffs(self) -> list[Cliff]:
        """Where latency jumps."""
        return find_cliffs(self.steps, self.adjustment.size)

    @property
    def source(self) -> str:
        """Where latency with the Edge TPU is from; all other costs are estimates."""
        return self.steps[0].latency_source if self.steps else "estimate"

    @property
    def baseline(self) -> Step | None:
        """The network as it is, if the sweep came to it."""
        return next((s for s in self.steps if s.value == self.adjustment.neutral), None)

    def symmetry(self, step: Step, cost: str) -> float | None:
        """Relative change of a cost over relative change of the size; 1 is in proportion.

        DeLozier et al., Symmetry 2024, 16(1), 91, ask for it. ``None`` where the size is that of
        the network as it is, or a value is not known.

        Args:
            step: A step.
            cost: Field of the cost, such as ``latency_ms``.
        """
        before = self.baseline
        if before is None:
            return None
        sizes = getattr(before, self.adjustment.size), getattr(step, self.adjustment.size)
        costs = getattr(before, cost), getattr(step, cost)
        if None in (*sizes, *costs) or sizes[0] == sizes[1] or not costs[0]:
            return None
        return float((costs[1] / costs[0] - 1) / (sizes[1] / sizes[0] - 1))

    def median_symmetry(self, cost: str) -> float | None:
        """Median of the symmetry of the steps that have one."""
        known = [value for step in self.steps if (value := self.symmetry(step, cost)) is not None]
        return median(known) if known else None

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON fields."""
        return {
            "model": self.model,
            **self.setup,
            "source": self.source,
            "adjustment": self.adjustment.name,
            "layer": self.adjustment.layer,
            "size": self.adjustment.size,
            "neutral": self.adjustment.neutral,
            "interrupted": self.is_interrupted,
            "symmetry": self.median_symmetry("latency_ms"),
            "cpu_symmetry": self.median_symmetry("cpu_latency_ms"),
            "steps": [
                step.as_dict()
                | {
                    "symmetry": self.symmetry(step, "latency_ms"),
                    "cpu_symmetry": self.symmetry(step, "cpu_latency_ms"),
                }
                for step in self.steps
            ],
            "cliffs": [cliff.as_dict() for cliff in self.cliffs],
            "recommendations": [each.as_dict() for each in self.recommendations],
        }


def cost_steps(model: Any, adjustment: Adjustment, measure: Measure) -> Iterator[Step]:
    """Adjust a network value by value, without weights, and cost it.

    A value that the network cannot be adjusted to is a step with a reason.

    Args:
        model: The Keras model.
        adjustment: What to adjust.
        measure: Costs a model.

    Yields:
        The steps, in order.

    Raises:
        UserError: No value is possible; the message is that of the first.
        CandidateError: Not even the network as it is can be costed.
    """
    measure(adjustment.neutral, model)
    failed: list[str] = []
    for value in adjustment.values:
        step = cost_step(partial(adjustment.apply, model, value, False), value, measure)
        failed += [step.reason] if step.reason is not None and value != adjustment.neutral else []
        if len(failed) > 0 and len(failed) == len(adjustment.values) - 1:
            raise UserError(failed[0])
        yield step


def cost_step(build: Callable[[], Any], value: float, measure: Measure) -> Step:
    """Cost one adjusted network; one that cannot be built is a step with a reason."""
    try:
        with without_weights():
            model = build()
        return measure(value, model)
    except (UserError, CandidateError) as error:
        return Step(value, reason=str(error))
