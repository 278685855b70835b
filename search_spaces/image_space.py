"""What the spaces of hand-made image networks share: networks that shrink with their images."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import ClassVar

import keras_tuner

from search_spaces.blocks import check_square

_SMALL_STEM_BELOW = 48
"""Below this input side in pixels the stem keeps the resolution, or nothing would be left of it."""


@dataclass(frozen=True)
class Scale:
    """How far networks shrink for images from this side on.

    Attributes:
        from_side: Smallest image side in pixels.
        width: Width multiplier of the hand-made networks.
        depth: Share of the published number of blocks in the hand-made networks, and of the most
            that the search tries.
        widths: Width multipliers the search chooses from.
    """

    from_side: int
    width: float
    depth: float
    widths: tuple[float, ...]

    def blocks(self, count: int) -> int:
        """Return how many of ``count`` blocks are kept."""
        return ceil(count * self.depth)


class ImageSpace(keras_tuner.HyperModel):
    """Networks for square images.

    Args:
        input_shape: Shape of the stored images: ``(height, width, channels)``, square.
        classes: Number of classes; 1 builds a single sigmoid output.

    Raises:
        ValueError: The images are not square or smaller than 16 pixels.
    """

    scales: ClassVar[Sequence[Scale]]
    """From the largest images to the smallest, the last from 0 pixels."""

    def __init__(self, input_shape: tuple[int, ...], classes: int) -> None:
        super().__init__(name=type(self).__name__)
        self.image_size, self.channels = check_square(input_shape)
        self.classes = classes
        self.scale = next(scale for scale in self.scales if self.image_size >= scale.from_side)


def stem_stride(side: int) -> int:
    """Return the stride of the first convolution for an input side in pixels."""
    return 1 if side < _SMALL_STEM_BELOW else 2
