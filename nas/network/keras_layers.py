"""Layers of Keras without products: pooling, reshaping, merging, normalization.

Every rule here and in its neighbours was found by converting small models with TensorFlow 2.20
and is kept true by ``tests/network/test_keras_graph.py``.
"""

from collections.abc import Hashable
from typing import Any

import numpy as np

from nas.network.keras_call import Call, image_shape, pair
from nas.network.keras_node import Shape


def skip(call: Call) -> int:
    """Read a layer that does nothing at inference."""
    return call.input


def read_pooling(call: Call) -> int:
    """Read a max or average pooling layer over one or two axes."""
    call.require_channels_last()
    layer = call.layer
    kind = "MAX_POOL_2D" if "Max" in type(layer).__name__ else "AVERAGE_POOL_2D"
    attributes = {
        "padding": layer.padding.upper(),
        "stride": pair(layer.strides),
        "kernel": pair(layer.pool_size),
        "activation": "NONE",
    }
    image = call.as_image(call.input)
    place = call.append(kind, (image,), image_shape(call.shape), attributes=attributes)
    return call.reshape(place, call.shape)


def read_global_pooling(call: Call) -> int:
    """Read a global max or average pooling layer."""
    call.require_channels_last()
    kind = "REDUCE_MAX" if "Max" in type(call.layer).__name__ else "MEAN"
    axes = tuple(range(1, len(call.input_shape) - 1))
    return call.append(
        kind,
        (call.input,),
        call.shape,
        attributes={"keep_dims": bool(call.layer.keepdims), "axes": axes},
        parameters=((len(axes),) if len(axes) > 1 else (),),
    )


def read_normalization(call: Call) -> int:
    """Read a BatchNormalization layer: a product and a sum by channel."""
    if call.layer.axis not in (-1, len(call.shape) - 1):
        raise call.unreadable(f"over axis {call.layer.axis} is not read")
    channels: Shape = (call.shape[-1],)
    if call.layer.axis != -1:
        channels = (1,) * (len(call.shape) - 1) + channels
    scaled = call.combine("MUL", call.input, channels, id(call.layer))
    return call.combine("ADD", scaled, channels, id(call.layer))


def read_rescaling(call: Call) -> int:
    """Read a Rescaling layer: a product and a sum, without those that change nothing."""
    place = _combine_unless_neutral(call, "MUL", call.input, call.layer.scale, 1)
    return _combine_unless_neutral(call, "ADD", place, call.layer.offset, 0)


def _combine_unless_neutral(call: Call, kind: str, place: int, value: Any, neutral: int) -> int:
    values = np.asarray(value, float)
    if np.all(values == neutral):
        return place
    identity: Hashable = float(values) if values.ndim == 0 else values.tobytes()
    return call.combine(kind, place, values.shape, identity)


def read_padding(call: Call) -> int:
    """Read a ZeroPadding2D layer."""
    call.require_channels_last()
    (top, bottom), (left, right) = call.layer.padding
    paddings = (0, 0, top, bottom, left, right, 0, 0)
    if not any(paddings):
        return call.input
    return call.append(
        "PAD", (call.input,), call.shape, attributes={"paddings": paddings}, parameters=((4, 2),)
    )


def read_reshape(call: Call) -> int:
    """Read a Reshape or Flatten layer."""
    call.require_channels_last()
    return call.reshape(call.input, call.shape)


def read_permutation(call: Call) -> int:
    """Read a Permute layer."""
    axes = (0, *call.layer.dims)
    if axes == tuple(sorted(axes)):
        return call.input
    attributes = {"permutation": axes}
    parameters = ((len(axes),),)
    return call.append(
        "TRANSPOSE", (call.input,), call.shape, attributes=attributes, parameters=parameters
    )


def read_upsampling(call: Call) -> int:
    """Read an UpSampling2D layer, bilinear or by repetition."""
    call.require_channels_last()
    if call.layer.interpolation == "bilinear":
        return _resize(call, "RESIZE_BILINEAR")
    if call.layer.interpolation != "nearest":
        raise call.unreadable(f"with {call.layer.interpolation} interpolation is not read")
    _, height, width, channels = call.input_shape
    down, across = call.layer.size
    rows = _repeat(call, call.input, (1, height, 1, width, channels), 2, down)
    columns = _repeat(call, rows, (1, height * down, width, 1, channels), 3, across)
    return call.reshape(columns, call.shape)


def _repeat(call: Call, place: int, shape: Shape, axis: int, times: int) -> int:
    if times == 1:
        return place
    multiples = tuple(times if at == axis else 1 for at in range(len(shape)))
    repeated = tuple(size * multiple for size, multiple in zip(shape, multiples, strict=True))
    return call.append(
        "TILE",
        (call.reshape(place, shape),),
        repeated,
        attributes={"multiples": multiples},
        parameters=((len(shape),),),
    )


def _resize(call: Call, kind: str) -> int:
    attributes = {"align_corners": False, "half_pixel_centers": True}
    return call.append(kind, (call.input,), call.shape, attributes=attributes, parameters=((2,),))


def read_resizing(call: Call) -> int:
    """Read a Resizing layer that stretches the whole image."""
    call.require_channels_last()
    layer = call.layer
    kind = {"bilinear": "RESIZE_BILINEAR", "nearest": "RESIZE_NEAREST_NEIGHBOR"}.get(
        layer.interpolation
    )
    if kind is None or layer.crop_to_aspect_ratio or layer.pad_to_aspect_ratio or layer.antialias:
        raise call.unreadable("is read only as bilinear or nearest stretching of the whole image")
    return _resize(call, kind)


def read_cropping(call: Call) -> int:
    """Read a Cropping2D layer."""
    call.require_channels_last()
    if call.shape == call.input_shape:
        return call.input
    attributes = {"strides": (1, 1, 1, 1)}
    parameters = ((4,),) * 3
    return call.append(
        "STRIDED_SLICE", (call.input,), call.shape, attributes=attributes, parameters=parameters
    )


def read_concatenation(call: Call) -> int:
    """Read a Concatenate layer."""
    attributes = {"axis": call.layer.axis, "activation": "NONE"}
    return call.append("CONCATENATION", call.inputs, call.shape, attributes=attributes)


_MERGES = {"Add": "ADD", "Multiply": "MUL", "Subtract": "SUB", "Maximum": "MAXIMUM",
           "Minimum": "MINIMUM", "Average": "ADD"}  # fmt: skip
_FUSING = frozenset({"ADD", "MUL", "SUB"})


def read_merge(call: Call) -> int:
    """Read an elementwise merge of two or more values, or of one value and a number."""
    name = type(call.layer).__name__
    kind = _MERGES[name]
    if len(call.inputs) + len(call.scalars) < 2:
        raise call.unreadable("of a single value is not read")
    if call.scalars and name not in ("Add", "Multiply"):
        raise call.unreadable("with a number is not read")
    attributes = {"activation": "NONE"} if kind in _FUSING else {}
    place = call.input
    for other in call.inputs[1:]:
        shape = tuple(np.broadcast_shapes(call.shape_at(place), call.shape_at(other)))
        place = call.append(kind, (place, other), shape, attributes=attributes)
    for number in call.scalars:
        place = call.combine(kind, place, (), number)
    if name == "Average":
        place = call.combine("MUL", place, (), 1 / len(call.inputs))
    return place
