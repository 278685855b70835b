"""Tensors whose channels may be scaled: made by one convolution, read by others only."""

from collections import Counter
from dataclasses import dataclass

from nas.quantization.tflite_file import Node, TfliteFile

_PASSING = ("MAX_POOL_2D", "AVERAGE_POOL_2D", "MEAN", "PAD", "RESHAPE", "RELU", "RELU6")
"""Operators that scale their output when their input's channels are scaled."""

_POSITIVE = ("NONE", "RELU", "RELU6")
"""Activations that do so too; RELU6 up to its bound."""


@dataclass(frozen=True)
class Pair:
    """A convolution, and those that read what it writes.

    Attributes:
        producer: The convolution.
        tensors: Places of what it writes and of what passes that on.
        consumers: The convolutions and dense layers that read it.
        is_bounded: Whether a RELU6 is between them.
    """

    producer: Node
    tensors: tuple[int, ...]
    consumers: tuple[Node, ...]
    is_bounded: bool


class _RefusedError(Exception):
    """Why the channels of a tensor cannot be scaled, in a few words."""


def find_pairs(file: TfliteFile) -> tuple[tuple[Pair, ...], Counter[str]]:
    """Find what can be scaled, and count why the rest cannot."""
    pairs, refused = [], Counter[str]()
    for node in file.nodes:
        if node.type in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            try:
                pairs.append(_pair(file, node))
            except _RefusedError as reason:
                refused[str(reason)] += 1
    return tuple(pairs), refused


def _pair(file: TfliteFile, producer: Node) -> Pair:
    passing, consumers = _follow(file, producer)
    between = (producer, *passing)
    return Pair(
        producer,
        tuple(node.output for node in between),
        consumers,
        any("RELU6" in (node.type, node.operator.attributes.get("activation")) for node in between),
    )


def _follow(file: TfliteFile, node: Node) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
    """Return the operators that pass a tensor's channels on, and those where they end."""
    activation = node.operator.attributes.get("activation", "NONE")
    if activation not in _POSITIVE:
        raise _RefusedError(f"its activation is {activation}")
    if node.output == file.output:
        raise _RefusedError("it is the output")
    passing: tuple[Node, ...] = ()
    consumers: tuple[Node, ...] = ()
    for reader in file.readers[node.output]:
        if _mixes(file, reader, node.output):
            consumers = (*consumers, reader)
        elif _passes(file, reader):
            further, ends = _follow(file, reader)
            passing, consumers = (*passing, reader, *further), (*consumers, *ends)
        else:
            raise _RefusedError(f"{reader.type} reads it")
    return passing, consumers


def _mixes(file: TfliteFile, reader: Node, place: int) -> bool:
    """Tell a convolution or dense layer whose weights can take a scale for each channel."""
    channels = file.shape(place)[-1]
    if reader.type == "DEPTHWISE_CONV_2D":
        return True
    return reader.type in ("CONV_2D", "FULLY_CONNECTED") and (
        file.shape(reader.inputs[1])[-1] == channels
    )


def _passes(file: TfliteFile, reader: Node) -> bool:
    channels = file.shape(reader.inputs[0])[-1] == file.shape(reader.output)[-1]
    return reader.type in _PASSING and channels
