"""Layers written down as int8 operators: what the measured networks are made of."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil

from nas.network.macs import count_macs
from nas.network.network import Network, Operator, Tensor


@dataclass
class Layers:
    """Appends operators in execution order; every method returns the new activation.

    Attributes:
        input_shape: Shape of the network's input, batch included.
        per_channel: Whether convolutions have a scale a filter, as files since 2020 do.
        dtype: Type of the network's input.
    """

    input_shape: tuple[int, ...]
    per_channel: bool = False
    dtype: str = "int8"
    operators: list[Operator] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.input = Tensor("input", self.input_shape, self.dtype, scales=1)

    def append(
        self,
        kind: str,
        inputs: Sequence[Tensor],
        shape: Sequence[int],
        dtype: str = "int8",
        **attributes: object,
    ) -> Tensor:
        """Append an operator of any kind."""
        index = len(self.operators)
        output = Tensor(f"{kind}_{index}", tuple(shape), dtype, scales=1)
        macs = count_macs(kind, tuple(inputs), (output,))
        operator = Operator(index, kind, 1, tuple(inputs), (output,), attributes, macs)
        self.operators.append(operator)
        return output

    def _constants(self, shape: tuple[int, ...], channels: int, scales: int) -> tuple[Tensor, ...]:
        weights = Tensor("weights", shape, "int8", is_constant=True, scales=scales)
        return weights, Tensor("bias", (channels,), "int32", is_constant=True, scales=scales)

    def conv(
        self,
        x: Tensor,
        filters: int,
        kernel: int | tuple[int, int] = 3,
        stride: int = 1,
        padding: str = "SAME",
        *,
        zero_bias: bool = False,
    ) -> Tensor:
        """Append a convolution, its activation fused."""
        kernel = (kernel, kernel) if isinstance(kernel, int) else kernel
        scales = filters if self.per_channel else 1
        constants = self._constants((filters, *kernel, x.shape[-1]), filters, scales)
        size = _window(x, kernel, stride, padding)
        return self.append("CONV_2D", (x, *constants), (1, *size, filters),
                           stride=(stride, stride), dilation=(1, 1), padding=padding,
                           zero_bias=zero_bias)  # fmt: skip

    def depthwise(self, x: Tensor, stride: int = 1, kernel: int = 3) -> Tensor:
        """Append a depthwise convolution, padded."""
        channels = x.shape[-1]
        scales = channels if self.per_channel else 1
        constants = self._constants((1, kernel, kernel, channels), channels, scales)
        size = _window(x, (kernel, kernel), stride, "SAME")
        return self.append(
            "DEPTHWISE_CONV_2D", (x, *constants), (1, *size, channels), stride=(stride, stride),
            dilation=(1, 1), padding="SAME", depth_multiplier=1,
        )  # fmt: skip

    def dense(self, x: Tensor, units: int, *, zero_bias: bool = False) -> Tensor:
        """Append a fully connected layer on the flattened input."""
        constants = self._constants((units, x.elements), units, 1)
        return self.append(
            "FULLY_CONNECTED", (x, *constants), (1, units), weights_format=0, zero_bias=zero_bias
        )

    def pool(
        self, x: Tensor, kernel: int, stride: int, padding: str = "VALID", *, average: bool = False
    ) -> Tensor:
        """Append a pooling operator, maximum unless ``average``."""
        size = _window(x, (kernel, kernel), stride, padding)
        return self.append(
            "AVERAGE_POOL_2D" if average else "MAX_POOL_2D", (x,), (1, *size, x.shape[-1]),
            kernel=(kernel, kernel), stride=(stride, stride), padding=padding,
        )  # fmt: skip

    def add(self, left: Tensor, right: Tensor) -> Tensor:
        """Append an addition."""
        return self.append("ADD", (left, right), left.shape)

    def concatenate(self, *sources: Tensor) -> Tensor:
        """Append a concatenation of channels."""
        channels = sum(tensor.shape[-1] for tensor in sources)
        return self.append("CONCATENATION", sources, (*sources[0].shape[:-1], channels), axis=3)

    def classify(self, x: Tensor, classes: int) -> Network:
        """Append mean, dense layer and softmax, and finish."""
        pooled = self.append("MEAN", (x,), (1, x.shape[-1]), axes=(1, 2))
        logits = self.dense(pooled, classes)
        return self.network(self.append("SOFTMAX", (logits,), logits.shape))

    def network(self, *outputs: Tensor) -> Network:
        """Finish: the network with these outputs, by default the last operator's."""
        last = outputs or self.operators[-1].outputs
        return Network(tuple(self.operators), (self.input,), tuple(last))


def _window(x: Tensor, kernel: tuple[int, int], stride: int, padding: str) -> list[int]:
    lost = (0, 0) if padding == "SAME" else (kernel[0] - 1, kernel[1] - 1)
    return [ceil((side - less) / stride) for side, less in zip(x.shape[1:3], lost, strict=True)]
