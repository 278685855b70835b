"""What can be swept: an adjustment, its range and the size it is held against."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from nas.adjustment.classes import change_classes
from nas.adjustment.depth import find_block, repeat_block, repeatable_blocks
from nas.adjustment.inputs import image_input, vector_input
from nas.adjustment.width import HALVES, add_columns, widen, widenable_layers
from nas.errors import UserError

AdjustmentName = Literal["depth", "width", "columns", "image", "vector", "classes"]
SizeName = Literal["macs", "parameters", "input_bytes"]

RANGES: Mapping[AdjustmentName, tuple[float, ...]] = {
    "depth": tuple(range(51)),
    "width": tuple(1 + step / 16 for step in range(49)),
    "columns": tuple(range(len(HALVES))),
    "image": tuple(2 ** (step / 2) for step in range(-6, 7)),
    "vector": (10, 20, 50, 100, 200, 500, 1000),
    "classes": (2, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 16_000, 20_000),
}
"""Values by adjustment: the ranges of DeLozier et al., Symmetry 2024, 16(1), 91, in finer steps."""

_WORDS: Mapping[AdjustmentName, str] = {
    "depth": "copies of the block", "width": "width multiplier", "columns": "rounds of columns",
    "image": "image scale", "vector": "values of the vector", "classes": "classes",
}  # fmt: skip
_SIZES: Mapping[AdjustmentName, SizeName] = {
    "depth": "macs", "width": "macs", "columns": "macs", "image": "input_bytes",
    "vector": "parameters", "classes": "parameters",
}  # fmt: skip
SIZE_WORDS: Mapping[SizeName, str] = {
    "macs": "multiply-accumulates", "parameters": "parameters", "input_bytes": "bytes of the input",
}  # fmt: skip
"""Sizes in words."""


@dataclass(frozen=True)
class Adjustment:
    """One adjustment of one network.

    Attributes:
        name: What is adjusted.
        words: What its value counts.
        layer: The layer that is adjusted, or the last one of the block; ``None`` for all.
        size: The size that costs are held against.
        neutral: The value that leaves the network as it is.
        values: Values of the sweep, in order, the neutral one among them.
        apply: Makes the adjusted Keras model from the model, the value and whether weights are
            copied.
    """

    name: AdjustmentName
    words: str
    layer: str | None
    size: SizeName
    neutral: float
    values: tuple[float, ...]
    apply: Callable[[Any, float, bool], Any]


def choose_adjustment(
    model: Any, name: AdjustmentName, layer: str | None, values: Sequence[float] | None
) -> Adjustment:
    """Decide what a sweep of a network does.

    Args:
        model: The Keras model, with or without weights.
        name: What to adjust.
        layer: Which layer or block; by default all layers for ``width``, the last residual block
            for ``depth``, the first layer whose width is free for ``columns``.
        values: Values to try; the range of the study by default.

    Raises:
        UserError: The network cannot be adjusted so.
    """
    chosen = _layer(model, name, layer)
    neutral = _neutral(model, name)
    wanted = RANGES[name] if values is None else values
    _check(name, wanted)
    return Adjustment(
        name=name,
        words=_WORDS[name],
        layer=chosen,
        size=_SIZES[name],
        neutral=neutral,
        values=tuple(sorted({neutral, *wanted})),
        apply=_APPLY[name](chosen, neutral),
    )


def _layer(model: Any, name: AdjustmentName, layer: str | None) -> str | None:
    if name == "depth":
        return find_block(repeatable_blocks(model), layer).name
    if name == "columns" and layer is None:
        free = widenable_layers(model)
        if not free:
            raise UserError("columns: no layer's width is free")
        return free[0]
    if layer is not None and name not in ("width", "columns"):
        raise UserError(f"--layer {layer}: {name} is no adjustment of a layer")
    return layer


def _neutral(model: Any, name: AdjustmentName) -> float:
    if name == "classes":
        return int(model.outputs[0].shape[-1])
    return 1 if name in ("width", "image") else 0


def _check(name: AdjustmentName, values: Sequence[float]) -> None:
    low = {"depth": 0, "columns": 0, "vector": 1, "classes": 2}.get(name)
    for value in values:
        if low is not None and (value < low or value != int(value)):
            raise UserError(f"--values: {_WORDS[name]} are whole numbers from {low}, got {value:g}")
        if name == "columns" and value >= len(HALVES):
            raise UserError(f"--values: there are {len(HALVES) - 1} rounds, got {value:g}")
        if low is None and value <= 0:
            raise UserError(f"--values: the {_WORDS[name]} is above 0, got {value:g}")


def _vector(model: Any, values: float, copy_weights: bool) -> Any:
    return vector_input(model, int(values), copy_weights=copy_weights) if values else model


_Make = Callable[[str | None, float], Callable[[Any, float, bool], Any]]
_APPLY: Mapping[AdjustmentName, _Make] = {
    "depth": lambda layer, _: (
        lambda model, value, weights: repeat_block(model, int(value), layer, copy_weights=weights)
    ),
    "width": lambda layer, _: (
        lambda model, value, weights: widen(model, value, layer, copy_weights=weights)
    ),
    "columns": lambda layer, _: (
        lambda model, value, weights: add_columns(
            model, int(value), str(layer), copy_weights=weights
        )
    ),
    "image": lambda *_: (
        lambda model, value, weights: image_input(model, value, copy_weights=weights)
    ),
    "vector": lambda *_: _vector,
    "classes": lambda _, neutral: (
        lambda model, value, weights: (
            model if value == neutral else change_classes(model, int(value), copy_weights=weights)
        )
    ),
}
