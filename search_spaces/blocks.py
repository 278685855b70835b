"""Layers that several search spaces build from, all of which map to the Edge TPU."""

from dataclasses import dataclass
from typing import Any

from keras import layers

WIDTH_STEP = 8
"""Widths are multiples of this; the chip pads input channels to 4, output ones to 16 or 64."""


SIDE_STEP = 16
"""Input sides are searched in steps of this many pixels, which is also the smallest."""


def round_width(width: float) -> int:
    """Round a number of channels to a multiple of 8, at least 8, never down by more than 10 %.

    Reference:
        The rule of MobileNetV2's published code: Sandler et al., MobileNetV2, CVPR 2018,
        arXiv 1801.04381.
    """
    rounded = max(WIDTH_STEP, int(width + WIDTH_STEP / 2) // WIDTH_STEP * WIDTH_STEP)
    return rounded + WIDTH_STEP if rounded < 0.9 * width else rounded


@dataclass(frozen=True)
class Style:
    """The details in which published Xception-like networks differ.

    Attributes:
        stem_padding: Padding of the two stem convolutions.
        use_bias: Whether convolutions followed by batch normalization have a bias as well.
        normalize_projection: Whether shortcut projections are batch-normalized.
        separable_1x1: Whether a 1x1 slot is a separable convolution, with its 1x1 depthwise half,
            or a plain convolution, which computes the same functions with fewer operators.
        dropout: Share of features dropped before the classifier.
    """

    stem_padding: str
    use_bias: bool
    normalize_projection: bool
    separable_1x1: bool
    dropout: float

    def rescale(self, x: Any) -> Any:
        """Bring pixels of 0 – 255 to [-1, 1], or to [0, 2] where the next convolution pads.

        An offset before padding cannot be folded into the convolution: it would stay on the chip
        as a multiplication and an addition over the whole image.
        """
        offset = -1.0 if self.stem_padding == "valid" else 0.0
        return layers.Rescaling(1 / 127.5, offset=offset)(x)

    def conv(self, x: Any, width: int, kernel: int, stride: int = 1, padding: str = "same") -> Any:
        """Convolve and normalize."""
        x = layers.Conv2D(width, kernel, stride, padding=padding, use_bias=self.use_bias)(x)
        return layers.BatchNormalization()(x)

    def slot(self, x: Any, width: int, kernel: int) -> Any:
        """Convolve with a searched kernel, 3x3 separable or 1x1, and normalize."""
        if kernel == 1 and not self.separable_1x1:
            return self.conv(x, width, kernel)
        x = layers.SeparableConv2D(width, kernel, padding="same", use_bias=self.use_bias)(x)
        return layers.BatchNormalization()(x)

    def projection(self, x: Any, width: int, kernel: int) -> Any:
        """Bring a shortcut to half the resolution and another width."""
        if self.normalize_projection:
            return self.conv(x, width, kernel, stride=2)
        return layers.Conv2D(width, kernel, 2, padding="same", use_bias=self.use_bias)(x)


def check_square(input_shape: tuple[int, ...]) -> tuple[int, int]:
    """Return the side and the number of channels of square images.

    Raises:
        ValueError: They are not square or smaller than 16 pixels.
    """
    side, width, channels = input_shape
    if side != width or side < SIDE_STEP:
        raise ValueError(f"images must be square and at least 16 pixels, got {side}x{width}")
    return side, channels


def choose_input_size(hp: Any, image_size: int) -> int:
    """Choose an input side between half the stored image's and its own, in steps of 16."""
    smallest = max(SIDE_STEP, image_size // 2)
    return int(hp.Choice("input_size", sorted(range(image_size, smallest - 1, -SIDE_STEP))))


def classifier(
    x: Any, classes: int, dropout: float, hidden: int = 0, pooling: str = "average"
) -> Any:
    """Pool over space and classify: softmax, or one sigmoid output for ``classes=1``.

    Args:
        x: Features, ``(batch, height, width, channels)``.
        classes: Number of classes.
        dropout: Share of features dropped before the last layer.
        hidden: Units of a dense layer before the last one; 0 is none.
        pooling: ``average`` or ``max``.
    """
    pool = layers.GlobalAveragePooling2D if pooling == "average" else layers.GlobalMaxPooling2D
    x = pool()(x)
    if hidden:
        x = layers.Dense(hidden, activation="relu")(x)
    if dropout:
        x = layers.Dropout(dropout)(x)
    return layers.Dense(classes, activation="softmax" if classes > 1 else "sigmoid")(x)
