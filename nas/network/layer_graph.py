"""The calls of layers a network consists of, whoever built it: Keras, or the shape-only stand-in.

Both readings of a builder meet here: the operators and the identity of a network are derived from
this value alone.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nas.network.keras_call import UnreadableLayer

Sizes = tuple[int | None, ...]
"""A shape with ``None`` for the batch and other sizes that are not known."""


@dataclass(frozen=True)
class Value:
    """A tensor among the arguments of a call.

    Attributes:
        place: Its number: inputs of the graph come first, then what the calls make, in order.
    """

    place: int


@dataclass(frozen=True)
class Input:
    """An input of the network.

    Attributes:
        name: Name of the input layer.
        shape: Its shape.
    """

    name: str
    shape: Sizes


@dataclass(frozen=True, eq=False)
class LayerCall:
    """A layer applied to tensors.

    Attributes:
        layer: Carries its settings as attributes, a ``name`` and ``get_config()``; calls of one
            object share weights. An object whose settings can never change may name what else has
            the same settings as ``settings_key``.
        kind: Name of its class.
        is_known: True for Keras' own class of that name, False for a user's.
        inputs: Places of the tensors it reads.
        outputs: Places of the tensors it makes.
        shape: Shape of the first of these.
        arguments: Positional and keyword arguments; tensors are :class:`Value`.
        inner: The graph inside, when the layer is a model.
    """

    layer: Any
    kind: str
    is_known: bool
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    shape: Sizes
    arguments: tuple[tuple[Any, ...], Mapping[str, Any]]
    inner: "LayerGraph | None" = None


@dataclass(frozen=True, eq=False)
class LayerGraph:
    """A functional model.

    Attributes:
        inputs: Inputs; their places are 0, 1, …
        calls: Calls of layers in the order in which Keras runs them.
        outputs: Places of the outputs.
    """

    inputs: tuple[Input, ...]
    calls: tuple[LayerCall, ...]
    outputs: tuple[int, ...]


def layer_graph(model: Any) -> LayerGraph:
    """Return the calls of layers of a Keras model.

    Args:
        model: A functional or sequential Keras 3 model, with or without weights.

    Raises:
        UnreadableLayer: The model, or one inside it, is not functional.
    """
    functional = _as_functional(model)
    places = {id(tensor): place for place, tensor in enumerate(functional.inputs)}
    calls = tuple(_layer_call(node, places) for node in _nodes(functional))
    inputs = tuple(map(_input, functional.inputs))
    return LayerGraph(inputs, calls, tuple(places[id(tensor)] for tensor in functional.outputs))


def _as_functional(model: Any) -> Any:
    functional = getattr(model, "_functional", model)
    if not hasattr(functional, "_nodes_by_depth"):
        raise UnreadableLayer(
            f"`{getattr(model, 'name', model)}`: {type(model).__name__} is no functional Keras "
            "model; build it from keras.Input or convert it"
        )
    return functional


def _input(tensor: Any) -> Input:
    return Input(str(tensor._keras_history.operation.name), tuple(tensor.shape))


def _nodes(model: Any) -> Iterator[Any]:
    depths: Mapping[int, list[Any]] = model._nodes_by_depth
    for depth in sorted(depths, reverse=True):
        yield from (node for node in depths[depth] if not node.is_input)


def _layer_call(node: Any, places: dict[int, int]) -> LayerCall:
    layer = node.operation
    inputs = tuple(places[id(tensor)] for tensor in node.input_tensors)
    outputs = tuple(places.setdefault(id(tensor), len(places)) for tensor in node.outputs)
    is_model = hasattr(layer, "_functional") or hasattr(layer, "_nodes_by_depth")
    return LayerCall(
        layer=layer,
        kind=type(layer).__name__,
        is_known=type(layer).__module__.startswith("keras."),
        inputs=inputs,
        outputs=outputs,
        shape=tuple(node.outputs[0].shape),
        arguments=_arguments(node, lambda tensor: Value(places[id(tensor)])),
        inner=layer_graph(layer) if is_model else None,
    )


def _arguments(
    node: Any, value: Callable[[Any], Value]
) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
    def replaced(argument: Any) -> Any:
        if hasattr(argument, "_keras_history"):
            return value(argument)
        if isinstance(argument, Mapping):
            return {key: replaced(item) for key, item in argument.items()}
        if isinstance(argument, list | tuple):
            return [replaced(item) for item in argument]
        return argument

    args, kwargs = node.arguments.args, node.arguments.kwargs
    return tuple(map(replaced, args)), {key: replaced(item) for key, item in kwargs.items()}
