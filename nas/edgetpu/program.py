"""Size of the program: the instructions that the host sends for every inference.

Fitted to relative errors of 44 compiled programs: 23 % off on average, 30 % by operator count and
bytes moved. Compilers of different age differ by as much, and
around softmaxes by up to four times.
"""

from collections.abc import Iterable

from nas.edgetpu.tiling import cuts, has_uneven_patches, touched_bytes
from nas.network.network import Operator

RECTIFIERS = ("RELU", "RELU6", "RELU_N1_TO_1")
_PROGRAM_BYTES = 3_500
_BYTES_PER_OPERATOR = 1_100
_BYTES_FOR_UNEVEN_PATCHES = 1_150
_BYTES_PER_CUT_BYTE = 0.0054
# Between compilers before 2020, about 10 kB, and version 16, 35 – 60 kB.
_SOFTMAX_PROGRAM_BYTES = 20_000


def instruction_bytes(operators: Iterable[Operator]) -> int:
    """Size of the program the host sends for every inference.

    Args:
        operators: The mapped operators; none need no program.
    """
    sizes = [operator_instruction_bytes(operator) for operator in operators]
    return _PROGRAM_BYTES + sum(sizes) if sizes else 0


def operator_instruction_bytes(operator: Operator) -> int:
    """The part of the program that one operator takes; a rectifier is part of its neighbour."""
    if operator.type in RECTIFIERS:
        return 0
    size = _BYTES_PER_OPERATOR
    if operator.type == "SOFTMAX":
        size += _SOFTMAX_PROGRAM_BYTES
    if has_uneven_patches(operator):
        size += _BYTES_FOR_UNEVEN_PATCHES
    if cuts(operator):
        size += round(_BYTES_PER_CUT_BYTE * touched_bytes(operator))
    return size
