"""Functional and sequential models of layers that know their shapes."""

from collections.abc import Iterator, Sequence
from typing import Any

from nas.network.layer_graph import Input, LayerCall, LayerGraph, Sizes, Value
from nas.network.shape_layers import ShapeCall, ShapeLayer, ShapeTensor, make_name
from nas.network.shape_pattern import MERGING, ShapeUnknown


def shape_input(shape: Any = None, *, name: str | None = None) -> ShapeTensor:
    """Stand in for ``keras.Input``.

    Args:
        shape: Sizes without the batch, ``None`` for those that are not known.
        name: Name of the input layer.
    """
    sizes: Sizes = tuple(shape)
    if not all(size is None or (type(size) is int and size > 0) for size in sizes):
        raise ShapeUnknown(f"an input of shape {sizes}")
    return ShapeTensor((None, *sizes), name=make_name("InputLayer", name))


class ShapeModel:
    """Stand in for ``keras.Model``: inputs, outputs and the layers between them.

    Args:
        inputs: A tensor from :func:`shape_input`, or several.
        outputs: A tensor, or several.
        name: Not kept.
    """

    def __init__(self, inputs: Any, outputs: Any, *, name: str | None = None) -> None:  # noqa: ARG002
        self.inputs = _tensors(inputs)
        self.outputs = _tensors(outputs)

    def compile(self, *_args: Any, **_settings: Any) -> None:
        """Ignore how the network is to be trained."""

    @property
    def graph(self) -> LayerGraph:
        """The calls of layers, in the order in which Keras runs them.

        Raises:
            ShapeUnknown: Keras would refuse the model.
        """
        return _layer_graph(self.inputs, self.outputs)


class ShapeSequential:
    """Stand in for ``keras.Sequential`` whose first member is an input.

    Args:
        layers: An input, then layers.
        name: Not kept.
    """

    def __init__(self, layers: Sequence[Any] = (), *, name: str | None = None) -> None:  # noqa: ARG002
        self._tensors: list[ShapeTensor] = []
        for layer in layers:
            self.add(layer)

    def add(self, layer: Any) -> None:
        """Apply a layer to the last output."""
        if self._tensors and isinstance(layer, ShapeLayer):
            self._tensors.append(layer(self._tensors[-1]))
        elif not self._tensors and isinstance(layer, ShapeTensor) and layer.source is None:
            self._tensors.append(layer)
        else:
            raise ShapeUnknown(f"{type(layer).__name__} as member {len(self._tensors)} of a model")

    def compile(self, *_args: Any, **_settings: Any) -> None:
        """Ignore how the network is to be trained."""

    @property
    def graph(self) -> LayerGraph:
        """The calls of layers."""
        return _layer_graph(tuple(self._tensors[:1]), tuple(self._tensors[-1:]))


def count_parameters(graph: LayerGraph) -> int:
    """Return the number of parameters, trained or not, of a graph of shape-only layers."""
    return sum(layer.parameters for layer in {id(c.layer): c.layer for c in graph.calls}.values())


def _tensors(given: Any) -> tuple[ShapeTensor, ...]:
    tensors = tuple(given) if isinstance(given, list | tuple) else (given,)
    if not tensors or not all(isinstance(tensor, ShapeTensor) for tensor in tensors):
        raise ShapeUnknown(f"a model of {type(given).__name__}")
    return tensors


def _layer_graph(inputs: tuple[ShapeTensor, ...], outputs: tuple[ShapeTensor, ...]) -> LayerGraph:
    if any(tensor.source for tensor in inputs) or len(set(inputs)) != len(inputs):
        raise ShapeUnknown("a model that starts in the middle of another")
    made = _in_order(outputs)
    _check_names([*(tensor.name for tensor in inputs)], made)
    places: dict[Any, int] = {tensor: place for place, tensor in enumerate(inputs)}
    places |= {call: len(inputs) + place for place, call in enumerate(made)}
    return LayerGraph(
        inputs=tuple(Input(tensor.name, tensor.shape) for tensor in inputs),
        calls=tuple(_layer_call(call, places) for call in made),
        outputs=tuple(_place(tensor, places) for tensor in outputs),
    )


def _check_names(names: list[str], calls: Sequence[ShapeCall]) -> None:
    layers = {id(call.layer): call.layer.name for call in calls}
    names += layers.values()
    if len(set(names)) != len(names):
        raise ShapeUnknown("two layers of one name")


def _place(tensor: ShapeTensor, places: dict[Any, int]) -> int:
    place = places.get(tensor.source or tensor)
    if place is None:
        raise ShapeUnknown("a model that reads more than its inputs")
    return place


def _layer_call(call: ShapeCall, places: dict[Any, int]) -> LayerCall:
    inputs = tuple(_place(tensor, places) for tensor in call.inputs)
    values = [Value(place) for place in inputs]
    kind = type(call.layer).__name__
    return LayerCall(
        layer=call.layer,
        kind=kind,
        is_known=True,
        inputs=inputs,
        outputs=(places[call],),
        shape=call.shape,
        arguments=((values if kind in MERGING else values[0],), call.layer.settings_key.implied),
    )


def _in_order(outputs: tuple[ShapeTensor, ...]) -> list[ShapeCall]:
    """Sort calls as Keras runs them: those furthest from the outputs first.

    Calls equally far keep the order in which a walk from the outputs back reaches them; the calls
    of one layer count as far as the one the walk reaches first.
    """
    distances: dict[ShapeCall, int] = {}
    layers: dict[int, int] = {}
    for call in reversed(list(_walk(outputs))):
        distance = max(distances.setdefault(call, 0), layers.get(id(call.layer), 0))
        distances[call] = layers[id(call.layer)] = distance
        for source in _sources(call):
            distances[source] = max(distance + 1, distances.get(source, 0))
    return sorted(distances, key=lambda call: -distances[call])


def _walk(outputs: tuple[ShapeTensor, ...]) -> Iterator[ShapeCall]:
    """Yield the calls the outputs depend on, each after those it reads."""
    seen: set[ShapeCall] = set()
    waiting = [(tensor.source, False) for tensor in reversed(outputs) if tensor.source]
    while waiting:
        call, is_ready = waiting.pop()
        if is_ready:
            yield call
        elif call not in seen:
            seen.add(call)
            waiting.append((call, True))
            waiting.extend((source, False) for source in reversed(_sources(call)))


def _sources(call: ShapeCall) -> list[ShapeCall]:
    return [tensor.source for tensor in call.inputs if tensor.source]
