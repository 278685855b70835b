"""Writes the operators of a network one after another, in a millisecond and without Keras."""

from collections.abc import Sequence

from nas.network.macs import count_macs
from nas.network.network import Network, Operator, Tensor


class OperatorWriter:
    """Operators in execution order, as an int8 file holds them; normalizations are folded.

    Attributes:
        operators: Those written so far.
    """

    def __init__(self) -> None:
        self.operators: list[Operator] = []

    def write(
        self, kind: str, sources: Sequence[Tensor], shape: tuple[int, ...],
        weights: tuple[int, ...] | None = None, **attributes: object,
    ) -> Tensor:  # fmt: skip
        """Write an operator and return its output.

        Args:
            kind: TFLite's name.
            sources: The activations that it reads.
            shape: Shape of its output, with the batch.
            weights: Shape of its weights, as in the file; a bias comes with them.
            attributes: Its options.
        """
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

    def convolve(
        self, x: Tensor, width: int, kernel: int, stride: int = 1, **attributes: object
    ) -> Tensor:
        """Write a convolution with same padding."""
        side = x.shape[1] // stride
        weights = (width, kernel, kernel, x.shape[-1])
        return self.write(
            "CONV_2D", [x], (1, side, side, width), weights, stride=(stride, stride), **attributes
        )

    def convolve_depthwise(
        self, x: Tensor, kernel: int, stride: int, **attributes: object
    ) -> Tensor:
        """Write a depthwise convolution with same padding."""
        side, width = x.shape[1] // stride, x.shape[-1]
        return self.write(
            "DEPTHWISE_CONV_2D", [x], (1, side, side, width), (1, kernel, kernel, width),
            stride=(stride, stride), **attributes,
        )  # fmt: skip

    def pool(self, x: Tensor, kernel: int, stride: int) -> Tensor:
        """Write an average pool with same padding."""
        side, width = x.shape[1] // stride, x.shape[-1]
        return self.write("AVERAGE_POOL_2D", [x], (1, side, side, width), None,
                          kernel=(kernel, kernel), stride=(stride, stride))  # fmt: skip

    def classify(self, x: Tensor, classes: int) -> Tensor:
        """Write the mean over positions, a dense layer and a softmax."""
        x = self.write("MEAN", [x], (1, x.shape[-1]))
        x = self.write("FULLY_CONNECTED", [x], (1, classes), (classes, x.shape[-1]))
        return self.write("SOFTMAX", [x], (1, classes))

    def network(self, source: Tensor, last: Tensor) -> Network:
        """Return what was written as a network."""
        return Network(tuple(self.operators), (source,), (last,))
