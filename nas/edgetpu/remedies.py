"""Which layers keep a network off the Edge TPU, and what to write in their place."""

from collections.abc import Iterator, Mapping

from nas.edgetpu.estimator import Estimate, OperatorEstimate
from nas.edgetpu.placement import SECOND_SUBGRAPH
from nas.edgetpu.rules import has_ungrouped_weights
from nas.network.network import Network, Operator

_MOST_NAMES = 3

OPERATORS: Mapping[str, str] = {
    "FULLY_CONNECTED": "use Flatten before Dense, or a 1x1 Conv2D",
    "GELU": "use ReLU6",
    "HARD_SWISH": "use ReLU6",
    "LEAKY_RELU": "use ReLU6 or PReLU",
    "MEAN": "average over height and width",
    "RESIZE_BILINEAR": "resize by 2 at most, on half-pixel centres",
    "SOFTMAX": "take a softmax over one vector only; over maps, on the host",
    "STRIDED_SLICE": "slice without steps",
    "TILE": "use UpSampling2D(2, interpolation='bilinear')",
    "TRANSPOSE": "keep to four axes",
    "TRANSPOSE_CONV": "use UpSampling2D(2, interpolation='bilinear') and Conv2D",
}
"""What to write instead, by operator."""


def unmapped_layers(network: Network, estimate: Estimate) -> list[str]:
    """Say which layers stay on the CPU for a reason of their own, and the remedy.

    What is only behind such a layer is not listed, nor what is like it and shares its version.

    Args:
        network: The network as read from Keras, whose tensors have the names of layers.
        estimate: Its costs.

    Returns:
        One sentence for the layers of an operator that break the same rule; each layer once.
    """
    names: dict[tuple[str, str, str], list[str]] = {}
    seen: set[str] = set()
    for operator, costs in _causes(network, estimate):
        layer = operator.outputs[0].name.partition("#")[0]
        if layer not in seen:
            seen.add(layer)
            names.setdefault((costs.type, costs.reason, _remedy(operator)), []).append(layer)
    return list(_sentences(names))


def _causes(network: Network, estimate: Estimate) -> list[tuple[Operator, OperatorEstimate]]:
    """Return what breaks a rule itself, in order of execution; what has a remedy comes first."""
    broken = [
        (operator, costs)
        for operator, costs in zip(network.operators, estimate.ops, strict=True)
        if costs.target == "cpu" and not costs.reason.startswith(SECOND_SUBGRAPH)
    ]
    culprits = {operator.type for operator, _ in broken if _is_culprit(operator)}
    causes = [
        (operator, costs)
        for operator, costs in broken
        if operator.type not in culprits or _is_culprit(operator)
    ]
    return sorted(causes, key=lambda each: not _remedy(each[0]))


def _sentences(names: Mapping[tuple[str, str, str], list[str]]) -> Iterator[str]:
    for (kind, reason, remedy), layers in names.items():
        shown = ", ".join(f"`{layer}`" for layer in layers[:_MOST_NAMES])
        more = f" and {len(layers) - _MOST_NAMES} more" if len(layers) > _MOST_NAMES else ""
        action = f": {remedy}" if remedy else ""
        yield f"{shown}{more} ({kind}) cannot run on the chip{action} ({reason})"


def _remedy(operator: Operator) -> str:
    if operator.type == "CONV_2D" and _is_culprit(operator):
        return "use DepthwiseConv2D and a 1x1 Conv2D in place of groups"
    if operator.type == "CONV_2D":
        return "use the same dilation in x and y"
    return OPERATORS.get(operator.type, "")


def _is_culprit(operator: Operator) -> bool:
    """Tell whether it raises the version of all operators of its type, which share one code."""
    if operator.type == "FULLY_CONNECTED":
        return bool(operator.attributes.get("keep_num_dims", False))
    return operator.type == "CONV_2D" and not has_ungrouped_weights(operator)
