"""Rewrites the operators of a Keras model as TensorFlow's converter does: folds and fuses."""

from collections.abc import Hashable, Mapping
from math import prod

from nas.network.keras_call import UnreadableLayer
from nas.network.keras_folding import (
    fold_into_dense,
    fold_into_following,
    fold_into_weights,
    fold_padding,
    fuse_activation,
    merge_hard_swish,
    merge_sums,
)
from nas.network.keras_node import Graph, Node
from nas.network.keras_reshaping import (
    drop_broadcast_reshape,
    drop_dense_reshape,
    keep_reduced_axes,
    merge_before_reshapes,
    merge_reshapes,
    reshape_unit_transpose,
    swap_with_reshape,
)
from nas.network.keras_rule import Rewrite, by_type

_Rules = Mapping[str, tuple[Rewrite, ...]]

# A sum goes into a dense layer after it before it can go into the weights before it.
_FORWARD: _Rules = by_type(
    merge_reshapes,
    reshape_unit_transpose,
    swap_with_reshape,
    drop_dense_reshape,
    fold_into_dense,
)
_FOLDING: _Rules = by_type(
    merge_reshapes,
    fold_into_weights,
    merge_sums,
    fuse_activation,
    fold_into_following,
    fold_padding,
    merge_hard_swish,
    swap_with_reshape,
    merge_before_reshapes,
    drop_broadcast_reshape,
    drop_dense_reshape,
)
_FINISHING: _Rules = by_type(merge_reshapes, keep_reduced_axes)


def rewrite(graph: Graph) -> Graph:
    """Fold and fuse until nothing changes.

    Args:
        graph: The operators in the order of the layers; it is used up.

    Returns:
        The operators the converter would write.

    Raises:
        UnreadableLayer: The converter would do something that has no rule here.
    """
    graph = _apply(_FOLDING, _apply(_FORWARD, graph))
    return _apply(_FINISHING, _flatten_vector_addends(graph))


def _apply(rules: _Rules, graph: Graph) -> Graph:
    while _sweep(graph, rules):
        graph = graph.compact()
    return graph.compact()


def _sweep(graph: Graph, rules: _Rules) -> bool:
    changed = _share_equal(graph)
    for place, node in graph.live():
        changed |= any(rule(graph, place, node) for rule in rules.get(node.type, ()))
    return changed


def _share_equal(graph: Graph) -> bool:
    changed = False
    firsts: dict[Hashable, int] = {}
    for place, node in graph.live():
        first = firsts.setdefault(node.key, place)
        if first != place:
            graph.redirect(place, first)
            changed = True
    return changed


def _flatten_vector_addends(graph: Graph) -> Graph:
    """The second operand of a sum, when all but its last axis are 1, is reshaped to a vector."""
    flattened = Graph()
    moved: dict[int, int] = {}
    for place, node in graph.live():
        inputs = tuple(moved[source] for source in node.inputs)
        if node.type == "ADD" and len(inputs) == 2:
            inputs = (inputs[0], _as_vector(flattened, inputs[1]))
        _check_dense(flattened, node, inputs)
        moved[place] = flattened.add(node.reading(inputs))
    flattened.finish([moved[place] for place in graph.outputs])
    return flattened


def _as_vector(graph: Graph, place: int) -> int:
    node = graph.nodes[place]
    channels = node.shape[-1]
    if len(node.shape) < 2 or channels == 1 or prod(node.shape) != channels:
        return place
    return graph.add(Node("RESHAPE", (place,), (channels,), node.name, parameters=((1,),)))


def _check_dense(graph: Graph, node: Node, inputs: tuple[int, ...]) -> None:
    before = graph.nodes[inputs[0]] if inputs else node
    if node.type == "FULLY_CONNECTED" and _is_vector_sum(graph, before):
        raise UnreadableLayer(
            f"`{node.name}`: the converter spreads a sum of two vectors into the dense layer after "
            "it; convert the untrained model, or put an activation between them"
        )
    types = {before.type, node.type}
    if types == {"RESHAPE", "FULLY_CONNECTED"} and (_keeps_rank(before) or _keeps_rank(node)):
        raise UnreadableLayer(
            f"`{node.name}`: reshapes around a dense layer above rank 2 are merged in ways that "
            "are not read; convert the untrained model"
        )


def _is_vector_sum(graph: Graph, node: Node) -> bool:
    if node.type != "ADD" or len(node.inputs) != 2 or node.activation != "NONE":
        return False
    return len(graph.nodes[node.inputs[1]].shape) == 1


def _keeps_rank(node: Node) -> bool:
    return bool(node.attributes.get("keep_num_dims", False))
