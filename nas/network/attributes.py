"""Options of a TFLite operator, by the names the chip model uses."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

_OPTION_NAMES = {
    "depthMultiplier": "depth_multiplier",
    "axis": "axis",
    "keepDims": "keep_dims",
    "beta": "beta",
    "alignCorners": "align_corners",
    "halfPixelCenters": "half_pixel_centers",
    "weightsFormat": "weights_format",
    "keepNumDims": "keep_num_dims",
    "numSplits": "splits",
    "alpha": "alpha",
    "blockSize": "block_size",
}
_CONSTANT_INPUTS = {
    "MEAN": ("axes", 1), "SUM": ("axes", 1), "REDUCE_MAX": ("axes", 1), "REDUCE_MIN": ("axes", 1),
    "PAD": ("paddings", 1), "PADV2": ("paddings", 1), "MIRROR_PAD": ("paddings", 1),
    "TRANSPOSE": ("permutation", 1), "STRIDED_SLICE": ("strides", 3), "TILE": ("multiples", 1),
}  # fmt: skip
_WEIGHTED = {"CONV_2D": 2, "DEPTHWISE_CONV_2D": 2, "FULLY_CONNECTED": 2, "TRANSPOSE_CONV": 3}
_MAX_VALUES = 64

Constant = np.ndarray[Any, np.dtype[Any]]


def _constant_names(enumeration: type) -> dict[int, str]:
    return {value: name for name, value in vars(enumeration).items() if isinstance(value, int)}


_ACTIVATIONS = _constant_names(schema.ActivationFunctionType)
_PADDINGS = _constant_names(schema.Padding)


def read_attributes(
    operator_type: str, options: Any, constants: Mapping[int, Constant | None]
) -> dict[str, Any]:
    """Name the options of an operator.

    Args:
        operator_type: TFLite's name, such as ``CONV_2D``.
        options: Unpacked builtin options of the schema, or ``None``.
        constants: Input position → its flat values for constant inputs, ``None`` where omitted.

    Returns:
        ``stride``, ``dilation`` and ``kernel`` as (height, width), ``padding``, ``activation``,
        ``axes``, … as far as the operator has them; ``zero_bias`` tells that a weighted operator
        adds nothing.
    """
    attributes = {} if options is None else _from_options(vars(options))
    name, position = _CONSTANT_INPUTS.get(operator_type, ("", -1))
    values = constants.get(position)
    if values is not None and values.size <= _MAX_VALUES:
        attributes[name] = tuple(int(value) for value in values)
    if operator_type in _WEIGHTED:
        bias = constants.get(_WEIGHTED[operator_type])
        attributes["zero_bias"] = bias is None or not bias.any()
    return attributes


def _from_options(options: Mapping[str, Any]) -> dict[str, Any]:
    attributes = {
        ours: options[theirs] for theirs, ours in _OPTION_NAMES.items() if theirs in options
    }
    for name, height, width in (
        ("stride", "strideH", "strideW"),
        ("dilation", "dilationHFactor", "dilationWFactor"),
        ("kernel", "filterHeight", "filterWidth"),
    ):
        if height in options:
            attributes[name] = (int(options[height]), int(options[width]))
    if "padding" in options:
        attributes["padding"] = _PADDINGS.get(options["padding"], "UNKNOWN")
    if "fusedActivationFunction" in options:
        attributes["activation"] = _ACTIVATIONS.get(options["fusedActivationFunction"], "UNKNOWN")
    return attributes
