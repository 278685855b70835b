"""``mobilenet_lite``: the networks between MobileNet v1, v2, v3 and MobileNet-EdgeTPU.

Squeeze-and-excitation and hard swish are left out and every activation is ReLU6: hard swish stays
on the CPU, and a gate costs a pooling and a product over the whole image.

References:
    v1: Howard et al., arXiv 1704.04861. v2: Sandler et al., CVPR 2018, arXiv 1801.04381.
    v3: Howard et al., ICCV 2019, arXiv 1905.02244. MobileNet-EdgeTPU: ``V3_EDGETPU`` in
    TensorFlow's ``models/research/slim/nets/mobilenet/mobilenet_v3.py``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from search_spaces.blocks import choose_input_size, classifier, round_width
from search_spaces.image_space import ImageSpace, Scale, stem_stride
from search_spaces.weightless import layers_first

DROPOUT = 0.2


@dataclass(frozen=True)
class Stage:
    """Blocks of one resolution and width.

    Attributes:
        stride: Stride of the first block.
        widths: Output channels of blocks that expand to choose from.
        plain_widths: Output channels of separable blocks, which do not and are wider.
        least: Fewest blocks.
        most: Most blocks.
    """

    stride: int
    widths: tuple[int, ...]
    plain_widths: tuple[int, ...]
    least: int
    most: int


STAGES = (
    Stage(1, (16, 24, 32), (32, 64), 1, 2),
    Stage(2, (24, 32, 48), (64, 96, 128), 1, 4),
    Stage(2, (32, 40, 48, 64), (128, 192, 256), 1, 4),
    Stage(2, (64, 80, 96, 128), (256, 384, 512), 1, 4),
    Stage(1, (96, 112, 128), (256, 384, 512), 0, 4),
    Stage(2, (128, 160, 192), (512, 768, 1024), 1, 4),
    Stage(1, (192, 256, 320), (512, 768, 1024), 0, 2),
)
"""The seven stages all of these networks have, with their widths among the choices."""


class MobileNetLite(ImageSpace):
    """Search space around the MobileNets."""

    scales = (
        Scale(160, 1.0, 1.0, (0.35, 0.5, 0.75, 1.0, 1.25)),
        Scale(96, 0.5, 1.0, (0.25, 0.35, 0.5, 0.75, 1.0)),
        Scale(0, 0.25, 0.5, (0.125, 0.1875, 0.25, 0.35, 0.5)),
    )

    @layers_first
    def build(self, hp: Any) -> Any:
        """Build the network of one set of hyperparameters, uncompiled.

        Inputs are RGB images, ``(batch, side, side, channels)``, 0 – 255; outputs are class
        probabilities, ``(batch, classes)``.
        """
        side = choose_input_size(hp, self.image_size)
        multiplier = hp.Choice("width_multiplier", list(self.scale.widths))
        inputs = keras.Input((side, side, self.channels))
        # Scaled without an offset, which could not be folded into a padded convolution.
        x = layers.Rescaling(1 / 127.5)(inputs)
        stem = round_width(hp.Choice("stem_width", [16, 24, 32]) * multiplier)
        x = _activated(_conv(x, stem, 3, stride=stem_stride(side)))
        x = self._stages(x, multiplier, hp)
        return keras.Model(inputs, self._head(x, multiplier, hp))

    def presets(self) -> dict[str, dict[str, Any]]:
        """Return the hyperparameters of the hand-made networks by name.

        At image sides of 160 pixels and more they are the published networks, v3 nearly so; for
        smaller images they keep their shape at a smaller width and depth.
        """
        shared = {"input_size": self.image_size, "width_multiplier": self.scale.width}
        return {
            name: shared | network.hyperparameters(self.scale)
            for name, network in PUBLISHED.items()
        }

    def _stages(self, x: Any, multiplier: float, hp: Any) -> Any:
        block = hp.Choice("block", ["separable", "inverted"])
        fused = hp.Int("fused_stages", 0, 4)
        growth = hp.Choice("first_expansion", [1, 2]) if block == "inverted" or fused > 1 else 1
        for number in range(1, len(STAGES) + 1):
            kind = "fused" if number <= fused else block
            growth_here = growth if _expands(number, kind) else 1
            x = self._stage(x, _Part(number, kind, growth_here, multiplier), hp)
        return x

    def _stage(self, x: Any, part: "_Part", hp: Any) -> Any:
        """Blocks of one width, of which the first may reduce the resolution and expands more."""
        number, kind = part.number, part.kind
        stage = STAGES[number - 1]
        depth = hp.Int(f"depth_{number}", stage.least, self.scale.blocks(stage.most))
        if not depth:
            return x
        widths = stage.plain_widths if kind == "separable" else stage.widths
        width = round_width(hp.Choice(_width_name(number, kind), list(widths)) * part.multiplier)
        kernel = hp.Choice(f"kernel_{number}", [3, 5]) if _has_kernel(number, kind) else 1
        expansion = 1
        if _expands(number, kind):
            expansion = hp.Choice(f"expansion_{number}", [2, 3, 4, 6])
        x = _BLOCKS[kind](x, width, kernel, stage.stride, expansion * part.growth)
        for _ in range(depth - 1):
            x = _repeated(kind, x, width, kernel, expansion)
        return x

    def _head(self, x: Any, multiplier: float, hp: Any) -> Any:
        """Widen, before or after pooling or both, and classify."""
        width = hp.Choice("head_width", [0, 320, 640, 960, 1280])
        hidden = hp.Choice("hidden_width", [0, 320, 640, 1280])
        if width:
            x = _activated(_conv(x, round_width(width * multiplier), 1))
        hidden = round_width(hidden * multiplier) if hidden else 0
        return classifier(x, self.classes, DROPOUT, hidden)


@dataclass(frozen=True)
class _Part:
    """Which stage, of which blocks, how much more its first one expands, and how wide it is."""

    number: int
    kind: str
    growth: int
    multiplier: float


@dataclass(frozen=True)
class Network:
    """A published network: its blocks by stage, ``(width, depth, kernel, expansion)``, and ends."""

    block: str
    stem: int
    stages: tuple[tuple[int, int, int, int], ...]
    head: int = 1280
    hidden: int = 0
    fused: int = 0
    first_expansion: int = 1

    def hyperparameters(self, scale: Scale) -> dict[str, Any]:
        """Return the hyperparameters this network has in a space of some scale."""
        values: dict[str, Any] = {
            "stem_width": self.stem,
            "block": self.block,
            "fused_stages": self.fused,
            "head_width": self.head,
            "hidden_width": self.hidden,
        }
        if self.block != "separable":
            values["first_expansion"] = self.first_expansion
        for number, stage in enumerate(self.stages, start=1):
            values |= self._stage(number, stage, scale)
        return values

    def _stage(
        self, number: int, stage: tuple[int, int, int, int], scale: Scale
    ) -> Mapping[str, int]:
        width, depth, kernel, expansion = stage
        kind = "fused" if number <= self.fused else self.block
        values = {f"depth_{number}": scale.blocks(depth)}
        if depth:
            values[_width_name(number, kind)] = width
        if depth and _has_kernel(number, kind):
            values[f"kernel_{number}"] = kernel
        if depth and _expands(number, kind):
            values[f"expansion_{number}"] = expansion
        return values


PUBLISHED = {
    "mobilenet-v1": Network(
        "separable", 32, head=0,
        stages=((64, 1, 3, 1), (128, 2, 3, 1), (256, 2, 3, 1), (512, 3, 3, 1), (512, 3, 3, 1),
                (1024, 1, 3, 1), (1024, 1, 3, 1)),
    ),
    "mobilenet-v2": Network(
        "inverted", 32,
        stages=((16, 1, 3, 1), (24, 2, 3, 6), (32, 3, 3, 6), (64, 4, 3, 6), (96, 3, 3, 6),
                (160, 3, 3, 6), (320, 1, 3, 6)),
    ),
    # Without 5x5 kernels ("minimalistic"); its expansions differ from block to block.
    "mobilenet-v3": Network(
        "inverted", 16, head=960, hidden=1280,
        stages=((16, 1, 3, 1), (24, 2, 3, 3), (40, 3, 3, 3), (80, 4, 3, 3), (112, 2, 3, 6),
                (160, 3, 3, 6), (0, 0, 3, 0)),
    ),
    "mobilenet-edgetpu": Network(
        "inverted", 32, fused=3, first_expansion=2,
        stages=((16, 1, 3, 1), (32, 4, 3, 4), (48, 4, 3, 4), (96, 4, 3, 4), (96, 4, 3, 4),
                (160, 4, 5, 4), (192, 1, 3, 4)),
    ),
}  # fmt: skip


def _width_name(number: int, kind: str) -> str:
    """Separable blocks have a knob of their own: a name always offers the same widths."""
    return f"plain_width_{number}" if kind == "separable" else f"width_{number}"


def _expands(number: int, kind: str) -> bool:
    """Tell whether the blocks of a stage are wider inside; those of the first one never are."""
    return number > 1 and kind != "separable"


def _has_kernel(number: int, kind: str) -> bool:
    """Tell whether blocks have a spatial kernel; fused ones have it in their expansion."""
    return kind != "fused" or _expands(number, kind)


def _conv(x: Any, width: int, kernel: int, stride: int = 1) -> Any:
    x = layers.Conv2D(width, kernel, stride, padding="same", use_bias=False)(x)
    return layers.BatchNormalization()(x)


def _depthwise(x: Any, kernel: int, stride: int) -> Any:
    x = layers.DepthwiseConv2D(kernel, stride, padding="same", use_bias=False)(x)
    return _activated(layers.BatchNormalization()(x))


def _activated(x: Any) -> Any:
    return layers.ReLU(6.0)(x)


def _separable(x: Any, width: int, kernel: int, stride: int, _expansion: int) -> Any:
    """A depthwise and a 1x1 convolution, both activated (v1)."""
    return _activated(_conv(_depthwise(x, kernel, stride), width, 1))


def _inverted(x: Any, width: int, kernel: int, stride: int, expansion: int) -> Any:
    """Expansion, depthwise convolution, and a projection without activation (v2)."""
    if expansion > 1:
        x = _activated(_conv(x, expansion * x.shape[-1], 1))
    return _conv(_depthwise(x, kernel, stride), width, 1)


def _fused(x: Any, width: int, kernel: int, stride: int, expansion: int) -> Any:
    """Expansion by a full convolution, and a projection without activation (EdgeTPU)."""
    if expansion > 1:
        x = _activated(_conv(x, expansion * x.shape[-1], kernel, stride))
    return _conv(x, width, 1)


_BLOCKS = {"separable": _separable, "inverted": _inverted, "fused": _fused}


def _repeated(kind: str, x: Any, width: int, kernel: int, expansion: int) -> Any:
    """A further block of a stage; those that end without activation are added to their input."""
    made = _BLOCKS[kind](x, width, kernel, 1, expansion)
    return made if kind == "separable" else layers.Add()([made, x])
