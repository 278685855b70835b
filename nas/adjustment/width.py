"""Wider layers: a multiplier, or columns beside a convolution.

New channels are copies of the layer's own, and the layers that read them divide their weights among
the copies, so the network computes what it computed before (Chen, Goodfellow, Shlens, Net2Net,
ICLR 2016, arXiv 1511.05641). The shares differ at random around the equal one and add up to the
whole: without that, copies would be trained alike for ever.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.adjustment.channels import (
    BY_CHANNEL,
    SOURCES,
    Channels,
    layer_of,
    read_channels,
)
from nas.adjustment.graph import Copies, Graph, copy_layer, read_graph, rebuild
from nas.adjustment.segments import Segment, width_of
from nas.adjustment.widened_weights import Origins, kept_weights, widened_weights
from nas.errors import UserError

MOST_FACTOR = 32
"""Wider than that, a layer's kernel alone would fill a computer's memory."""

HALVES = (0, 0, 0, 0, 1, 2, 1, 2, 0, 0, 0, 0)
"""Columns by round: 0 is the whole layer again, 1 its first half, 2 its second half.

The layer's channels are thus multiplied by 1, 2, 3, 4, 4.5, 5, 5.5, 6, 7, 8, 9, 10, as in DeLozier
et al., Symmetry 2024, 16(1), 91. What a column is made of is not told there: here it is the layer's
own convolution over the same input.
"""


def widen(model: Any, factor: float, layer: str | None = None, *, copy_weights: bool = True) -> Any:
    """Multiply the width of a layer, or of all layers, and of what is tied to it.

    Segments of channels that stand together everywhere are rounded to whole channels, at least
    one. Channels that are tied to the network's input or output keep their number.

    Args:
        model: A functional Keras model.
        factor: Multiplier above 0, at most ``MOST_FACTOR``; below 1 the last channels are dropped.
        layer: A convolution or dense layer; all of them by default.
        copy_weights: Whether the new model gets the weights of the old one.

    Raises:
        UserError: A layer cannot be widened; the message names it.
    """
    if not 0 < factor <= MOST_FACTOR:
        raise UserError(f"a width multiplier is above 0 and at most {MOST_FACTOR}, got {factor:g}")
    graph = read_graph(model, copy_weights=copy_weights)
    channels = read_channels(graph)
    targets = _targets(graph, channels, layer)
    origins = {segment.number: _repeated(segment.length, factor) for segment in targets}
    return _rebuild(graph, _Widening(channels, origins), copy_weights=copy_weights)


def add_columns(model: Any, rounds: int, layer: str, *, copy_weights: bool = True) -> Any:
    """Widen a convolution with columns beside it, as an Inception block has them.

    Each round adds a convolution with the layer's own settings over the same input, of all its
    filters or of half of them; their outputs are joined. Layers tied to it by sums are widened
    alike, in one piece.

    Args:
        model: A functional Keras model.
        rounds: 0 – 11; see ``HALVES``.
        layer: The convolution.
        copy_weights: Whether the new model gets the weights of the old one.

    Raises:
        UserError: The layer cannot be widened; the message names it.
    """
    if not 0 <= rounds < len(HALVES):
        raise UserError(f"columns are added in 0 to {len(HALVES) - 1} rounds, got {rounds}")
    graph = read_graph(model, copy_weights=copy_weights)
    channels = read_channels(graph)
    chosen = layer_of(graph, layer)
    targets = _targets(graph, channels, layer)
    if len(targets) != 1 or targets[0].length != width_of(channels.made[id(chosen)]):
        raise UserError(
            f"`{layer}`: its channels are divided into groups or joined with others later, so "
            "columns cannot stand beside it; use a multiplier"
        )
    ranges = [_column(targets[0].length, half) for half in HALVES[: rounds + 1]]
    origins = {targets[0].number: np.concatenate([np.arange(*each) for each in ranges])}
    columns = _Columns(chosen, ranges)
    return _rebuild(graph, _Widening(channels, origins), columns, copy_weights=copy_weights)


def widenable_layers(model: Any) -> list[str]:
    """List the layers whose width is free, in order.

    Args:
        model: A functional Keras model.
    """
    channels = read_channels(read_graph(model, copy_weights=False))
    return [
        channels.names[layer]
        for layer, made in channels.made.items()
        if not any(segment.fixed_by for segment in made)
    ]


def _targets(graph: Graph, channels: Channels, layer: str | None) -> list[Segment]:
    layers = {id(call.layer): call.layer for call in graph.calls}
    sources = {number: layers[number] for number in channels.made}
    if layer is not None:
        chosen = layer_of(graph, layer)
        if id(chosen) not in sources:
            raise UserError(f"`{layer}`: {type(chosen).__name__} has no width of its own")
        sources = {id(chosen): chosen}
    targets: dict[int, Segment] = {}
    for number, source in sources.items():
        for segment in channels.made[number]:
            reason = segment.fixed_by
            if reason is None:
                targets[segment.number] = segment
            elif layer is not None or not segment.is_end:
                raise UserError(f"`{source.name}`: its width is fixed by {reason}")
    if not targets:
        raise UserError(f"`{graph.name}`: no layer's width is free")
    return list(targets.values())


def _repeated(length: int, factor: float) -> NDArray[np.int64]:
    """Return the old channel of each new one: all of them, all again, and the first of them."""
    wanted = max(1, floor(length * factor + 0.5))
    return np.arange(wanted) % length


def _column(length: int, half: int) -> tuple[int, int]:
    return ((0, length), (0, length // 2), (length // 2, length))[half]


@dataclass(frozen=True)
class _Widening:
    channels: Channels
    origins: Mapping[int, NDArray[np.int64]]

    def of(self, segments: Sequence[Segment]) -> Origins:
        """Return where the channels of a tensor come from."""
        positions, counts, at = [], [], 0
        for segment in segments:
            origin = self.origins.get(segment.number, np.arange(segment.length))
            positions.append(at + origin)
            counts.append(np.bincount(origin, minlength=segment.length))
            at += segment.length
        return Origins(np.concatenate(positions), np.concatenate(counts))

    def width(self, segments: Sequence[Segment]) -> int:
        """Return the new number of channels of a tensor."""
        return sum(len(self.origins.get(each.number, range(each.length))) for each in segments)


class _Columns:
    """A convolution as several beside each other.

    Args:
        layer: The layer.
        ranges: First and last filter, exclusive, of each column.
    """

    def __init__(self, layer: Any, ranges: Sequence[tuple[int, int]]) -> None:
        import keras

        self.layer, self._ranges = layer, ranges
        key = SOURCES[type(layer).__name__]
        self._columns = [
            copy_layer(layer, f"{layer.name}_column{number}", {key: stop - start})
            for number, (start, stop) in enumerate(ranges)
        ]
        self._join = keras.layers.Concatenate(name=f"{layer.name}_columns")

    def __call__(self, tensor: Any) -> Any:
        made = [column(tensor) for column in self._columns]
        return made[0] if len(made) == 1 else self._join(made)

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Hand each column its part of the weights of the whole, columns one after another."""
        *shared, kernel = (array for array in weights if array.ndim > 1)
        bias = [array for array in weights if array.ndim == 1]
        at = 0
        for column, (start, stop) in zip(self._columns, self._ranges, strict=True):
            part = slice(at, at + stop - start)
            column.set_weights([*shared, kernel[..., part], *(each[part] for each in bias)])
            at = part.stop


