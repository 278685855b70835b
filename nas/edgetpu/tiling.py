"""How an operator's activations are laid on the 4 x 4 tiles, and cut where they do not fit.

Each tile holds a patch of every activation with the borders a kernel needs. Patches of one size
run one program; others need instructions of their own. Where input and output together do not fit
the narrow memory, the compiler cuts the operator: measured latency steps up first where the
patches no longer fit with their borders, and again where they do not fit at all.
"""

from math import ceil, prod

from nas.edgetpu.chip import CHIP
from nas.network.network import Operator

_SIDE = 4
_BORDER = 2
_FILLED = 1.2


def has_uneven_patches(operator: Operator) -> bool:
    """Whether the tiles hold patches of different size: a side that four does not divide."""
    sides = operator.outputs[0].shape[1:-1]
    return prod(sides) > 1 and any(side % _SIDE for side in sides)


def cuts(operator: Operator) -> int:
    """How often the activations have to be cut before they fit the narrow memory.

    Never where input and output fit with their borders, once where they fit without; beyond, once
    for each part they fill. Inferred from convolutions on 64 x 64 inputs: once from 302 filters
    on, twice from 392, three times from 642.
    """
    shape = operator.outputs[0].shape
    if operator.type == "FULLY_CONNECTED" or len(shape) != 4:
        return 0
    needed = touched_bytes(operator)
    if needed > CHIP.narrow_bytes:
        return ceil(_FILLED * needed / CHIP.narrow_bytes)
    return int(needed * _bordered(shape[1]) * _bordered(shape[2]) > CHIP.narrow_bytes)


def touched_bytes(operator: Operator) -> int:
    """Bytes of activations an operator reads and writes, channels padded as on the tiles."""
    return sum(tensor.padded_bytes for tensor in (*operator.activations, *operator.outputs))


def _bordered(side: int) -> float:
    patch = max(1, -(-side // _SIDE))
    return (patch + _BORDER) / patch
