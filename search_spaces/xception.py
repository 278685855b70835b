"""``xception_lite``: the networks between Xception and smaller than Xception-Lite."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from search_spaces.blocks import Style, choose_input_size, classifier, round_width
from search_spaces.image_space import ImageSpace, Scale, stem_stride
from search_spaces.weightless import layers_first

STYLES = {
    # Chollet, Xception, CVPR 2017, arXiv 1610.02357, as published in keras.applications.
    "xception": Style("valid", False, True, False, 0.0),
    # Nuh Mih et al., Canadian AI 2024, arXiv 2403.10569.
    "xception_lite": Style("same", True, False, True, 0.2),
}

MIDDLE_DEPTH = 8
"""Middle blocks of the published networks."""

# Edge-TPU-friendly steps, with the values of the hand-made networks among them.
ENTRY_WIDTHS = ((64, 128, 192), (128, 192, 256, 384), (256, 384, 512, 640, 728))
SQUEEZE_WIDTHS = (128, 192, 256, 384, 512, 728)
EXIT_WIDTHS = ((384, 512, 728), (512, 768, 1024), (768, 1024, 1280, 1536), (1024, 1536, 2048))


class XceptionLite(ImageSpace):
    """Search space around Xception and Xception-Lite."""

    scales = (
        Scale(160, 1.0, 1.0, (0.25, 0.375, 0.5, 0.75, 1.0)),
        Scale(96, 0.5, 0.5, (0.125, 0.1875, 0.25, 0.375, 0.5)),
        Scale(0, 0.125, 0.25, (0.0625, 0.09375, 0.125, 0.1875, 0.25)),
    )

    @layers_first
    def build(self, hp: Any) -> Any:
        """Build the network of one set of hyperparameters, uncompiled.

        Inputs are RGB images, ``(batch, side, side, channels)``, 0 – 255; outputs are class
        probabilities, ``(batch, classes)``.
        """
        side = choose_input_size(hp, self.image_size)
        style = STYLES[hp.Choice("style", list(STYLES))]
        multiplier = hp.Choice("width_multiplier", list(self.scale.widths))
        inputs = keras.Input((side, side, self.channels))
        x = _stem(style.rescale(inputs), style, multiplier, stem_stride(side))
        x = _entry(x, style, multiplier, hp)
        x = _middle(x, style, multiplier, self.scale.blocks(MIDDLE_DEPTH), hp)
        x = _exit(x, style, multiplier, hp)
        return keras.Model(inputs, classifier(x, self.classes, style.dropout))

    def presets(self) -> dict[str, dict[str, Any]]:
        """Return the hyperparameters of the hand-made networks by name.

        At image sides of 160 pixels and more they are the published networks; for smaller images
        they keep their shape at a smaller width and depth.
        """
        shared = {
            "input_size": self.image_size,
            "width_multiplier": self.scale.width,
            "middle_depth": self.scale.blocks(MIDDLE_DEPTH),
            **_widths("exit_width", (728, 1024, 1536, 2048)),
        }
        lite = shared | XCEPTION_LITE
        return {
            "xception": shared | XCEPTION,
            "xception-lite": lite,
            "xception-lite-1x1": lite | {"exit_projection_kernel": 1},
        }


def _widths(name: str, widths: Sequence[int]) -> dict[str, int]:
    return {f"{name}_{number}": width for number, width in enumerate(widths, start=1)}


def _kernels(part: str, kernels: Sequence[int]) -> dict[str, int]:
    return {f"{part}_kernel_{number}": kernel for number, kernel in enumerate(kernels, start=1)}


XCEPTION: dict[str, Any] = {
    "style": "xception",
    **_widths("entry_width", (128, 256, 728)),
    **_kernels("entry", (3, 3, 3, 3, 3, 3)),
    "squeeze_width": 728,
    **_kernels("middle", (3, 3, 3)),
    **_kernels("exit", (3, 3, 3, 3)),
    "exit_projection_kernel": 1,
}

XCEPTION_LITE: dict[str, Any] = {
    "style": "xception_lite",
    **_widths("entry_width", (128, 256, 512)),
    **_kernels("entry", (1, 3, 1, 3, 1, 3)),
    "squeeze_width": 256,
    **_kernels("middle", (1, 1, 3)),
    **_kernels("exit", (1, 3, 3, 3)),
    "exit_projection_kernel": 3,
}


def _kernel(hp: Any, part: str, number: int) -> int:
    return int(hp.Choice(f"{part}_kernel_{number}", [1, 3]))


def _stem(x: Any, style: Style, multiplier: float, stride: int) -> Any:
    for width, step in ((32, stride), (64, 1)):
        x = style.conv(x, round_width(width * multiplier), 3, step, style.stem_padding)
        x = layers.ReLU()(x)
    return x


def _entry(x: Any, style: Style, multiplier: float, hp: Any) -> Any:
    """Three blocks that halve the resolution; the first starts from activated features."""
    for block, choices in enumerate(ENTRY_WIDTHS):
        width = round_width(hp.Choice(f"entry_width_{block + 1}", list(choices)) * multiplier)
        shortcut = style.projection(x, width, kernel=1)
        x = x if block == 0 else layers.ReLU()(x)
        x = style.slot(x, width, _kernel(hp, "entry", 2 * block + 1))
        x = layers.ReLU()(x)
        x = style.slot(x, width, _kernel(hp, "entry", 2 * block + 2))
        x = layers.MaxPooling2D(3, 2, padding="same")(x)
        x = layers.Add()([x, shortcut])
    return x


def _middle(x: Any, style: Style, multiplier: float, deepest: int, hp: Any) -> Any:
    """Repeated residual blocks of three slots, the first of which may squeeze the width."""
    depth = hp.Int("middle_depth", 0, deepest)
    if depth == 0:
        return x
    width = x.shape[-1]
    squeeze = round_width(hp.Choice("squeeze_width", list(SQUEEZE_WIDTHS)) * multiplier)
    slots = [(w, _kernel(hp, "middle", n)) for n, w in enumerate((squeeze, width, width), start=1)]
    for _ in range(depth):
        shortcut = x
        for slot_width, kernel in slots:
            x = style.slot(layers.ReLU()(x), slot_width, kernel)
        x = layers.Add()([x, shortcut])
    return x


def _exit(x: Any, style: Style, multiplier: float, hp: Any) -> Any:
    """One block that halves the resolution, then two wide slots."""
    widths = [
        round_width(hp.Choice(f"exit_width_{number}", list(choices)) * multiplier)
        for number, choices in enumerate(EXIT_WIDTHS, start=1)
    ]
    projection_kernel = hp.Choice("exit_projection_kernel", [1, 3])
    shortcut = style.projection(x, widths[1], projection_kernel)
    for number in (0, 1):
        x = style.slot(layers.ReLU()(x), widths[number], _kernel(hp, "exit", number + 1))
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    x = layers.Add()([x, shortcut])
    for number in (2, 3):
        x = layers.ReLU()(style.slot(x, widths[number], _kernel(hp, "exit", number + 1)))
    return x
