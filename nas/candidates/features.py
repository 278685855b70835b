"""Features of a candidate: what a surrogate of accuracy sees of its network and its settings."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from sys import intern
from typing import Any

import numpy as np
from numpy.typing import NDArray
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from nas.candidates.signal_paths import signal_features
from nas.network.network import Network, Operator, Tensor

_KINDS = {
    "DEPTHWISE_CONV_2D": "depthwise",
    "TRANSPOSE_CONV": "convolution_transposed",
    "FULLY_CONNECTED": "dense",
    "AVERAGE_POOL_2D": "average_pool",
    "MAX_POOL_2D": "max_pool",
    "ADD": "add",
    "SUB": "add",
    "MUL": "multiply",
    "CONCATENATION": "concatenate",
}
_ACTIVATIONS = {"RELU", "RELU6", "LEAKY_RELU", "PRELU", "HARD_SWISH", "LOGISTIC", "TANH", "ELU"}
_WEIGHTED = {
    "convolution_1x1", "convolution_3x3", "convolution_large", "convolution_transposed",
    "depthwise", "dense",
}  # fmt: skip
_CONVOLUTIONS = sorted(_WEIGHTED - {"dense"})
_POOLS = {"average_pool", "max_pool"}
_COUNTED = (*sorted(_WEIGHTED), "average_pool", "max_pool", "add", "multiply", "concatenate",
            "other")  # fmt: skip
_STAGES = 3

Features = Mapping[str, float]

SCHEMA = 2
"""Raised when features change: those of another schema cannot stand beside these."""


@dataclass(frozen=True)
class _Reach:
    """The paths that lead from the input to one tensor.

    ``longest``, ``shortest`` and ``mean`` count weighted operators, the ``spatial`` ones only those
    with kernels above 1x1; ``field`` and ``jump`` are in input pixels; ``behind`` has one bit for
    every operator on any of the paths.
    """

    longest: int = 0
    shortest: int = 0
    mean: float = 0.0
    longest_spatial: int = 0
    mean_spatial: float = 0.0
    paths: float = 1.0
    field: float = 1.0
    jump: float = 1.0
    behind: int = 0


def network_features(network: Network) -> Features:
    """Describe a network by numbers that mean the same in every search space.

    Args:
        network: The live operators in execution order, without what cannot reach an output.

    Returns:
        Features by name: operators by kind and their shares of the MACs, longest, mean and
        shortest convolution paths, the ways of the signal (:mod:`nas.candidates.signal_paths`),
        shortcuts by kind, widths along the depth, MACs, parameters, receptive field (input pixels)
        and resolutions; numbers as their logarithms, because the tenth layer changes less than the
        second.
    """
    reaches = _reaches(network)
    features = {
        **_operator_features(network.operators),
        **_path_features([reaches[tensor.name] for tensor in network.outputs]),
        **signal_features(network, _counted_on_paths),
        **_shortcut_features(network.operators, reaches),
        **_size_features(network),
        **_width_features(network.operators),
    }
    return {intern(name): value for name, value in features.items()}  # thousands share the names


def setting_features(
    params: Mapping[str, Any], distributions: Mapping[str, BaseDistribution]
) -> Features:
    """Describe settings: ordered ones by their position from 0 to 1, others one-hot.

    Args:
        params: Optuna parameters by name.
        distributions: Their distributions, as the space asked for them.
    """
    described: dict[str, float] = {}
    for name, value in params.items():
        distribution = distributions[name]
        if isinstance(distribution, CategoricalDistribution):
            described[intern(f"{name}={value}")] = 1.0
        elif isinstance(distribution, IntDistribution | FloatDistribution):
            described[name] = _position(float(value), distribution)
    return described


def _position(value: float, distribution: IntDistribution | FloatDistribution) -> float:
    low, high = float(distribution.low), float(distribution.high)
    if distribution.log:
        low, high, value = math.log(low), math.log(high), math.log(value)
    return (value - low) / (high - low) if high > low else 0.0


def standardized(rows: Sequence[Features], weight: float = 1.0) -> NDArray[np.float64]:
    """Arrange features in columns of mean 0 whose squared distances do not grow with their number.

    Args:
        rows: Features of each candidate; one that a candidate lacks counts as 0.
        weight: Share of these features in the distance between two candidates.

    Returns:
        Array ``(candidates, columns)`` without constant columns; the mean squared distance of two
        rows is ``2 * weight``.
    """
    names = sorted({name for row in rows for name in row})
    lacking = [0.0] * len(names)
    values = [list(map(row.get, names, lacking)) for row in rows]
    table = np.array(values, dtype=np.float64).reshape(len(rows), len(names))
    deviations = table.std(axis=0)
    varies = deviations > 1e-9
    scaled = (table[:, varies] - table[:, varies].mean(axis=0)) / deviations[varies]
    return np.asarray(scaled * math.sqrt(weight / max(1, varies.sum())))


def _kind(operator: Operator) -> str:
    if operator.type == "CONV_2D":
        side = _kernel(operator)
        return f"convolution_{'1x1' if side == 1 else '3x3' if side <= 3 else 'large'}"
    if operator.type in _ACTIVATIONS:
        return "activation"
    return _KINDS.get(operator.type, "other")


def _kernel(operator: Operator) -> int:
    """Return the longer side of the window: of a convolution, or of a pool."""
    if _is_convolution(operator):
        return max(operator.weights.shape[1:3], default=1)
    return int(max(operator.attributes.get("kernel", (1,))))


def _counted_on_paths(operator: Operator) -> tuple[bool, bool, bool]:
    """Tell whether an operator is weighted, weighted with a window above 1x1, and a pool."""
    kind = _kind(operator)
    is_weighted = kind in _WEIGHTED
    return is_weighted, is_weighted and _kernel(operator) > 1, kind in _POOLS


def _is_convolution(operator: Operator) -> bool:
    return operator.type in ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV")


def _reaches(network: Network) -> dict[str, _Reach]:
    reaches = {tensor.name: _Reach() for tensor in network.inputs}
    for place, operator in enumerate(network.operators):
        sources = [reaches.get(tensor.name, _Reach()) for tensor in operator.activations]
        reach = _through(operator, _joined(sources or [_Reach()]), 1 << place)
        reaches.update({tensor.name: reach for tensor in operator.outputs})
    return reaches


def _joined(reaches: Sequence[_Reach]) -> _Reach:
    paths = sum(reach.paths for reach in reaches)
    behind = 0
    for reach in reaches:
        behind |= reach.behind
    return _Reach(
        longest=max(reach.longest for reach in reaches),
        shortest=min(reach.shortest for reach in reaches),
        mean=sum(reach.mean * reach.paths for reach in reaches) / paths,
        longest_spatial=max(reach.longest_spatial for reach in reaches),
        mean_spatial=sum(reach.mean_spatial * reach.paths for reach in reaches) / paths,
        paths=min(paths, 1e100),
        field=max(reach.field for reach in reaches),
        jump=max(reach.jump for reach in reaches),
        behind=behind,
    )


def _through(operator: Operator, reach: _Reach, bit: int) -> _Reach:
    kernel = _kernel(operator)
    weighted = int(_kind(operator) in _WEIGHTED)
    spatial = int(kernel > 1 and weighted)
    return replace(
        reach,
        longest=reach.longest + weighted,
        shortest=reach.shortest + weighted,
        mean=reach.mean + weighted,
        longest_spatial=reach.longest_spatial + spatial,
        mean_spatial=reach.mean_spatial + spatial,
        field=reach.field + (kernel - 1) * reach.jump,
        jump=reach.jump * max(operator.attributes.get("stride", (1,))),
        behind=reach.behind | bit,
    )


def _operator_features(operators: Sequence[Operator]) -> Features:
    counts = Counter(_kind(operator) for operator in operators)
    macs: Counter[str] = Counter()
    for operator in operators:
        macs[_kind(operator)] += operator.macs
    total = max(1, macs.total())
    fused = sum(operator.attributes.get("activation", "NONE") != "NONE" for operator in operators)
    return {
        **{f"log_count_{kind}": math.log1p(counts[kind]) for kind in _COUNTED},
        **{f"macs_share_{kind}": macs[kind] / total for kind in sorted(_WEIGHTED)},
        # Whether an activation is an operator of its own is the converter's business.
        "log_edges": math.log1p(
            sum(len(op.activations) for op in operators if _kind(op) != "activation")
        ),
        "log_nonlinearities": math.log1p(counts["activation"] + fused),
    }


def _path_features(outputs: Sequence[_Reach]) -> Features:
    reach = _joined(outputs)
    return {
        "log_longest_path": math.log1p(reach.longest),
        "log_mean_path": math.log1p(reach.mean),
        "log_shortest_path": math.log1p(reach.shortest),
        "log_longest_spatial_path": math.log1p(reach.longest_spatial),
        "log_mean_spatial_path": math.log1p(reach.mean_spatial),
        "log_paths": math.log(reach.paths),
        "log_receptive_field": math.log(reach.field),
    }


def _shortcut_features(operators: Sequence[Operator], reaches: Mapping[str, _Reach]) -> Features:
    """Count additions by their shorter side: nothing, at most one weighted operator, or more."""
    weighted = sum(1 << n for n, operator in enumerate(operators) if _kind(operator) in _WEIGHTED)
    kinds = Counter(
        _shortcut([reaches[tensor.name].behind for tensor in operator.activations], weighted)
        for operator in operators
        if _kind(operator) == "add" and len(operator.activations) > 1
    )
    names = ("identity", "projection", "deep")
    return {f"log_shortcuts_{name}": math.log1p(kinds[name]) for name in names}


def _shortcut(sides: Sequence[int], weighted: int) -> str:
    shared = sides[0]
    for side in sides:
        shared &= side
    least = min((side & ~shared).bit_count() for side in sides)
    if least == 0:
        return "identity"
    convolutions = min((side & ~shared & weighted).bit_count() for side in sides)
    return "projection" if convolutions <= 1 else "deep"


def _size_features(network: Network) -> Features:
    weights = sum(tensor.elements for op in network.operators for tensor in op.constants)
    largest = max((t.elements for op in network.operators for t in op.outputs), default=1)
    seen = sum(operator.macs * math.log(_side(operator.outputs[0])) for operator in _heavy(network))
    return {
        "log_macs": math.log1p(network.macs),
        "log_parameters": math.log1p(weights),
        "log_largest_activation": math.log(largest),
        "log_input_side": math.log(max(map(_side, network.inputs), default=1)),
        "log_side_by_macs": seen / max(1, sum(operator.macs for operator in _heavy(network))),
    }


def _heavy(network: Network) -> Iterator[Operator]:
    return (operator for operator in network.operators if operator.macs)


def _side(tensor: Tensor) -> int:
    return max(1, tensor.shape[1] if len(tensor.shape) == 4 else 1)


def _width_features(operators: Sequence[Operator]) -> Features:
    """Average the logarithms of output channels over each third of the convolutions."""
    widths = [math.log(op.outputs[0].shape[-1]) for op in operators if _is_convolution(op)]
    thirds = np.array_split(np.array(widths or [0.0]), _STAGES)
    means = {
        f"log_width_{n}": float(third.mean()) if third.size else 0.0
        for n, third in enumerate(thirds, start=1)
    }
    return {**means, "log_width_last": widths[-1] if widths else 0.0}
