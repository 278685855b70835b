"""Convolutions and dense layers of Keras as operators."""

from typing import Any

from nas.network.keras_activations import activate
from nas.network.keras_call import Call, image_shape, pair


def read_convolution(call: Call) -> int:
    """Read a Conv1D or Conv2D layer."""
    call.require_channels_last()
    layer, image = call.layer, call.as_image(call.input)
    channels = call.input_shape[-1] // layer.groups
    place = call.append(
        "CONV_2D",
        (image,),
        image_shape(call.shape),
        attributes=_window(call),
        constant=(layer.filters, *pair(layer.kernel_size), channels),
    )
    return activate(call, call.reshape(call.add_bias(place), call.shape), layer.activation)


def read_depthwise(call: Call) -> int:
    """Read a DepthwiseConv1D or DepthwiseConv2D layer."""
    call.require_channels_last()
    place = _append_depthwise(call)
    return activate(call, call.reshape(call.add_bias(place), call.shape), call.layer.activation)


def read_separable(call: Call) -> int:
    """Read a SeparableConv2D layer: a depthwise and a 1×1 convolution."""
    call.require_channels_last()
    layer = call.layer
    depthwise = _append_depthwise(call)
    unit = {"padding": "VALID", "stride": (1, 1), "dilation": (1, 1), "activation": "NONE"}
    pointwise = call.append(
        "CONV_2D",
        (depthwise,),
        call.shape,
        attributes=unit,
        constant=(layer.filters, 1, 1, call.shape_at(depthwise)[-1]),
        value=(id(layer), "pointwise"),
    )
    return activate(call, call.add_bias(pointwise), layer.activation)


def read_transposed(call: Call) -> int:
    """Read a Conv2DTranspose layer."""
    call.require_channels_last()
    layer = call.layer
    if pair(layer.dilation_rate) != (1, 1) or layer.output_padding is not None:
        raise call.unreadable("with dilation or output padding is not read")
    attributes = _window(call)
    del attributes["dilation"]
    place = call.append(
        "TRANSPOSE_CONV",
        (call.input,),
        call.shape,
        attributes=attributes,
        constant=(layer.filters, *layer.kernel_size, call.input_shape[-1]),
        parameters=((4,),),
    )
    return activate(call, call.add_bias(place), layer.activation)


def read_dense(call: Call) -> int:
    """Read a Dense layer; above rank 2 it works on the last axis."""
    layer = call.layer
    keeps_rank = len(call.shape) > 2
    place = call.append(
        "FULLY_CONNECTED",
        (call.input,),
        call.shape,
        attributes={"activation": "NONE", "weights_format": 0, "keep_num_dims": keeps_rank},
        constant=(layer.units, call.input_shape[-1]),
    )
    return activate(call, call.add_bias(place), layer.activation)


def _append_depthwise(call: Call) -> int:
    layer, image = call.layer, call.as_image(call.input)
    channels = call.input_shape[-1] * layer.depth_multiplier
    return call.append(
        "DEPTHWISE_CONV_2D",
        (image,),
        (*image_shape(call.shape)[:-1], channels),
        attributes={**_window(call), "depth_multiplier": layer.depth_multiplier},
        constant=(1, *pair(layer.kernel_size), channels),
        value=(id(layer), "depthwise"),
    )


def _window(call: Call) -> dict[str, Any]:
    layer = call.layer
    if layer.padding not in ("same", "valid"):
        raise call.unreadable(f"with {layer.padding} padding is not read")
    return {
        "padding": layer.padding.upper(),
        "stride": pair(layer.strides),
        "dilation": pair(layer.dilation_rate),
        "activation": "NONE",
    }
