"""Rewritten nodes of a Keras model as operators over typed tensors."""

from collections.abc import Mapping
from dataclasses import replace

from nas.network.keras_node import INPUT, WEIGHTED, Graph, Node, Shape
from nas.network.macs import count_macs
from nas.network.network import Network, Operator, Tensor

# As TensorFlow 2.20 writes them for int8.
_VERSIONS: Mapping[str, int] = {
    "ADD": 2, "AVERAGE_POOL_2D": 2, "CONCATENATION": 2, "CONV_2D": 3, "DEPTHWISE_CONV_2D": 3,
    "FULLY_CONNECTED": 4, "GELU": 2, "HARD_SWISH": 1, "LEAKY_RELU": 1, "LOGISTIC": 2,
    "MAXIMUM": 2, "MAX_POOL_2D": 2, "MEAN": 2, "MINIMUM": 2, "MUL": 2, "PAD": 2, "PRELU": 1,
    "REDUCE_MAX": 2, "RELU": 2, "RELU6": 2, "RESHAPE": 1, "RESIZE_BILINEAR": 3,
    "RESIZE_NEAREST_NEIGHBOR": 3, "SOFTMAX": 2, "STRIDED_SLICE": 2,
    "SUB": 2, "TANH": 2, "TILE": 3, "TRANSPOSE": 2, "TRANSPOSE_CONV": 2,
}  # fmt: skip
_PER_CHANNEL_AXIS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "TRANSPOSE_CONV": 0}


def to_network(graph: Graph) -> Network:
    """Write a rewritten graph as a network.

    Args:
        graph: Without dead nodes or redirections.

    Returns:
        The network with int8 activations and weights and int32 biases.
    """
    tensors: list[Tensor] = []
    operators: list[Operator] = []
    names: set[str] = set()
    for place, node in enumerate(graph.nodes):
        name = f"{node.name}#{place}" if node.name in names else node.name
        names.add(name)
        output = Tensor(name, node.shape, "int8", scales=1)
        tensors.append(output)
        if node.type != INPUT:
            read = [tensors[source] for source in node.inputs]
            image = graph.nodes[node.inputs[0]].shape
            operators.append(_operator(len(operators), node, image, read, output))
    inputs = (place for place, node in enumerate(graph.nodes) if node.type == INPUT)
    return Network(
        operators=_with_shared_versions(operators),
        inputs=tuple(tensors[place] for place in inputs),
        outputs=tuple(tensors[place] for place in graph.outputs),
    )


def _with_shared_versions(operators: list[Operator]) -> tuple[Operator, ...]:
    """Give all operators of a type the newest version among them, as they share one code."""
    newest: dict[str, int] = {}
    for operator in operators:
        newest[operator.type] = max(operator.version, newest.get(operator.type, 0))
    return tuple(replace(operator, version=newest[operator.type]) for operator in operators)


def _operator(index: int, node: Node, image: Shape, read: list[Tensor], output: Tensor) -> Operator:
    inputs = _inputs(node, read, output.name)
    attributes = dict(node.attributes)
    if node.type in WEIGHTED:
        attributes["zero_bias"] = not node.has_bias
    return Operator(
        index=index,
        type=node.type,
        version=_version(node, image),
        inputs=inputs,
        outputs=(output,),
        attributes=attributes,
        macs=count_macs(node.type, inputs, (output,)),
    )


def _inputs(node: Node, read: list[Tensor], name: str) -> tuple[Tensor | None, ...]:
    parameters = [
        Tensor(f"{name}/parameter_{at}", shape, "int32", is_constant=True)
        for at, shape in enumerate(node.parameters)
    ]
    if node.constant is None:
        return (*read, *parameters)
    weights = _weights(node, node.constant, f"{name}/weights")
    bias = _bias(node, node.constant, weights.scales, f"{name}/bias")
    if node.type == "TRANSPOSE_CONV":
        return (*parameters, weights, *read, *([bias] if bias else []))
    return (*read, weights, bias) if node.type in WEIGHTED else (*read, weights)


def _weights(node: Node, shape: Shape, name: str) -> Tensor:
    axis = _PER_CHANNEL_AXIS.get(node.type)
    scales = 1 if axis is None else shape[axis]
    return Tensor(name, shape, "int8", is_constant=True, scales=scales)


def _bias(node: Node, weights: Shape, scales: int, name: str) -> Tensor | None:
    # A convolution without a bias is written with one of zeros, the others without any.
    if not node.has_bias and node.type not in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        return None
    channels = weights[_PER_CHANNEL_AXIS.get(node.type, 0)]
    return Tensor(name, (channels,), "int32", is_constant=True, scales=scales)


def _version(node: Node, image: Shape) -> int:
    if node.type == "CONV_2D" and node.constant and node.constant[-1] != image[-1]:
        return 6
    if node.type == "FULLY_CONNECTED" and node.attributes["keep_num_dims"]:
        return 5
    if node.type == "TRANSPOSE" and len(node.shape) > 4:
        return 4
    if node.type == "TRANSPOSE_CONV" and node.has_bias:
        return 3 if node.activation == "NONE" else 4
    return _VERSIONS[node.type]
