"""Layers that several search spaces build from, all of which map to the Edge TPU."""

from dataclasses import dataclass
from typing import Any

from keras import layers

WIDTH_STEP = 8
"""Widths are multiples of this; the chip pads input channels to 4, output ones to 16 or 64."""


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


def classifier(x: Any, classes: int, dropout: float) -> Any:
    """Pool over space and classify: softmax, or one sigmoid output for ``classes=1``."""
    x = layers.GlobalAveragePooling2D()(x)
    if dropout:
        x = layers.Dropout(dropout)(x)
    return layers.Dense(classes, activation="softmax" if classes > 1 else "sigmoid")(x)
