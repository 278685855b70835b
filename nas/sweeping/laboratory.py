"""Further adjustments of a network, for the recommendations that a sweep alone cannot check."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nas.adjustment.depth import repeat_block, repeatable_blocks
from nas.adjustment.inputs import vector_input
from nas.adjustment.width import widen, widenable_layers
from nas.errors import UserError
from nas.sweeping.step import Measure, Step
from nas.sweeping.sweep import cost_step


@dataclass(frozen=True)
class ModelLaboratory:
    """Adjusts a Keras model without weights.

    Attributes:
        model: The model.
        measure: Costs a model.
    """

    model: Any
    measure: Measure

    def blocks(self) -> Sequence[str]:
        """List the blocks that can be repeated, in order, by name: residual ones if there are."""
        try:
            blocks = repeatable_blocks(self.model)
        except UserError:
            return ()
        return [block.name for block in blocks if block.is_joined] or [b.name for b in blocks]

    def depth(self, copies: int, block: str) -> Step:
        """Repeat a block."""
        return self._cost(
            lambda: repeat_block(self.model, copies, block, copy_weights=False), copies
        )

    def width(self, factor: float, layer: str | None) -> Step:
        """Widen a layer, or all."""
        return self._cost(lambda: widen(self.model, factor, layer, copy_weights=False), factor)

    def vector(self, values: int) -> Step:
        """Read a vector instead of images."""
        return self._cost(lambda: vector_input(self.model, values, copy_weights=False), values)

    def free_layers(self) -> Sequence[str]:
        """List the layers whose width is free; none if the network cannot be widened."""
        try:
            return widenable_layers(self.model)
        except UserError:
            return ()

    def _cost(self, build: Callable[[], Any], value: float) -> Step:
        return cost_step(build, value, self.measure)
