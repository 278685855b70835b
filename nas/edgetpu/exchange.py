"""When the tiles exchange the borders of an activation.

Each tile holds a patch of every activation. Before a kernel larger than its stride can run, the
tiles have to fetch each other's borders – once an activation, however many operators read it. On
NAS-Bench-201 this is what tells apart networks with the same operators: a chain of two 3x3
convolutions is slower than two side by side.
"""

from collections.abc import Iterable
from math import prod

from nas.edgetpu.program import RECTIFIERS
from nas.network.network import Operator


def exchanging_operators(operators: Iterable[Operator]) -> frozenset[int]:
    """Return the indices of the operators that have to wait for an exchange of borders.

    A rectifier changes no position: it and what it reads are exchanged together.

    Args:
        operators: The mapped operators in execution order.
    """
    source: dict[str, str] = {}
    exchanged: set[str] = set()
    waiting: set[int] = set()
    for operator in operators:
        names = {source.get(t.name, t.name) for t in operator.activations}
        if operator.type in RECTIFIERS:
            source |= {t.name: name for t in operator.outputs for name in names}
        elif _reads_neighbours(operator) and not names <= exchanged:
            exchanged |= names
            waiting.add(operator.index)
    return frozenset(waiting)


def _reads_neighbours(operator: Operator) -> bool:
    kernel = _kernel(operator)
    stride = operator.attributes.get("stride", (1, 1))
    overlaps = any(side > step for side, step in zip(kernel, stride, strict=True))
    return overlaps and prod(operator.outputs[0].shape[1:-1]) > 1


def _kernel(operator: Operator) -> tuple[int, int]:
    if operator.type in ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"):
        _, height, width, _ = operator.weights.shape
        return height, width
    height, width = operator.attributes.get("kernel", (1, 1))
    return height, width
