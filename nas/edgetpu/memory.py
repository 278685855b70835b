"""Memory the network needs on the chip: parameters and activations.

The parameter formula agrees with the compiler's totals in 484 of 489 rows of public layer sweeps.
Parameters are cached by whole layers, dense ones up to 8,192 inputs in all: seven stacks of dense
layers stop there at any width, and single layers with 16,384 inputs are streamed however small.
Which layers the compiler leaves out is not known where they have equal size; here the first ones
that fit stay, in execution order.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import prod

from nas.edgetpu.chip import CHIP
from nas.network.network import Network, Operator, Tensor

_TILE_BYTES = 8_192 * 64
_CACHE_SHARE_OF_ACTIVATIONS = 0.1
_MAX_TABLE_CLASSES = 2_000


def _round_up(value: int, step: int) -> int:
    return -(-value // step) * step


def _adds_nothing(operator: Operator) -> bool:
    return bool(operator.attributes.get("zero_bias", False))


def _row_bytes(operator: Operator) -> int:
    """Bias and scale of one row: 4 bytes of bias, and 8 of its own scale."""
    if operator.weights.scales > 1:
        return 8 if _adds_nothing(operator) else 12
    return 4


def _rows(operator: Operator, channels: int) -> int:
    """Rows of weights: in 64, narrow layers in 16 unless each row has a scale and no bias."""
    is_wide = channels >= CHIP.cells
    is_scaled = operator.weights.scales > 1 and _adds_nothing(operator)
    return _round_up(channels, CHIP.cells if is_wide or is_scaled else CHIP.tiles)


def _convolution_bytes(operator: Operator) -> int:
    channels, height, width, depth = operator.weights.shape
    taps = height * width * _round_up(depth, 4)
    if channels == 1 and _is_image(operator.outputs[0]):
        return _round_up(channels, 4) * taps + _round_up(channels, CHIP.tiles) * 4
    return _rows(operator, channels) * (taps + _row_bytes(operator))


def _is_image(tensor: Tensor) -> bool:
    return prod(tensor.shape[1:-1]) > 1


def _dense_bytes(operator: Operator) -> int:
    units, depth = operator.weights.shape
    is_bare = operator.weights.scales <= 1 and _adds_nothing(operator)
    return _rows(operator, units) * (_round_up(depth, 4) + (0 if is_bare else _row_bytes(operator)))


def _depthwise_bytes(operator: Operator) -> int:
    _, height, width, channels = operator.weights.shape
    if operator.activations[0].shape[-1] == 1 < channels:
        # Compiled as a convolution of one channel; seen in one file, Gabor filters.
        return _round_up(channels, CHIP.tiles) * (4 * height * width + 4)
    return _round_up(channels, 4) * (4 * height * width + _row_bytes(operator))


def _softmax_bytes(operator: Operator) -> int:
    classes = operator.outputs[0].elements
    if classes > _MAX_TABLE_CLASSES:
        return 0
    return _round_up(48 * classes + 208, CHIP.cells)


_FORMULAS: dict[str, Callable[[Operator], int]] = {
    "CONV_2D": _convolution_bytes,
    "FULLY_CONNECTED": _dense_bytes,
    "DEPTHWISE_CONV_2D": _depthwise_bytes,
    "TRANSPOSE_CONV": _convolution_bytes,
    "SOFTMAX": _softmax_bytes,
}


def parameter_bytes(operator: Operator) -> int:
    """Bytes of wide memory an operator's parameters take, padding included.

    Args:
        operator: A mapped operator.

    Returns:
        Bytes; 0 for an operator without parameters.

    Raises:
        ValueError: The operator's weights do not have the rank its type needs.
    """
    formula = _FORMULAS.get(operator.type)
    return formula(operator) if formula is not None else 0


def peak_activation_bytes(network: Network) -> int:
    """Most bytes of activations alive at one time when the operators run in order.

    An activation lives from the operator that makes it to the last one that reads it; the
    network's outputs live to the end.
    """
    return max(_alive(network), default=0)


def held_activation_bytes(network: Network) -> int:
    """Most bytes alive beside what an operator itself reads and writes: skips and branches."""
    touched = [sum(t.size_bytes for t in _touched(op)) for op in network.operators]
    alive = _alive(network)
    return max((total - own for total, own in zip(alive, touched, strict=True)), default=0)


def _touched(operator: Operator) -> set[Tensor]:
    return {*operator.activations, *operator.outputs}


def _alive(network: Network) -> list[int]:
    last_use = {t.name: op.index for op in network.operators for t in _touched(op)}
    last_use.update({tensor.name: len(network.operators) for tensor in network.outputs})
    changes = [0] * (len(network.operators) + 2)
    for tensor, first in _births(network):
        changes[first] += tensor.size_bytes
        changes[last_use.get(tensor.name, first) + 1] -= tensor.size_bytes
    return list(accumulate(changes))[: len(network.operators)]


def _births(network: Network) -> Iterable[tuple[Tensor, int]]:
    yield from ((tensor, 0) for tensor in dict.fromkeys(network.inputs))
    for operator in network.operators:
        yield from ((tensor, operator.index) for tensor in operator.outputs)


@dataclass(frozen=True)
class ParameterMemory:
    """Where the parameters of the mapped operators are kept.

    Attributes:
        bytes_by_operator: Operator index → bytes of wide memory its parameters need.
        streamed: Indices of the operators whose parameters are sent on every inference.
        capacity_bytes: Wide memory left for caching parameters.
    """

    bytes_by_operator: Mapping[int, int]
    streamed: frozenset[int]
    capacity_bytes: int

    @property
    def on_chip_bytes(self) -> int:
        """Bytes that stay in the chip."""
        return sum(n for i, n in self.bytes_by_operator.items() if i not in self.streamed)

    @property
    def off_chip_bytes(self) -> int:
        """Bytes sent on every inference."""
        return sum(self.bytes_by_operator[index] for index in self.streamed)


def place_parameters(
    operators: Sequence[Operator], program_bytes: int, activation_bytes: int
) -> ParameterMemory:
    """Decide which layers' parameters stay in the chip.

    Args:
        operators: The mapped operators in execution order.
        program_bytes: Size of the program.
        activation_bytes: Peak activation memory.
    """
    reserved = CHIP.wide_reserve_bytes + program_bytes
    capacity = CHIP.wide_bytes - reserved - round(_CACHE_SHARE_OF_ACTIVATIONS * activation_bytes)
    sizes = {operator.index: parameter_bytes(operator) for operator in operators}
    streamed = _streamed(operators, sizes, capacity)
    sent = {op.index: _sent_bytes(op) for op in operators if op.index in streamed}
    return ParameterMemory(sizes | sent, streamed, capacity)


def _streamed(
    operators: Sequence[Operator], sizes: Mapping[int, int], capacity: int
) -> frozenset[int]:
    free_bytes, free_block_bytes, streamed = capacity, _TILE_BYTES, set()
    for operator in operators:
        size, block = sizes[operator.index], _block_bytes(operator)
        if size <= free_bytes and block <= free_block_bytes:
            free_bytes -= size
            free_block_bytes -= block
        else:
            streamed.add(operator.index)
    return frozenset(streamed)


def _block_bytes(operator: Operator) -> int:
    """Bytes of the 64 units of a dense layer that share a tile: all layers start at the first."""
    if operator.type != "FULLY_CONNECTED":
        return 0
    units, _ = operator.weights.shape
    return parameter_bytes(operator) // _rows(operator, units) * CHIP.cells


def _sent_bytes(operator: Operator) -> int:
    """Bytes of a streamed layer: narrow convolutions are padded less than when they are cached."""
    if operator.type != "CONV_2D":
        return parameter_bytes(operator)
    filters, height, width, depth = operator.weights.shape
    step = CHIP.cells if filters >= CHIP.cells else CHIP.tiles
    taps = height * width * _round_up(depth, 4)
    return _round_up(filters, step) * (taps + _row_bytes(operator))
