"""Which channels of a network belong together: what is widened with what.

Every channel that a layer makes is one element of a union-find. Layers that keep channels hand them
on; sums unite those of both sides. What then stands together everywhere is a segment, which is
widened as a whole, so that both sides of every sum agree.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from nas.adjustment.graph import Call, Graph
from nas.adjustment.segments import Layout, Segment, find_segments, split
from nas.errors import UserError

SOURCES = {
    "Conv1D": "filters", "Conv2D": "filters", "Conv3D": "filters", "Conv2DTranspose": "filters",
    "SeparableConv1D": "filters", "SeparableConv2D": "filters", "Dense": "units",
}  # fmt: skip
"""Layers that make channels, and the setting that says how many."""

BY_CHANNEL = frozenset({
    "BatchNormalization", "LayerScale", "DepthwiseConv1D", "DepthwiseConv2D", "PReLU",
    "LayerNormalization",
})  # fmt: skip
"""Layers with weights for each channel that keep channels."""

_KEEPING = BY_CHANNEL | {
    "Activation", "Softmax", "ReLU", "Relu", "Relu6", "LeakyReLU", "ELU", "Swish", "Silu", "Gelu",
    "Sigmoid",
    "Tanh", "HardSigmoid", "HardSwish", "HardSilu", "Identity", "Dropout", "SpatialDropout1D",
    "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "ActivityRegularization",
    "MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D", "GlobalMaxPooling1D",
    "GlobalMaxPooling2D", "GlobalAveragePooling1D", "GlobalAveragePooling2D", "ZeroPadding1D",
    "ZeroPadding2D", "Cropping1D", "Cropping2D", "UpSampling1D", "UpSampling2D", "Resizing",
    "Rescaling", "StochasticDepth",
}  # fmt: skip
_MERGES = frozenset({
    "Add", "Subtract", "Multiply", "Maximum", "Minimum", "Average", "Divide", "TrueDivide",
    "CustomScaleLayer",
})  # fmt: skip


@dataclass(frozen=True)
class Channels:
    """The channels of a network.

    Attributes:
        segments: Segments of the channels at each place, in order.
        made: Segments that each layer makes that has channels of its own, by the layer's ``id``.
        names: Names of these layers, by the layer's ``id``.
    """

    segments: Sequence[tuple[Segment, ...]]
    made: dict[int, tuple[Segment, ...]]
    names: dict[int, str]


def read_channels(graph: Graph) -> Channels:
    """Find out which channels of a network belong together.

    Raises:
        UserError: A layer has channels first, or input of unknown width.
    """
    return _Reader(graph).read()


@dataclass
class _Reader:
    graph: Graph
    parents: list[int] = field(default_factory=list)
    fixed: dict[int, str] = field(default_factory=dict)
    ends: list[int] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    layouts: dict[int, Layout] = field(default_factory=dict)
    seen: dict[int, tuple[Layout, Layout]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)

    def read(self) -> Channels:
        for place, tensor in enumerate(self.graph.inputs):
            self.layouts[place] = self._new(tensor.shape[-1] or 1)
            self._fix(self.layouts[place], f"the network's input `{tensor.name}`")
            self.ends.extend(self.layouts[place].tolist())
        for call in self.graph.calls:
            self._read_call(call)
        for place in self.graph.outputs:
            self.fixed.update(dict.fromkeys(self.layouts[place].tolist(), "the network's output"))
            self.ends.extend(self.layouts[place].tolist())
        return self._segmented()

    def _read_call(self, call: Call) -> None:
        if getattr(call.layer, "data_format", None) == "channels_first":
            raise UserError(f"`{call.layer.name}`: {call.kind} with channels first is not widened")
        made = _RULES.get(call.kind, _read_unknown)(self, call)
        for place in call.outputs:
            self.layouts[place] = made

    def _new(self, count: int) -> Layout:
        start = len(self.parents)
        self.parents.extend(range(start, start + count))
        return np.arange(start, start + count)

    def _root(self, channel: int) -> int:
        while self.parents[channel] != channel:
            self.parents[channel] = self.parents[self.parents[channel]]
            channel = self.parents[channel]
        return channel

    def _unite(self, one: Layout, other: Layout) -> None:
        if one is other:
            return
        for a, b in zip(one.tolist(), other.tolist(), strict=True):
            first, second = self._root(a), self._root(b)
            if first != second:
                self.parents[second] = first

    def _fix(self, layout: Layout, reason: str) -> None:
        for channel in layout.tolist():
            self.fixed.setdefault(channel, reason)

    def inputs(self, call: Call) -> list[Layout]:
        return [self.layouts[place] for place in call.inputs]

    def made_by(self, call: Call, count: int) -> Layout:
        """Return what a layer with weights makes; all its calls read the same channels."""
        (read,) = self.inputs(call)
        if id(call.layer) not in self.seen:
            self.seen[id(call.layer)] = (read, self._new(count))
            self.names[id(call.layer)] = call.layer.name
        first, made = self.seen[id(call.layer)]
        self._unite(first, read)
        return made

    def kept_by(self, call: Call) -> Layout:
        """Return what a layer with weights for each channel reads; all its calls read the same."""
        (read,) = self.inputs(call)
        first, _ = self.seen.setdefault(id(call.layer), (read, read))
        self._unite(first, read)
        return read

    def cut(self, layout: Layout, groups: int) -> None:
        size = len(layout) // groups
        self.cuts.extend(layout[::size].tolist())

    # --- segments ---------------------------------------------------------------------------

    def _segmented(self) -> Channels:
        roots = np.array([self._root(channel) for channel in range(len(self.parents))])
        reasons = {int(roots[channel]): reason for channel, reason in self.fixed.items()}
        layouts = {place: roots[layout] for place, layout in self.layouts.items()}
        made = {
            layer: roots[layout] for layer, (_, layout) in self.seen.items() if layer in self.names
        }
        every = [*layouts.values(), *made.values()]
        cuts, ends = ({int(roots[each]) for each in some} for some in (self.cuts, self.ends))
        segments = find_segments(every, cuts, reasons, ends)
        return Channels(
            [split(layouts[place], segments) for place in range(len(self.graph.shapes))],
            {layer: split(layout, segments) for layer, layout in made.items()},
            self.names,
        )


# --- layers ---------------------------------------------------------------------------------


def _read_source(reader: _Reader, call: Call) -> Layout:
    groups, width = getattr(call.layer, "groups", 1), int(getattr(call.layer, SOURCES[call.kind]))
    if groups == width == len(reader.inputs(call)[0]) > 1:  # a depthwise convolution by grouping
        return reader.kept_by(call)
    made = reader.made_by(call, width)
    if groups > 1:
        reader.cut(reader.inputs(call)[0], groups)
        reader.cut(made, groups)
    if _is_softmax(call):
        reader._fix(made, f"`{call.layer.name}` (a softmax)")
    return made


def _read_keeping(reader: _Reader, call: Call) -> Layout:
    (read,) = reader.inputs(call)
    if _is_softmax(call):
        reader._fix(read, f"`{call.layer.name}` (a softmax)")
    unchanged = getattr(call.layer, "depth_multiplier", 1) == 1 and (
        _is_by_last_axis(call, len(reader.graph.shapes[call.inputs[0]]))
    )
    if not unchanged:
        return _read_unknown(reader, call)
    return reader.kept_by(call) if call.kind in BY_CHANNEL else read


def _is_by_last_axis(call: Call, rank: int) -> bool:
    if call.kind == "Rescaling":
        return np.ndim(call.layer.scale) == 0 and np.ndim(call.layer.offset) == 0
    if call.kind not in ("BatchNormalization", "LayerNormalization"):
        return True
    axis = call.layer.axis
    axes = [axis] if isinstance(axis, int) else list(axis)
    return axes in ([-1], [rank - 1])


def _is_softmax(call: Call) -> bool:
    activation = getattr(call.layer, "activation", None)
    return call.kind == "Softmax" or getattr(activation, "__name__", "") == "softmax"


def _read_merge(reader: _Reader, call: Call) -> Layout:
    layouts = reader.inputs(call)
    widest = max(layouts, key=len)
    for layout in layouts:
        if len(layout) == len(widest):
            reader._unite(widest, layout)
        elif len(layout) != 1:
            return _read_unknown(reader, call)
        else:
            reader._fix(layout, f"`{call.layer.name}` (a product or sum over channels)")
    return widest


def _read_concatenation(reader: _Reader, call: Call) -> Layout:
    layouts = reader.inputs(call)
    rank = len(reader.graph.shapes[call.outputs[0]])
    if call.layer.axis in (-1, rank - 1):
        return np.concatenate(layouts)
    for layout in layouts[1:]:
        reader._unite(layouts[0], layout)
    return layouts[0]


def _read_reshape(reader: _Reader, call: Call) -> Layout:
    (read,) = reader.inputs(call)
    before = reader.graph.shapes[call.inputs[0]][1:]
    after = reader.graph.shapes[call.outputs[0]][1:]
    if before[-1] == after[-1]:
        return read
    if len(after) == 1 and None not in before:
        return np.tile(read, prod(size or 1 for size in before[:-1]))
    return _read_unknown(reader, call)


def _read_unknown(reader: _Reader, call: Call) -> Layout:
    reason = f"`{call.layer.name}` ({call.kind}, which is not widened)"
    for layout in reader.inputs(call):
        reader._fix(layout, reason)
    made = reader._new(reader.graph.shapes[call.outputs[0]][-1] or 1)
    reader._fix(made, reason)
    return made


_RULES: dict[str, Callable[[_Reader, Call], Layout]] = {
    **dict.fromkeys(SOURCES, _read_source),
    **dict.fromkeys(_KEEPING, _read_keeping),
    **dict.fromkeys(_MERGES, _read_merge),
    "Concatenate": _read_concatenation,
    "Flatten": _read_reshape,
    "Reshape": _read_reshape,
}


def layer_of(graph: Graph, name: str) -> Any:
    """Return the layer of a name.

    Raises:
        UserError: There is none.
    """
    found = next((call.layer for call in graph.calls if call.layer.name == name), None)
    if found is None:
        known = [call.layer.name for call in graph.calls if call.kind in SOURCES]
        raise UserError(f"`{name}`: no such layer; there are {', '.join(known[:8])}")
    return found
