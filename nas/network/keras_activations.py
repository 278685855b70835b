"""Activations of Keras as operators."""

from typing import Any

import numpy as np

from nas.network.keras_call import Call
from nas.network.keras_node import Shape

_OPERATORS = {
    "relu": "RELU",
    "relu6": "RELU6",
    "sigmoid": "LOGISTIC",
    "tanh": "TANH",
    "hard_silu": "HARD_SWISH",
    "gelu": "GELU",
}


def activate(call: Call, place: int, activation: Any) -> int:
    """Append an activation function.

    Args:
        call: The layer's call.
        place: What it is applied to.
        activation: A Keras activation function; ``None`` is the identity.

    Returns:
        Place of the result.

    Raises:
        UnreadableLayer: The function is none of those whose conversion is known.
    """
    name = getattr(activation, "__name__", type(activation).__name__)
    if activation is None or name == "linear":
        return place
    if name in _OPERATORS:
        return call.append(_OPERATORS[name], (place,), call.shape_at(place))
    if name == "silu":
        gate = call.append("LOGISTIC", (place,), call.shape_at(place))
        return multiply(call, place, gate)
    if name == "hard_sigmoid":
        return _hard_sigmoid(call, place)
    if name == "leaky_relu":
        return _leaky(call, place, 0.2)
    if name == "softmax":
        return softmax(call, place)
    raise call.unreadable(f"with activation {name} is not read")


def multiply(call: Call, first: int, second: int) -> int:
    """Append an elementwise product of the first operand's shape."""
    shape = call.shape_at(first)
    return call.append("MUL", (first, second), shape, attributes={"activation": "NONE"})


def softmax(call: Call, place: int) -> int:
    """Append a softmax over the last axis."""
    return call.append("SOFTMAX", (place,), call.shape_at(place), attributes={"beta": 1.0})


def _hard_sigmoid(call: Call, place: int) -> int:
    shifted = call.combine("ADD", place, (), 3.0)
    clipped = call.append("RELU6", (shifted,), call.shape_at(place))
    return call.combine("MUL", clipped, (), 1 / 6)


def _leaky(call: Call, place: int, slope: float) -> int:
    attributes = {"alpha": float(np.float32(slope))}
    return call.append("LEAKY_RELU", (place,), call.shape_at(place), attributes=attributes)


def read_activation(call: Call) -> int:
    """Read an Activation layer."""
    return activate(call, call.input, call.layer.activation)


def read_relu(call: Call) -> int:
    """Read a ReLU layer: plain, capped at 6, or leaky."""
    layer = call.layer
    slope, cap, threshold = layer.negative_slope, layer.max_value, layer.threshold
    if threshold or cap not in (None, 6) or (slope and cap):
        raise call.unreadable(
            f"with max_value={cap}, negative_slope={slope}, threshold={threshold} is not read"
        )
    if slope:
        return _leaky(call, call.input, slope)
    return call.append("RELU" if cap is None else "RELU6", (call.input,), call.shape)


def read_leaky_relu(call: Call) -> int:
    """Read a LeakyReLU layer."""
    return _leaky(call, call.input, call.layer.negative_slope)


def read_prelu(call: Call) -> int:
    """Read a PReLU layer."""
    shared = set(call.layer.shared_axes or ())
    axes = range(1, len(call.shape))
    slopes: Shape = tuple(1 if axis in shared else call.shape[axis] for axis in axes)
    return call.append("PRELU", (call.input,), call.shape, constant=slopes)


def read_softmax(call: Call) -> int:
    """Read a Softmax layer over the last axis."""
    if call.layer.axis not in (-1, len(call.shape) - 1):
        raise call.unreadable(f"over axis {call.layer.axis} is not read")
    return softmax(call, call.input)
