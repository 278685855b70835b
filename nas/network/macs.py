"""Multiply-accumulate operations of one operator."""

from collections.abc import Callable, Mapping
from math import prod

from nas.network.network import Tensor

_Shape = tuple[int, ...]


def _convolution(inputs: list[_Shape], output: _Shape) -> int:
    return prod(output) * prod(inputs[1][1:])


def _depthwise(inputs: list[_Shape], output: _Shape) -> int:
    return prod(output) * prod(inputs[1][1:3])


def _dense(inputs: list[_Shape], output: _Shape) -> int:
    return prod(output) * inputs[1][-1]


def _transposed(inputs: list[_Shape], _: _Shape) -> int:
    weights, image = inputs[1], inputs[2]
    return prod(image) * prod(weights[:-1])


def _matrix_product(inputs: list[_Shape], output: _Shape) -> int:
    return prod(output) * inputs[0][-1]


def _recurrent(inputs: list[_Shape], _: _Shape) -> int:
    sequence, *weights = inputs
    return sequence[1] * sum(prod(shape) for shape in weights if len(shape) == 2)


_FORMULAS: Mapping[str, Callable[[list[_Shape], _Shape], int]] = {
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _dense,
    "TRANSPOSE_CONV": _transposed,
    "BATCH_MATMUL": _matrix_product,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _recurrent,
}


def count_macs(
    operator_type: str, inputs: tuple[Tensor | None, ...], outputs: tuple[Tensor, ...]
) -> int:
    """Count the multiply-accumulate operations of one inference.

    Args:
        operator_type: TFLite's name, such as ``CONV_2D``.
        inputs: Input tensors in TFLite's order and layout: convolution weights are
            (output channels, height, width, input channels of one group), depthwise weights
            (1, height, width, channels), dense weights (units, inputs).
        outputs: Output tensors.

    Returns:
        Multiply-accumulates; 0 for an operator that has none, such as a pool or an addition.

    Raises:
        ValueError: The inputs do not have the ranks the operator needs.
    """
    formula = _FORMULAS.get(operator_type)
    if formula is None:
        return 0
    try:
        return formula([() if t is None else t.shape for t in inputs], outputs[0].shape)
    except IndexError:
        raise ValueError(f"{operator_type} has inputs of the wrong rank or number") from None
