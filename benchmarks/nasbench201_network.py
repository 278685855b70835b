"""The network of a NAS-Bench-201 cell, as operators, in a millisecond and without Keras."""

from collections.abc import Sequence

from benchmarks.operator_writer import OperatorWriter
from nas.network.network import Network, Tensor

SIDE, CHANNELS, CLASSES = 32, 3, 10
WIDTHS = (16, 32, 64)
CELLS = 5
_KERNELS = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}

Steps = Sequence[tuple[str, Sequence[int]]]


class _Writer(OperatorWriter):
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
    return writer.network(image, writer.classify(x, CLASSES))
