"""The measured networks of NAS-Bench-201, as operators, in a millisecond and without Keras.

They are written as they were measured: one operator for each live edge of the cell. The search
space of that name builds the same but for equal pools of one value, which it computes once.
"""

import re
from collections.abc import Iterator, Sequence

from benchmarks.fidelity_data import Measured, read_rows
from benchmarks.fidelity_layers import Layers
from nas.network.network import Network, Tensor

FAMILY = "nasbench201"
FITTED_EVERY = 10
"""Rows whose number is a multiple of this may be fitted."""
SETUP_MS = 0.07
"""What the unknown set-up takes beyond a desktop's USB 3, by the rows that may be fitted: taken off
these rows, so that it bends no other constant, and off none that are scored."""
_ENDS = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
_KERNELS = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}

Edge = tuple[int, int, str]


def read_cells(file: str = "nasbench201_1999") -> Iterator[Measured]:
    """Read the measured cells; the set-up is not stated, so it is taken to be the default one.

    Raises:
        UserError: The data file is not there.
    """
    networks: dict[tuple[Edge, ...], Network] = {}
    for number, row in enumerate(read_rows(file)):
        edges = live_edges(row["arch_str"])
        if not edges:
            continue
        if edges not in networks:
            networks[edges] = cell_network(edges)
        fits = number % FITTED_EVERY == 0
        latency_ms = float(row["edgetpu_latency_ms"]) - (SETUP_MS if fits else 0.0)
        yield Measured(file, FAMILY, row["index"], networks[edges], "usb3", "desktop", 500.0,
                       latency_ms, fits)  # fmt: skip


def live_edges(architecture: str) -> tuple[Edge, ...]:
    """Return the edges that the cell's output depends on: source node, target node, operation.

    Args:
        architecture: The published string of a cell.
    """
    operations = re.findall(r"(\w+)~", architecture)
    edges = [(*ends, op) for ends, op in zip(_ENDS, operations, strict=True) if op != "none"]
    from_input, to_output = {0}, {3}
    for source, target, _ in edges:
        from_input |= {target} if source in from_input else set()
    for source, target, _ in reversed(edges):
        to_output |= {source} if target in to_output else set()
    live = from_input & to_output
    return tuple(edge for edge in edges if edge[0] in live and edge[1] in live)


def cell_network(edges: Sequence[Edge]) -> Network:
    """Return the published network of one cell, at 32x32x3 with 10 classes.

    Args:
        edges: The cell's live edges.
    """
    layers = Layers((1, 32, 32, 3), per_channel=True)
    x = layers.conv(layers.input, 16)
    for width in (16, 32, 64):
        x = x if width == 16 else _reduce(layers, x, width)
        for _ in range(5):
            x = _cell(layers, x, edges)
    return layers.classify(x, 10)


def _reduce(layers: Layers, x: Tensor, width: int) -> Tensor:
    shortcut = layers.conv(layers.pool(x, 2, 2, average=True), width, 1)
    main = layers.conv(layers.conv(_rectify(layers, x), width, 3, 2), width)
    return layers.add(shortcut, main)


def _rectify(layers: Layers, x: Tensor) -> Tensor:
    return layers.append("RELU", (x,), x.shape)


def _cell(layers: Layers, x: Tensor, edges: Sequence[Edge]) -> Tensor:
    nodes = {0: x}
    rectified: dict[int, Tensor] = {}
    for source in range(3):
        readers = [operation for start, _, operation in edges if start == source]
        value = nodes.get(source) or _sum(layers, nodes, rectified, edges, source)
        if value is None:
            continue
        nodes[source] = value
        reads = [operation in _KERNELS for operation in readers]
        # The converter fuses a rectifier into what it alone reads; the cell's input is read twice.
        is_fused = source > 0 and all(reads)
        if any(reads):
            rectified[source] = value if is_fused else _rectify(layers, value)
    output = _sum(layers, nodes, rectified, edges, 3)
    return x if output is None else output


def _sum(
    layers: Layers,
    nodes: dict[int, Tensor],
    rectified: dict[int, Tensor],
    edges: Sequence[Edge],
    target: int,
) -> Tensor | None:
    total: Tensor | None = None
    for source, end, operation in edges:
        if end == target:
            term = _follow(layers, nodes[source], rectified.get(source), operation)
            total = term if total is None else layers.add(total, term)
    return total


def _follow(layers: Layers, x: Tensor, rectified: Tensor | None, operation: str) -> Tensor:
    if operation == "avg_pool_3x3":
        return layers.pool(x, 3, 1, "SAME", average=True)
    if operation in _KERNELS and rectified is not None:
        return layers.conv(rectified, x.shape[-1], _KERNELS[operation])
    return x
