"""The networks of the decision chart: dense and convolutional ones of any number of parameters.

They are written down as int8 operators, not built: only their costs are wanted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, sqrt
from typing import Literal

from nas.network.macs import count_macs
from nas.network.network import Network, Operator, Tensor

Kind = Literal["dense", "convolutional"]

CLASSES = 10
DENSE_LAYERS = 3
"""Hidden layers of a dense network, all of one width."""

WIDENING = (1, 2, 4, 8)
"""Channels of the stages of a convolutional network, in multiples of the first; each 3×3 layer
halves the sides."""


@dataclass(frozen=True)
class Family:
    """Networks of one kind.

    Attributes:
        kind: What their layers are.
        size_title: What ``sizes`` count.
        sizes: Inputs of a dense network, or the side of a convolutional one's picture in pixels.
        description: The networks in words.
        network: Makes one from its size and about how many parameters it is to have; ``None``
            where even the narrowest one has more.
    """

    kind: Kind
    size_title: str
    sizes: tuple[int, ...]
    description: str
    network: Callable[[int, float], Network | None]


def dense_network(inputs: int, parameters: float) -> Network | None:
    """Return a network of dense layers, as on a spectrogram.

    Args:
        inputs: Values it takes.
        parameters: Weights it is to have; the nearest width is taken.

    Returns:
        The network, or ``None`` if a width of one has twice as many weights already.
    """
    # Weights of width n: (layers - 1) n² + (inputs + classes) n.
    square, linear = DENSE_LAYERS - 1, inputs + CLASSES
    width = round((sqrt(linear**2 + 4 * square * parameters) - linear) / (2 * square))
    if width < 1:
        return None
    layers = _Layers((1, inputs))
    for units in (*[width] * DENSE_LAYERS, CLASSES):
        layers.dense(units)
    return layers.network()


def convolutional_network(side: int, parameters: float) -> Network | None:
    """Return a network of 3×3 convolutions that halve the sides, a mean and a dense layer.

    Args:
        side: Side of the colour picture it takes, in pixels.
        parameters: Weights it is to have; the nearest width is taken.

    Returns:
        The network, or ``None`` if a width of one has twice as many weights already.
    """
    pairs = pairwise(WIDENING)
    square = 9 * sum(before * after for before, after in pairs)
    linear = 27 * WIDENING[0] + CLASSES * WIDENING[-1]
    width = round((sqrt(linear**2 + 4 * square * parameters) - linear) / (2 * square))
    if width < 1:
        return None
    layers = _Layers((1, side, side, 3))
    for factor in WIDENING:
        layers.halving_convolution(width * factor)
    layers.mean()
    layers.dense(CLASSES)
    return layers.network()


FAMILIES: Mapping[Kind, Family] = {
    "dense": Family(
        "dense", "inputs", (64, 256, 1024, 4096, 16384),
        f"{DENSE_LAYERS} hidden layers of one width, {CLASSES} classes", dense_network,
    ),
    "convolutional": Family(
        "convolutional", "side (px)", (16, 32, 64, 128, 224, 448),
        f"{len(WIDENING)} 3×3 convolutions of stride 2, each twice as wide as the one before, "
        f"{CLASSES} classes", convolutional_network,
    ),
}  # fmt: skip


def weights_of(network: Network) -> int:
    """Return how many weights a network multiplies by; biases are not counted."""
    return sum(op.weights.elements for op in network.operators if op.macs and op.constants)


def kind_of(network: Network) -> Kind:
    """Return what does most of a network's work."""
    dense = sum(op.macs for op in network.operators if op.type == "FULLY_CONNECTED")
    return "dense" if 2 * dense > network.macs else "convolutional"


def size_of(network: Network) -> int:
    """Return the size of a network's input as its family counts it."""
    (first, *_) = network.inputs
    return first.elements if kind_of(network) == "dense" else max(first.shape[1:3], default=1)


class _Layers:
    """Operators in execution order, each on the last one's output."""

    def __init__(self, input_shape: tuple[int, ...]) -> None:
        self._input = Tensor("input", input_shape, "int8", scales=1)
        self._last = self._input
        self._operators: list[Operator] = []

    def dense(self, units: int) -> None:
        """Append a dense layer."""
        constants = _constants((units, self._last.elements), units, scales=1)
        self._append("FULLY_CONNECTED", (1, units), constants)

    def halving_convolution(self, filters: int) -> None:
        """Append a padded 3×3 convolution of stride 2, its activation fused."""
        _, height, width, channels = self._last.shape
        constants = _constants((filters, 3, 3, channels), filters, scales=filters)
        shape = (1, ceil(height / 2), ceil(width / 2), filters)
        strides = {"stride": (2, 2), "dilation": (1, 1), "padding": "SAME"}
        self._append("CONV_2D", shape, constants, **strides)

    def mean(self) -> None:
        """Append a mean over all pixels."""
        self._append("MEAN", (1, self._last.shape[-1]), (), axes=(1, 2))

    def network(self) -> Network:
        """Return the network that ends here."""
        return Network(tuple(self._operators), (self._input,), (self._last,))

    def _append(
        self, kind: str, shape: tuple[int, ...], constants: tuple[Tensor, ...], **attributes: object
    ) -> None:
        place = len(self._operators)
        inputs, output = (
            (self._last, *constants),
            Tensor(f"{kind}_{place}", shape, "int8", scales=1),
        )
        macs = count_macs(kind, inputs, (output,))
        self._operators.append(Operator(place, kind, 1, inputs, (output,), attributes, macs))
        self._last = output


def _constants(shape: tuple[int, ...], channels: int, scales: int) -> tuple[Tensor, Tensor]:
    weights = Tensor("weights", shape, "int8", is_constant=True, scales=scales)
    return weights, Tensor("bias", (channels,), "int32", is_constant=True, scales=scales)
