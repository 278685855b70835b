"""Another number of classes at the end of a network."""

from collections.abc import Mapping
from typing import Any

from nas.adjustment.graph import Call, Copies, Graph, read_graph, rebuild
from nas.errors import UserError

_UNITS = {
    "Dense": "units", "Conv1D": "filters", "Conv2D": "filters", "SeparableConv2D": "filters",
}  # fmt: skip
_TAIL = frozenset({
    "Activation", "Softmax", "Reshape", "Flatten", "Dropout", "GlobalAveragePooling2D",
    "GlobalMaxPooling2D", "Identity",
})  # fmt: skip


def change_classes(model: Any, classes: int, *, copy_weights: bool = True) -> Any:
    """Give a classifier another number of classes.

    The first classes keep their weights; further ones start with new weights.

    Args:
        model: A functional Keras model with one output of classes.
        classes: Number of classes, 2 or more.
        copy_weights: Whether the new model gets the weights of the old one.

    Raises:
        UserError: The model does not end in a classifier; the message names the layer.
    """
    if classes < 2:
        raise UserError(f"a classifier has 2 classes or more, got {classes}")
    graph = read_graph(model, copy_weights=copy_weights)
    head, tail = _head(graph)
    ends = {id(call.layer): call.kind for call in tail}
    before = graph.shapes[head.outputs[0]][-1]
    if before == 1:
        raise UserError(
            f"`{head.layer.name}`: a single output of two classes cannot become {classes}; "
            "build the network with two outputs first"
        )

    def configure(layer: Any) -> Mapping[str, Any]:
        if layer is head.layer:
            return {_UNITS[head.kind]: classes}
        if ends.get(id(layer)) == "Reshape":
            shape = tuple(layer.target_shape)
            return {"target_shape": (*shape[:-1], classes if shape[-1] == before else shape[-1])}
        return {}

    def convert(layer: Any, new: Any, weights: list[Any]) -> list[Any]:
        if layer is not head.layer:
            return weights
        filled: list[Any] = new.get_weights()
        for array, donor in zip(filled, weights, strict=True):
            shared = min(array.shape[-1], donor.shape[-1])
            if array.shape[:-1] == donor.shape[:-1]:
                array[..., :shared] = donor[..., :shared]
        return filled

    return rebuild(graph, Copies(configure, convert), copy_weights=copy_weights)


def _head(graph: Graph) -> tuple[Call, list[Call]]:
    """Return the layer that makes the classes, and what comes after it."""
    if len(graph.outputs) != 1:
        raise UserError(f"`{graph.name}`: classes need one output, this has {len(graph.outputs)}")
    makers = {place: call for call in graph.calls for place in call.outputs}
    place = graph.outputs[0]
    tail: list[Call] = []
    while (call := makers.get(place)) is not None:
        if call.kind in _UNITS and getattr(call.layer, "groups", 1) == 1:
            return call, tail
        if call.kind not in _TAIL or len(call.inputs) != 1:
            break
        tail.append(call)
        place = call.inputs[0]
    name = graph.name if call is None else call.layer.name
    raise UserError(
        f"`{name}`: the output must come from a dense layer or a convolution, with nothing but "
        "activations, pooling and reshaping behind it"
    )
