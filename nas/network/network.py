"""A network as the chip model sees it: operators over typed tensors.

Two readers make it, one from a TFLite file and one from a Keras model; placement, memory,
latency and energy read it and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Any

_BYTES_PER_ELEMENT = {
    "float64": 8, "int64": 8, "uint64": 8, "float32": 4, "int32": 4, "uint32": 4,
    "float16": 2, "int16": 2, "uint16": 2, "int8": 1, "uint8": 1, "bool": 1, "int4": 1,
}  # fmt: skip
_CHANNELS = 4


@dataclass(frozen=True)
class Tensor:
    """One tensor.

    Attributes:
        name: Name in the file, or the layer's name; it identifies an activation, so no two
            activations of a network share one.
        shape: Static shape including the batch dimension; ``()`` is a scalar.
        dtype: NumPy-style name such as ``int8``.
        is_constant: True for weights and other values stored in the file.
        scales: Number of quantization scales: 0 unquantized, 1 per tensor, more per channel.
        is_dynamic: True when a dimension is not known before the first inference; the shape then
            holds 1 in its place.
        is_batch_dynamic: True when only the first dimension, the batch, is not known.
        is_state: True for memory kept from one inference to the next, as an LSTM's.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    is_constant: bool = False
    scales: int = 0
    is_dynamic: bool = False
    is_batch_dynamic: bool = False
    is_state: bool = False

    @cached_property
    def elements(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @cached_property
    def size_bytes(self) -> int:
        """Size of the dense tensor in bytes."""
        return self.elements * _BYTES_PER_ELEMENT.get(self.dtype, 4)

    @cached_property
    def padded_bytes(self) -> int:
        """Size on the chip and on the link in bytes: channels are padded to four."""
        channels = self.shape[-1] if self.shape else 1
        padded = -(-channels // _CHANNELS) * _CHANNELS
        return self.size_bytes // max(channels, 1) * padded


@dataclass(frozen=True)
class Operator:
    """One operator in execution order.

    Attributes:
        index: Position in the graph, from 0.
        type: TFLite's name, such as ``CONV_2D``.
        version: Operator version in the file.
        inputs: Input tensors; ``None`` for an omitted optional input.
        outputs: Output tensors.
        attributes: Options by name: ``stride`` (height, width), ``dilation`` (height, width),
            ``padding``, ``kernel`` (height, width), ``activation``, ``depth_multiplier``,
            ``axes``, ``zero_bias`` (a weighted operator that adds nothing), …
        macs: Multiply-accumulate operations of one inference.
    """

    index: int
    type: str
    version: int
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    macs: int = 0

    @property
    def constants(self) -> tuple[Tensor, ...]:
        """The constant inputs: weights, biases, axes."""
        return tuple(tensor for tensor in self.inputs if tensor is not None and tensor.is_constant)

    @cached_property
    def activations(self) -> tuple[Tensor, ...]:
        """The inputs computed at run time."""
        return tuple(t for t in self.inputs if t is not None and not t.is_constant)

    @property
    def weights(self) -> Tensor:
        """The kernels or the matrix of a convolution or dense operator: its second input.

        Raises:
            ValueError: The operator has none.
        """
        weights = self.inputs[1] if len(self.inputs) > 1 else None
        if weights is None:
            raise ValueError(f"operator {self.index} ({self.type}) has no weights")
        return weights

    @property
    def weight_bytes(self) -> int:
        """Bytes of constant inputs as stored in the file."""
        return sum(tensor.size_bytes for tensor in self.constants)


@dataclass(frozen=True)
class HostWork:
    """What the host computes before every inference, to prepare the input.

    Attributes:
        macs: Multiply-accumulates.
        elements: Numbers that it writes.
    """

    macs: int
    elements: int


def host_work(front_end: Any) -> HostWork | None:
    """Return what a front end, which tells its ``macs`` and ``elements``, costs the host."""
    return None if front_end is None else HostWork(front_end.macs, front_end.elements)


@dataclass(frozen=True)
class Network:
    """The main subgraph of a model.

    Attributes:
        operators: Operators in execution order.
        inputs: Input tensors.
        outputs: Output tensors.
        subgraphs: Number of subgraphs in the file.
        file_bytes: Size of the file, or ``None`` when there is none yet.
        front_end: What the host computes for its input; ``None`` if it is taken as it comes.
    """

    operators: tuple[Operator, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    subgraphs: int = 1
    file_bytes: int | None = None
    front_end: HostWork | None = None

    @property
    def macs(self) -> int:
        """Multiply-accumulate operations of one inference."""
        return sum(operator.macs for operator in self.operators)
