"""Rules by which the converter folds arithmetic into weights and fuses activations.

A rule looks at one node and its producers and returns whether it changed the graph; its docstring
says what TensorFlow 2.20 does. It is asked about nodes of its types alone.
"""

from dataclasses import replace
from math import ceil, isclose, prod

from nas.network.keras_node import BINARY, WEIGHTED, Graph, Node, Shape
from nas.network.keras_rule import Rule, rule_on

_FUSING = WEIGHTED | BINARY | {"MAX_POOL_2D", "AVERAGE_POOL_2D"}
_CONVOLUTIONS = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D"})


@rule_on(*BINARY)
def fold_into_weights(graph: Graph, place: int, node: Node) -> bool:
    """A product or sum with a constant goes into the weights before it, if only it reads them."""
    if not _is_constant_operation(node):
        return False
    (source,) = node.inputs
    weighted = graph.nodes[source]
    if weighted.type not in WEIGHTED or weighted.activation != "NONE":
        return False
    if not graph.is_read_once(source) or prod(node.constant or ()) not in (1, node.shape[-1]):
        return False
    has_bias = weighted.has_bias or node.type != "MUL"
    folded = replace(weighted, has_bias=has_bias, value=(weighted.value, node.type, node.value))
    graph.replace(source, folded)
    graph.redirect(place, source)
    return True


@rule_on("ADD")
def merge_sums(graph: Graph, place: int, node: Node) -> bool:
    """Two sums with constants in a row are one, if only the second reads the first."""
    before = graph.producer(node)
    if before.type != "ADD" or node.constant is None:
        return False
    if not _is_constant_operation(before) or not graph.is_read_once(node.inputs[0]):
        return False
    constant = max(node.constant, before.constant or (), key=len)
    value = (before.value, node.value)
    graph.replace(place, replace(node, inputs=before.inputs, constant=constant, value=value))
    return True


@rule_on("RELU", "RELU6")
def fuse_activation(graph: Graph, place: int, node: Node) -> bool:
    """RELU and RELU6 go into the operator before them, if only they read it.

    A transposed convolution takes them only with a bias.
    """
    (source,) = node.inputs
    before = graph.nodes[source]
    if node.type in (before.type, before.activation):
        graph.redirect(place, source)
        return True
    if before.type not in _FUSING or before.activation != "NONE" or not graph.is_read_once(source):
        return False
    if before.type == "TRANSPOSE_CONV" and not before.has_bias:
        return False
    graph.replace(source, before.having(activation=node.type))
    graph.redirect(place, source)
    return True


@rule_on("FULLY_CONNECTED", *_CONVOLUTIONS)
def fold_into_following(graph: Graph, place: int, node: Node) -> bool:
    """A product or sum with a number goes into the weights after it; a sum not under padding.

    A dense layer also takes one with a vector.
    """
    before = graph.producer(node)
    if not _is_constant_operation(before):
        return False
    constant = before.constant or ()
    is_vector = node.type == "FULLY_CONNECTED" and len(constant) == 1
    if prod(constant) != 1 and not is_vector:
        return False
    if before.type != "MUL" and node.attributes.get("padding", "VALID") != "VALID":
        return False
    has_bias = node.has_bias or before.type != "MUL"
    value = (node.value, before.type, before.value)
    graph.replace(place, replace(node, inputs=before.inputs, has_bias=has_bias, value=value))
    return True


fold_into_dense = Rule(frozenset({"FULLY_CONNECTED"}), fold_into_following.rewrite)
"""A dense layer takes a product or sum before the weights in front of that can."""


@rule_on(*_CONVOLUTIONS)
def fold_padding(graph: Graph, place: int, node: Node) -> bool:
    """Zero padding that SAME would have added goes into a VALID convolution."""
    before = graph.producer(node)
    if before.type != "PAD" or node.attributes["padding"] != "VALID":
        return False
    shape = graph.producer(before).shape
    if before.attributes["paddings"] != _same_paddings(shape, node):
        return False
    graph.replace(place, replace(node.having(padding="SAME"), inputs=before.inputs))
    return True


def _same_paddings(image: Shape, node: Node) -> tuple[int, ...]:
    kernel = (node.constant or ())[1:3]
    paddings = [0, 0]
    for axis in range(2):
        size, stride = image[1 + axis], node.attributes["stride"][axis]
        reach = (kernel[axis] - 1) * node.attributes["dilation"][axis] + 1
        total = max((ceil(size / stride) - 1) * stride + reach - size, 0)
        paddings += [total // 2, total - total // 2]
    return (*paddings, 0, 0)


@rule_on("MUL")
def merge_hard_swish(graph: Graph, place: int, node: Node) -> bool:
    """The product of x and relu6(x + 3) / 6 is HARD_SWISH."""
    if len(node.inputs) != 2:
        return False
    for source, gate in (node.inputs, node.inputs[::-1]):
        sixth = graph.nodes[gate]
        shifted = graph.producer(sixth)
        is_gate = _is_by_number(sixth, "MUL", 1 / 6) and _is_by_number(shifted, "ADD", 3.0)
        if is_gate and shifted.activation == "RELU6" and shifted.inputs == (source,):
            graph.replace(place, Node("HARD_SWISH", (source,), node.shape, node.name))
            return True
    return False


def _is_by_number(node: Node, kind: str, number: float) -> bool:
    value = node.value
    return node.type == kind and isinstance(value, float) and isclose(value, number, rel_tol=1e-6)


def _is_constant_operation(node: Node) -> bool:
    return node.type in BINARY and node.constant is not None and node.activation == "NONE"
