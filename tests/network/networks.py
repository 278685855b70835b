"""Hand-built int8 networks for the tests of the chip model."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil

from nas.network.macs import count_macs
from nas.network.network import Network, Operator, Tensor


def weights(*shape: int, scales: int = 1, dtype: str = "int8") -> Tensor:
    return Tensor("weights", shape, dtype, is_constant=True, scales=scales)


def activation(name: str, *shape: int, dtype: str = "int8", scales: int = 1) -> Tensor:
    return Tensor(name, shape, dtype, scales=scales)


@dataclass
class Builder:
    """Appends operators in execution order; every method returns the new activation."""

    input_shape: tuple[int, ...]
    operators: list[Operator] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.input = activation("input", *self.input_shape)

    def add_operator(
        self,
        type_: str,
        inputs: Sequence[Tensor],
        shape: Sequence[int],
        version: int = 1,
        dtype: str = "int8",
        **attributes: object,
    ) -> Tensor:
        index = len(self.operators)
        output = activation(f"{type_}_{index}", *shape, dtype=dtype)
        macs = count_macs(type_, tuple(inputs), (output,))
        self.operators.append(
            Operator(index, type_, version, tuple(inputs), (output,), attributes, macs)
        )
        return output

    def conv(
        self,
        source: Tensor,
        filters: int,
        kernel: int | tuple[int, int] = 3,
        stride: int = 1,
        *,
        padding: str = "SAME",
        per_channel: bool = True,
        zero_bias: bool = False,
    ) -> Tensor:
        kernel = (kernel, kernel) if isinstance(kernel, int) else kernel
        scales = filters if per_channel else 1
        kernels = weights(filters, *kernel, source.shape[-1], scales=scales)
        bias = weights(filters, scales=scales, dtype="int32")
        size = [_out(s, k, stride, padding) for s, k in zip(source.shape[1:3], kernel, strict=True)]
        return self.add_operator(
            "CONV_2D", (source, kernels, bias), (1, *size, filters), 3 if per_channel else 1,
            stride=(stride, stride), dilation=(1, 1), padding=padding, zero_bias=zero_bias,
        )  # fmt: skip

    def depthwise(self, source: Tensor, stride: int = 1, kernel: int = 3) -> Tensor:
        channels = source.shape[-1]
        kernels = weights(1, kernel, kernel, channels, scales=channels)
        bias = weights(channels, scales=channels, dtype="int32")
        size = [ceil(s / stride) for s in source.shape[1:3]]
        return self.add_operator(
            "DEPTHWISE_CONV_2D", (source, kernels, bias), (1, *size, channels), 3,
            stride=(stride, stride), dilation=(1, 1), padding="SAME", depth_multiplier=1,
        )  # fmt: skip

    def dense(self, source: Tensor, units: int, scales: int = 1) -> Tensor:
        kernels = weights(units, source.elements, scales=scales)
        bias = weights(units, scales=scales, dtype="int32")
        return self.add_operator(
            "FULLY_CONNECTED", (source, kernels, bias), (1, units), 4, weights_format=0,
            zero_bias=False,
        )  # fmt: skip

    def pool(
        self, source: Tensor, kernel: int = 2, stride: int = 2, type_: str = "MAX_POOL_2D",
        padding: str = "VALID",
    ) -> Tensor:  # fmt: skip
        size = [_out(s, kernel, stride, padding) for s in source.shape[1:3]]
        return self.add_operator(
            type_, (source,), (1, *size, source.shape[-1]), 2,
            kernel=(kernel, kernel), stride=(stride, stride), padding=padding,
        )  # fmt: skip

    def add(self, left: Tensor, right: Tensor) -> Tensor:
        return self.add_operator("ADD", (left, right), left.shape, 2)

    def concatenate(self, sources: Sequence[Tensor]) -> Tensor:
        channels = sum(tensor.shape[-1] for tensor in sources)
        shape = (*sources[0].shape[:-1], channels)
        return self.add_operator("CONCATENATION", sources, shape, 2, axis=3)

    def mean(self, source: Tensor) -> Tensor:
        return self.add_operator("MEAN", (source,), (1, source.shape[-1]), 2, axes=(1, 2))

    def softmax(self, source: Tensor) -> Tensor:
        return self.add_operator("SOFTMAX", (source,), source.shape, 2)

    def network(self, *outputs: Tensor) -> Network:
        last = outputs or self.operators[-1].outputs
        return Network(tuple(self.operators), (self.input,), tuple(last))


def _out(size: int, kernel: int, stride: int, padding: str) -> int:
    return ceil((size if padding == "SAME" else size - kernel + 1) / stride)


def five_convolutions(width: int) -> Network:
    """The network of the public convolution sweep: untrained 3x3 convolutions on 64x64x3."""
    builder = Builder((1, 64, 64, 3))
    x = builder.input
    for _ in range(5):
        x = builder.conv(x, width, zero_bias=True)
    return builder.network()


def five_dense_layers(width: int) -> Network:
    """The network of the public dense sweep: 64-N-N-N-N-10."""
    builder = Builder((1, 64))
    x = builder.input
    for units in (width, width, width, width, 10):
        x = builder.dense(x, units)
    return builder.network()


def mobilenet_v2() -> Network:
    """MobileNet v2 1.0 224 with 1001 classes."""
    builder = Builder((1, 224, 224, 3))
    x = builder.conv(builder.input, 32, 3, 2, per_channel=False)
    for expansion, filters, repeats, stride in _INVERTED_RESIDUALS:
        for repeat in range(repeats):
            x = _inverted_residual(builder, x, expansion, filters, 1 if repeat else stride)
    x = builder.conv(x, 1280, 1, per_channel=False)
    builder.softmax(builder.dense(builder.mean(x), 1001))
    return builder.network()


_INVERTED_RESIDUALS = (
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
    (6, 320, 1, 1),
)  # fmt: skip


def _inverted_residual(
    builder: Builder, source: Tensor, expansion: int, filters: int, stride: int
) -> Tensor:
    wide = source.shape[-1] * expansion
    x = builder.conv(source, wide, 1, per_channel=False) if expansion > 1 else source
    x = builder.conv(builder.depthwise(x, stride), filters, 1, per_channel=False)
    return builder.add(x, source) if x.shape == source.shape else x
