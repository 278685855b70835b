"""Time the Edge TPU's cells need for one operator, parameters and activations being there.

The cells take 64 output channels at a time: work is counted with channels rounded up to 64, so a
convolution with 65 filters costs as much as one with 128. A dense layer has one position only: it
waits for its weights, not for the cells. An operator has no fixed cost here: the fits leave nothing
for one beside the transfer of its instructions and the exchange of borders that it may need.
"""

from collections.abc import Callable
from math import prod

from nas.edgetpu.calibration import CALIBRATION, Calibration
from nas.edgetpu.chip import CHIP, CLOCK_MHZ
from nas.edgetpu.tiling import cuts
from nas.network.network import Operator

_Work = tuple[str, int]


def _round_up(value: int, step: int) -> int:
    return -(-value // step) * step


def _positions(operator: Operator) -> int:
    return prod(operator.outputs[0].shape[:-1])


def _convolution(operator: Operator) -> _Work:
    filters, height, width, depth = operator.weights.shape
    taps = height * width * _round_up(depth, CHIP.lanes)
    return "mac", _positions(operator) * taps * _round_up(filters, CHIP.cells)


def _transposed_convolution(operator: Operator) -> _Work:
    filters, height, width, depth = operator.weights.shape
    *positions, _ = operator.activations[-1].shape
    taps = height * width * _round_up(depth, CHIP.lanes)
    return "mac", prod(positions) * taps * _round_up(filters, CHIP.cells)


def _dense(operator: Operator) -> _Work:
    units, depth = operator.weights.shape
    padded = _round_up(units, CHIP.cells) * _round_up(depth, CHIP.lanes)
    return "weight_byte", _positions(operator) * padded


def _depthwise(operator: Operator) -> _Work:
    _, height, width, channels = operator.weights.shape
    return "tap", _positions(operator) * height * width * _round_up(channels, CHIP.cells)


def _average_pool(operator: Operator) -> _Work:
    channels = _round_up(operator.outputs[0].shape[-1], CHIP.cells)
    return "average_tap", _positions(operator) * channels * prod(operator.attributes["kernel"])


def _max_pool(operator: Operator) -> _Work:
    return "max_tap", operator.outputs[0].elements * prod(operator.attributes["kernel"])


def _reduction(operator: Operator) -> _Work:
    *positions, channels = operator.activations[0].shape
    return "average_tap", prod(positions) * _round_up(channels, CHIP.cells)


def _elementwise(operator: Operator) -> _Work:
    operands = sum(tensor is not None for tensor in operator.inputs)
    *positions, channels = operator.outputs[0].shape or (1,)
    padded = prod(positions) * _round_up(channels, CHIP.cells)
    return "element", padded * max(1, operands - 1)


def _copying(operator: Operator) -> _Work:
    return "copied_byte", sum(tensor.size_bytes for tensor in operator.outputs)


def _joining(operator: Operator) -> _Work:
    return "joined_byte", sum(tensor.size_bytes for tensor in operator.outputs)


def _renaming(_: Operator) -> _Work:
    return "copied_byte", 0


_WORK: dict[str, Callable[[Operator], _Work]] = {
    "CONV_2D": _convolution, "FULLY_CONNECTED": _dense, "DEPTHWISE_CONV_2D": _depthwise,
    "TRANSPOSE_CONV": _transposed_convolution, "AVERAGE_POOL_2D": _average_pool,
    "MAX_POOL_2D": _max_pool,
    "MEAN": _reduction, "SUM": _reduction, "REDUCE_MAX": _reduction, "REDUCE_MIN": _reduction,
    "RESHAPE": _renaming, "SQUEEZE": _renaming, "EXPAND_DIMS": _renaming,
    "ADD": _elementwise, "SUB": _elementwise, "MUL": _elementwise, "MAXIMUM": _elementwise,
    "MINIMUM": _elementwise, "SQUARED_DIFFERENCE": _elementwise, "PRELU": _elementwise,
    "LOGISTIC": _elementwise, "TANH": _elementwise, "SOFTMAX": _elementwise,
    "RESIZE_BILINEAR": _elementwise, "RESIZE_NEAREST_NEIGHBOR": _elementwise,
    "CONCATENATION": _joining, "PAD": _copying, "PACK": _copying, "SLICE": _copying,
    "STRIDED_SLICE": _copying, "SPLIT": _copying, "TILE": _copying, "TRANSPOSE": _copying,
    "SPACE_TO_DEPTH": _copying, "QUANTIZE": _copying, "RELU": _renaming, "RELU6": _renaming,
    "RELU_N1_TO_1": _renaming,
}  # fmt: skip


def compute_ms(
    operator: Operator, clock_mhz: float, calibration: Calibration = CALIBRATION
) -> float | None:
    """Time of one mapped operator on the cells.

    Args:
        operator: A mapped operator.
        clock_mhz: Clock of the chip.
        calibration: The fitted constants.

    Returns:
        Milliseconds, or ``None`` for an operator whose cost is not known.
    """
    count = _WORK.get(operator.type)
    if count is None:
        return None
    kind, work = count(operator)
    longer = 1 + calibration.cut_share * cuts(operator)
    return work / 1e9 * calibration.rates[kind].ms_per_giga * longer * CLOCK_MHZ / clock_mhz
