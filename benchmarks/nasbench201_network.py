"""The network of a NAS-Bench-201 cell, as operators, in a millisecond and without Keras."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from nas.network.macs import count_macs
from nas.network.network import Network, Operator, Tensor

SIDE, CHANNELS, CLASSES = 32, 3, 10
WIDTHS = (16, 32, 64)
CELLS = 5
_KERNELS = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}

Steps = Sequence[tuple[str, Sequence[int]]]


@dataclass
class _Writer:
    operators: list[Operator] = field(default_factory=list)

    def write(
        self, kind: str, sources: Sequence[Tensor], shape: tuple[int, ...],
        weights: tuple[int, ...] | None = None, **attributes: object,
    ) -> Tensor:  # fmt: skip
        number = len(self.operators)
        output = Tensor(f"t{number}", shape, "int8")
        constants = () if weights is None else (
            Tensor(f"w{number}", weights, "int8", True),
            Tensor(f"b{number}", (weights[0],), "int32", True),
        )  # fmt: skip
        inputs = (*sources, *constants)
        macs = count_macs(kind, inputs, (output,))
        self.operators.append(Operator(number, kind, 1, inputs, (output,), attributes, macs))
        return output

    def convolve(self, x: Tensor, width: int, kernel: int, stride: int = 1) -> Tensor:
        side = x.shape[1] // stride
        weights = (width, kernel, kernel, x.shape[-1])
        return self.write("CONV_2D", [x], (1, side, side, width), weights, stride=(stride, stride))

    def pool(self, x: Tensor, kernel: int, stride: int) -> Tensor:
        side, width = x.shape[1] // stride, x.shape[-1]
        return self.write("AVERAGE_POOL_2D", [x], (1, side, side, width), None,
                          kernel=(kernel, kernel), stride=(stride, stride))  # fmt: skip

    def step(self, operation: str, sources: list[Tensor]) -> Tensor:
        first = sources[0]
        if operation == "add":
            for other in sources[1:]:
                first = self.write("ADD", [first, other], first.shape)
            return first
        if operation == "relu":
            return self.write("RELU", [first], first.shape)
        if operation == "avg_pool_3x3":
            return self.pool(first, 3, 1)
        return self.convolve(first, first.shape[-1], _KERNELS[operation])

    def cell(self, x: Tensor, steps: Steps) -> Tensor:
        values = [x]
        for operation, sources in steps[1:]:
            values.append(self.step(operation, [values[source] for source in sources]))
        return values[-1]

    def reduce(self, x: Tensor, width: int) -> Tensor:
        shortcut = self.convolve(self.pool(x, 2, 2), width, 1)
        for stride in (2, 1):
            x = self.convolve(self.step("relu", [x]), width, 3, stride)
        return self.step("add", [shortcut, x])


def cell_network(steps: Steps) -> Network:
    """Return the operators of the whole published network of one cell.

    Args:
        steps: The cell's live steps: an operation and the places of the steps it reads.
    """
    writer = _Writer()
    image = Tensor("image", (1, SIDE, SIDE, CHANNELS), "int8")
    x = writer.convolve(image, WIDTHS[0], 3)
    for stage, width in enumerate(WIDTHS):
        x = x if stage == 0 else writer.reduce(x, width)
        for _ in range(CELLS):
            x = writer.cell(x, steps)
    # The last normalization follows an addition: no convolution absorbs it.
    for kind, activation in (("MUL", "NONE"), ("ADD", "RELU")):
        x = writer.write(kind, [x], x.shape, (x.shape[-1],), activation=activation)
    x = writer.write("MEAN", [x], (1, WIDTHS[-1]))
    x = writer.write("FULLY_CONNECTED", [x], (1, CLASSES), (CLASSES, WIDTHS[-1]))
    x = writer.write("SOFTMAX", [x], (1, CLASSES))
    return Network(tuple(writer.operators), (image,), (x,))