class _WidenedCopies(Copies):
    """New layers of a widened network; one of them may be columns."""

    def __init__(self, graph: Graph, widening: _Widening, columns: _Columns | None) -> None:
        super().__init__(self._changes, self._weights)
        self._widening, self._columns = widening, columns
        self._calls = {id(call.layer): call for call in graph.calls}

    def _copy(self, layer: Any) -> Any:
        if self._columns is not None and layer is self._columns.layer:
            return self._columns
        return super()._copy(layer)

    def _changes(self, layer: Any) -> Mapping[str, Any]:
        call = self._calls[id(layer)]
        made = self._widening.channels.segments[call.outputs[0]]
        width = self._widening.width(made)
        if call.kind == "LayerScale":
            return {"projection_dim": width}
        if call.kind in SOURCES and id(layer) not in self._widening.channels.made:
            return {SOURCES[call.kind]: width, "groups": width}
        if call.kind in SOURCES:
            if getattr(layer, "groups", 1) > 1:
                for place in (*call.inputs, *call.outputs):
                    segments = self._widening.channels.segments[place]
                    self._widening.of(segments).groups(layer.groups, layer.name)
            return {SOURCES[call.kind]: width}
        if call.kind == "Reshape" and layer.target_shape[-1] not in (-1, width):
            return {"target_shape": (*layer.target_shape[:-1], width)}
        return {}

    def _weights(self, layer: Any, _: Any, weights: list[Any]) -> list[Any]:
        call = self._calls[id(layer)]
        if call.kind not in SOURCES and call.kind not in BY_CHANNEL:
            return weights
        segments = self._widening.channels.segments
        read = self._widening.of(segments[call.inputs[0]])
        if id(layer) not in self._widening.channels.made:
            return kept_weights(layer, weights, read)
        return widened_weights(layer, weights, read, self._widening.of(segments[call.outputs[0]]))


def _rebuild(
    graph: Graph, widening: _Widening, columns: _Columns | None = None, *, copy_weights: bool
) -> Any:
    return rebuild(graph, _WidenedCopies(graph, widening, columns), copy_weights=copy_weights)
