"""``nasbench201``: the 15,625 cells of NAS-Bench-201, in the network they were published in.

Reference:
    Dong & Yang, NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search,
    ICLR 2020, arXiv 2001.00326.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import keras_tuner
from keras import layers

from search_spaces.blocks import classifier
from search_spaces.weightless import layers_first

NONE, SKIP, CONV_1X1, CONV_3X3, POOL = OPERATIONS = (
    "none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3",
)  # fmt: skip
"""What an edge may be, in the published order."""

FORM = "|op~0|+|op~0|op~1|+|op~0|op~1|op~2|"
"""The published string: for nodes 1, 2 and 3, the operation on each earlier node."""

EDGES = tuple(f"op_{number}" for number in range(6))
STAGE_WIDTHS = (16, 32, 64)
CELLS = 5
"""Cells in a stage."""

_KERNELS = {CONV_1X1: 1, CONV_3X3: 3}
_STRING = re.compile(re.escape(FORM).replace("op", r"(\w+)"))


class DisconnectedCellError(ValueError):
    """No path leads through the cell.

    As published its network computes the same for all images; the Edge TPU compiler fails on
    convolutions and pools over zeros.
    """


class NasBench201(keras_tuner.HyperModel):
    """Search space of the published cells: one operation for each of a cell's six edges.

    Args:
        input_shape: Shape of the images: ``(height, width, channels)``; published at 32x32x3.
        classes: Number of classes; 1 builds a single sigmoid output.
    """

    def __init__(self, input_shape: tuple[int, ...] = (32, 32, 3), classes: int = 10) -> None:
        super().__init__(name="nasbench201")
        self.input_shape = input_shape
        self.classes = classes

    @layers_first
    def build(self, hp: Any) -> Any:
        """Build the network of one cell, uncompiled, without what cannot reach its output.

        Inputs are RGB images, ``(batch, height, width, channels)``, 0 – 255; outputs are class
        probabilities, ``(batch, classes)``.

        Raises:
            DisconnectedCellError: The cell's output does not depend on its input.
        """
        chosen = {edge: hp.Choice(edge, list(OPERATIONS), default=CONV_3X3) for edge in EDGES}
        steps = live_steps(chosen)
        inputs = keras.Input(self.input_shape)
        # Scaled without an offset, which could not be folded into a padded convolution.
        x = layers.Rescaling(1 / 127.5)(inputs)
        x = _convolve(x, STAGE_WIDTHS[0], 3)
        for stage, width in enumerate(STAGE_WIDTHS):
            x = x if stage == 0 else _reduce(x, width)
            for _ in range(CELLS):
                x = _run_cell(x, steps)
        x = layers.ReLU()(_normalize(x))
        return keras.Model(inputs, classifier(x, self.classes, dropout=0.0))

    def presets(self) -> dict[str, dict[str, str]]:
        """Return the hyperparameters of well-known cells by name."""
        return {name: parse_architecture(arch_str) for name, arch_str in PRESETS.items()}


PRESETS = {
    "resnet": "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|skip_connect~2|",
    "all-3x3": "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|"
    "+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|",
    "dense-residual": "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|"
    "+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|",
}
"""Published strings: a residual block, the largest cell, and one of the best on CIFAR-10, with
94.36 % test accuracy where the best has 94.37 %."""


def parse_architecture(arch_str: str) -> dict[str, str]:
    """Read a published architecture string.

    Args:
        arch_str: ``|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`` with an operation for each ``op``.

    Returns:
        Hyperparameters ``op_0`` … ``op_5`` in the string's order.

    Raises:
        ValueError: The string has another form or names an unknown operation.
    """
    match = _STRING.fullmatch(arch_str)
    if match is None:
        raise ValueError(f"an architecture string must have the form {FORM}, got {arch_str!r}")
    hyperparameters = dict(zip(EDGES, match.groups(), strict=True))
    _checked(hyperparameters)
    return hyperparameters


def architecture_string(hyperparameters: Mapping[str, Any]) -> str:
    """Write the published architecture string of a cell.

    Args:
        hyperparameters: ``op_0`` … ``op_5``; others are ignored.

    Raises:
        ValueError: An edge is missing or its operation is unknown.
    """
    return FORM.replace("op", "{}").format(*_checked(hyperparameters))


def _checked(hyperparameters: Mapping[str, Any]) -> list[str]:
    for edge in EDGES:
        if hyperparameters.get(edge) not in OPERATIONS:
            raise ValueError(
                f"{edge} must be one of {', '.join(OPERATIONS)}, got {hyperparameters.get(edge)!r}"
            )
    return [hyperparameters[edge] for edge in EDGES]


@dataclass(frozen=True)
class Step:
    """One operation that a cell's output depends on.

    Attributes:
        operation: ``input``, ``relu``, ``add``, ``nor_conv_1x1``, ``nor_conv_3x3`` (convolution
            and normalization only) or ``avg_pool_3x3``.
        sources: Places of the steps it reads.
    """

    operation: str
    sources: tuple[int, ...]


def live_steps(hyperparameters: Mapping[str, Any]) -> tuple[Step, ...]:
    """Reduce a cell to what its output depends on.

    Edges from and to nodes without a path to both ends are left out, skip connections are no
    operation, and equal operations without weights are one. So cells that compute the same, such
    as those that differ in dead edges or in the order of nodes, have equal steps.

    Args:
        hyperparameters: ``op_0`` … ``op_5``.

    Returns:
        The steps in an order of execution that starts with the cell's input and ends with its
        output.

    Raises:
        DisconnectedCellError: No path leads from the cell's input to its output.
        ValueError: An operation is missing or unknown.
    """
    output = _output(_checked(hyperparameters))
    if output is None:
        raise DisconnectedCellError(
            "the cell is disconnected: a path of operations other than none must lead from node 0 "
            f"to node 3, got {architecture_string(hyperparameters)}; change op_3, or op_0 and op_4"
        )
    steps: list[Step] = []
    _place(output, steps, {})
    return tuple(steps)


@dataclass(frozen=True, eq=False)
class _Value:
    """What an edge or a node computes; two convolutions of one value are two values."""

    operation: str
    sources: tuple["_Value", ...] = ()

    @property
    def text(self) -> str:
        return f"{self.operation}({','.join(source.text for source in self.sources)})"


def _output(operations: Sequence[str]) -> _Value | None:
    edges = iter(operations)
    nodes: list[_Value | None] = [_Value("input")]
    for _ in range(3):
        nodes.append(_sum([_follow(next(edges), node) for node in nodes]))
    return nodes[-1]


def _follow(operation: str, value: _Value | None) -> _Value | None:
    if value is None or operation == NONE:
        return None
    if operation == SKIP:
        return value
    return _Value(operation, (value if operation == POOL else _Value("relu", (value,)),))


def _sum(terms: Sequence[_Value | None]) -> _Value | None:
    live = [term for term in terms if term is not None]
    if len(live) < 2:
        return live[0] if live else None
    # Addends have an order that does not depend on the numbers of the nodes they come from.
    return _Value("add", tuple(sorted(live, key=lambda term: term.text)))


def _place(value: _Value, steps: list[Step], places: dict[_Value, int]) -> int:
    if value not in places:
        sources = tuple(_place(source, steps, places) for source in value.sources)
        step = Step(value.operation, sources)
        if value.operation in _KERNELS or step not in steps:
            steps.append(step)
            places[value] = len(steps) - 1
        else:
            places[value] = steps.index(step)
    return places[value]


def _run_cell(x: Any, steps: Sequence[Step]) -> Any:
    values = [x]
    for step in steps[1:]:
        values.append(_run(step.operation, [values[source] for source in step.sources]))
    return values[-1]


def _run(operation: str, sources: list[Any]) -> Any:
    if operation == "add":
        return layers.Add()(sources)
    (x,) = sources
    if operation == "relu":
        return layers.ReLU()(x)
    if operation == POOL:
        return layers.AveragePooling2D(3, 1, padding="same")(x)
    return _convolve(x, x.shape[-1], _KERNELS[operation])


def _convolve(x: Any, width: int, kernel: int, stride: int = 1) -> Any:
    return _normalize(layers.Conv2D(width, kernel, stride, padding="same", use_bias=False)(x))


def _normalize(x: Any) -> Any:
    # PyTorch's epsilon, with which the networks were published.
    return layers.BatchNormalization(epsilon=1e-5)(x)


def _reduce(x: Any, width: int) -> Any:
    """Halve the resolution: the basic residual block between two stages."""
    shortcut = layers.AveragePooling2D(2, 2, padding="same")(x)
    shortcut = layers.Conv2D(width, 1, use_bias=False)(shortcut)
    for stride in (2, 1):
        x = _convolve(layers.ReLU()(x), width, 3, stride)
    return layers.Add()([shortcut, x])
