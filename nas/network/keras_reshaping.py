"""Rules by which the converter merges, moves and drops reshapes.

A rule looks at one node and its producers and returns whether it changed the graph; its docstring
says what TensorFlow 2.20 does. It is asked about nodes of its types alone.
"""

from dataclasses import replace

from nas.network.keras_node import BINARY, Graph, Node, Shape
from nas.network.keras_rule import rule_on

_MOVING = frozenset({"RELU", "RELU6", "LOGISTIC", "TANH"})
_MAX_BROADCAST_RANK = 4
_REDUCTIONS = frozenset({"MEAN", "REDUCE_MAX"})


@rule_on("RESHAPE")
def merge_reshapes(graph: Graph, place: int, node: Node) -> bool:
    """Of reshapes in a row the last remains; one that changes nothing goes."""
    (source,) = node.inputs
    before = graph.nodes[source]
    if before.shape == node.shape:
        graph.redirect(place, source)
        return True
    if before.type != "RESHAPE":
        return False
    graph.replace(place, replace(node, inputs=before.inputs))
    return True


@rule_on(*_MOVING, *BINARY)
def swap_with_reshape(graph: Graph, place: int, node: Node) -> bool:
    """Elementwise operators that keep their meaning move before a reshape only they read."""
    source = node.inputs[0]
    if not graph.is_read_once(source):
        return False
    before = graph.nodes[source]
    if before.type != "RESHAPE":
        return False
    shape = graph.producer(before).shape
    if not (node.type in _MOVING or _is_constant_on_last_axis(node, shape)):
        return False
    graph.replace(source, replace(node, inputs=before.inputs, shape=shape))
    graph.replace(place, replace(before, inputs=(source,)))
    return True


def _is_constant_on_last_axis(node: Node, shape: Shape) -> bool:
    if node.type not in BINARY or node.constant is None or len(shape) > _MAX_BROADCAST_RANK:
        return False
    return node.constant == () or (len(node.constant) == 1 and shape[-1:] == node.shape[-1:])


@rule_on(*BINARY)
def merge_before_reshapes(graph: Graph, place: int, node: Node) -> bool:
    """An elementwise operator on two equal reshapes moves before them."""
    if len(set(node.inputs)) != 2:
        return False
    sources = [graph.nodes[source] for source in node.inputs]
    shapes = {graph.producer(source).shape for source in sources}
    if any(source.type != "RESHAPE" for source in sources) or len(shapes) != 1:
        return False
    if sources[0].shape != sources[1].shape or not all(map(graph.is_read_once, node.inputs)):
        return False
    last = max(node.inputs)
    inputs = tuple(source.inputs[0] for source in sources)
    graph.replace(last, replace(node, inputs=inputs, shape=shapes.pop()))
    graph.replace(place, replace(sources[0], inputs=(last,)))
    return True


@rule_on(*BINARY)
def drop_broadcast_reshape(graph: Graph, place: int, node: Node) -> bool:
    """A reshape that only adds leading ones before a broadcast goes, but not that of a scalar."""
    if len(node.inputs) != 2:
        return False
    for position, source in enumerate(node.inputs):
        before = graph.nodes[source]
        if before.type != "RESHAPE" or before.shape == node.shape:
            continue
        shape = graph.producer(before).shape
        adds_ones = len(shape) < len(before.shape) and _stripped(shape) == _stripped(before.shape)
        if adds_ones and _stripped(shape):
            inputs = list(node.inputs)
            inputs[position] = before.inputs[0]
            graph.replace(place, replace(node, inputs=tuple(inputs)))
            return True
    return False


def _stripped(shape: Shape) -> Shape:
    while shape and shape[0] == 1:
        shape = shape[1:]
    return shape


@rule_on("FULLY_CONNECTED")
def drop_dense_reshape(graph: Graph, place: int, node: Node) -> bool:
    """A dense layer reads an image of 1×1 without a reshape."""
    before = graph.producer(node)
    if before.type != "RESHAPE":
        return False
    shape = graph.producer(before).shape
    if node.attributes["keep_num_dims"] or shape[-1] != before.shape[-1]:
        return False
    graph.replace(place, replace(node, inputs=before.inputs))
    return True


@rule_on("RESHAPE")
def keep_reduced_axes(graph: Graph, place: int, node: Node) -> bool:
    """A reduction keeps its axes when a reshape, its only reader, would restore them."""
    before = graph.producer(node)
    if before.type not in _REDUCTIONS or before.attributes["keep_dims"]:
        return False
    axes, image = before.attributes["axes"], graph.producer(before).shape
    kept = tuple(1 if axis in axes else size for axis, size in enumerate(image))
    if kept != node.shape or not graph.is_read_once(node.inputs[0]):
        return False
    graph.replace(node.inputs[0], replace(before.having(keep_dims=True), shape=kept))
    graph.redirect(place, node.inputs[0])
    return True


@rule_on("TRANSPOSE")
def reshape_unit_transpose(graph: Graph, place: int, node: Node) -> bool:
    """A transpose that only moves axes of size 1 is a reshape."""
    image = graph.producer(node).shape
    order = [axis for axis in node.attributes["permutation"] if image[axis] != 1]
    if order != sorted(order):
        return False
    parameters = ((len(node.shape),),)
    graph.replace(place, replace(node, type="RESHAPE", attributes={}, parameters=parameters))
    return True
