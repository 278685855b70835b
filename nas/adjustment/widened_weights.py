"""The weights of a widened layer, from those it had."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.errors import UserError

_NOISE = 0.5


@dataclass(frozen=True)
class Origins:
    """Where the channels of a widened tensor come from.

    Attributes:
        positions: Old channel of each new one.
        counts: How many new channels each old one has become.
    """

    positions: NDArray[np.int64]
    counts: NDArray[np.int64]

    def groups(self, count: int, name: str) -> list["Origins"]:
        """Return the origins within each of some groups, which stay equally wide.

        Args:
            count: Number of groups.
            name: Name of the layer that has them.

        Raises:
            UserError: The groups would have different widths.
        """
        size = len(self.counts) // count
        inside = [self.positions[self.positions // size == group] for group in range(count)]
        if len({len(positions) for positions in inside}) != 1:
            raise UserError(f"`{name}`: its {count} groups would get different widths")
        return [
            Origins(positions % size, self.counts[group * size : (group + 1) * size])
            for group, positions in enumerate(inside)
        ]

    def times(self, multiplier: int) -> "Origins":
        """Return the origins behind a depthwise convolution that multiplies channels."""
        steps = np.arange(multiplier)
        positions = (self.positions[:, None] * multiplier + steps).ravel()
        return Origins(positions, np.repeat(self.counts, multiplier))


def widened_weights(layer: Any, weights: Sequence[Any], read: Origins, made: Origins) -> list[Any]:
    """Return the weights of a widened layer, in Keras's order.

    Args:
        layer: The layer that had them.
        weights: Its weights.
        read: Where the channels it now reads come from.
        made: Where the channels it now makes come from.

    Raises:
        UserError: A grouped convolution's groups would differ.
    """
    return _RULES[type(layer).__name__](layer, weights, read, made)


def kept_weights(layer: Any, weights: Sequence[Any], read: Origins) -> list[Any]:
    """Return the weights of a layer that has some for each channel and keeps channels.

    Args:
        layer: The layer that had them.
        weights: Its weights.
        read: Where the channels it now reads come from.
    """
    if type(layer).__name__ not in ("DepthwiseConv1D", "DepthwiseConv2D"):
        return [array[..., read.positions] for array in weights]
    kernel, *bias = weights
    return [kernel[..., read.positions, :], *(array[read.positions] for array in bias)]


def _convolution(layer: Any, weights: Sequence[Any], read: Origins, made: Origins) -> list[Any]:
    kernel, *bias = weights
    groups = getattr(layer, "groups", 1)
    parts = [
        _shared(part[..., outputs.positions], inputs)
        for part, inputs, outputs in zip(
            np.split(kernel, groups, axis=-1),
            read.groups(groups, layer.name),
            made.groups(groups, layer.name),
            strict=True,
        )
    ]
    return [np.concatenate(parts, axis=-1), *(each[made.positions] for each in bias)]


def _transposed(_: Any, weights: Sequence[Any], read: Origins, made: Origins) -> list[Any]:
    kernel, *bias = weights
    turned = _shared(np.swapaxes(kernel, -1, -2)[..., made.positions], read)
    return [np.swapaxes(turned, -1, -2), *(each[made.positions] for each in bias)]


def _separable(layer: Any, weights: Sequence[Any], read: Origins, made: Origins) -> list[Any]:
    depthwise, pointwise, *bias = weights
    between = read.times(layer.depth_multiplier)
    return [
        depthwise[..., read.positions, :],
        _shared(pointwise[..., made.positions], between),
        *(each[made.positions] for each in bias),
    ]


_RULES: dict[str, Callable[[Any, Sequence[Any], Origins, Origins], list[Any]]] = {
    "Conv1D": _convolution, "Conv2D": _convolution, "Conv3D": _convolution, "Dense": _convolution,
    "Conv2DTranspose": _transposed, "SeparableConv1D": _separable, "SeparableConv2D": _separable,
}  # fmt: skip


def _shared(kernel: Any, read: Origins) -> Any:
    """Divide the weights of each input among its copies: shares at random that sum to the whole.

    Args:
        kernel: Weights of shape (…, old inputs, outputs).
        read: Where the new inputs come from.
    """
    positions, counts = read.positions, read.counts
    rows = np.moveaxis(kernel, -2, 0)
    copies = counts[positions].reshape(-1, *[1] * (rows.ndim - 1))
    shares = rows[positions] / copies
    if counts.max() > 1:
        noise = np.random.default_rng(len(positions)).standard_normal(shares.shape, np.float32)
        shares += _NOISE * np.std(kernel) * (noise - _mean_of_copies(noise, read))
    return np.moveaxis(shares, 0, -2).astype(kernel.dtype)


def _mean_of_copies(rows: Any, read: Origins) -> Any:
    """Return for each row the mean over all copies of the same old channel."""
    order = np.argsort(read.positions, kind="stable")
    counts = read.counts[read.counts > 0]
    sums = np.add.reduceat(rows[order], np.cumsum(counts) - counts)
    numbers = np.cumsum(read.counts > 0) - 1
    each = numbers[read.positions]
    return sums[each] / counts[each].reshape(-1, *[1] * (rows.ndim - 1))
