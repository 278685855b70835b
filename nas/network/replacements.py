"""What to write in place of Keras layers that have no int8 operators on the chip."""

from collections.abc import Mapping

LAYERS: Mapping[str, str] = {
    "GroupNormalization": "BatchNormalization",
    "LayerNormalization": "BatchNormalization",
    "RMSNormalization": "BatchNormalization",
    "UnitNormalization": "BatchNormalization",
    "GRU": "LSTM",
    "SimpleRNN": "LSTM",
    "MultiHeadAttention": "convolutions",
    "Conv3D": "Conv2D",
}
"""The other layer, by the name of the layer's class."""


def instead_of_layer(kind: str) -> str:
    """Return what to write in place of a Keras layer, to end a sentence with; maybe nothing."""
    other = LAYERS.get(kind)
    return f": use {other} in its place" if other else ""
