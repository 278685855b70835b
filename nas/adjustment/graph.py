"""A Keras model as a flat list of layer calls; models inside it are taken apart."""

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from nas.errors import UserError

Make = Callable[[Any], Callable[..., Any]]
"""Gives what is called in place of a layer."""


@dataclass(frozen=True, eq=False)
class Call:
    """A layer applied to tensors.

    Attributes:
        layer: The Keras layer or operation.
        arguments: Keras's record of its arguments.
        reads: Place of each tensor among them, by the tensor's ``id``.
        inputs: Places of the tensors it reads, in order.
        outputs: Places of the tensors it makes.
    """

    layer: Any
    arguments: Any
    reads: Mapping[int, int]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def kind(self) -> str:
        """Name of the layer's class."""
        return type(self.layer).__name__


@dataclass(frozen=True, eq=False)
class Graph:
    """A functional model, flat.

    Attributes:
        name: Name of the model.
        inputs: Keras's input tensors; their places are 0, 1, …
        calls: Calls of layers in an order in which they can run.
        outputs: Places of the outputs.
        shapes: Shape at each place, ``None`` for the batch.
    """

    name: str
    inputs: tuple[Any, ...]
    calls: tuple[Call, ...]
    outputs: tuple[int, ...]
    shapes: tuple[tuple[int | None, ...], ...]

    def image_input(self) -> tuple[int, int, int]:
        """Return (height, width, channels) of the only input.

        Raises:
            UserError: There are several inputs, or it is no image of a known size.
        """
        name, shape = self.inputs[0].name, tuple(self.inputs[0].shape[1:])
        if len(self.inputs) != 1 or len(shape) != 3 or None in shape:
            raise UserError(
                f"`{name}`: an input adapter needs one image input of a fixed size, "
                f"got {len(self.inputs)} input(s), the first of shape {shape}"
            )
        height, width, channels = shape
        return height, width, channels


def read_graph(model: Any, *, copy_weights: bool = True) -> Graph:
    """Read a functional or sequential Keras model.

    Args:
        model: The model.
        copy_weights: Whether the weights of models inside it are wanted.

    Raises:
        UserError: It, or a model inside it, is not functional; the message names it.
    """
    graph = _Reader().graph(model)
    if any(_is_model(layer) for layer in model.layers):
        # Shapes inside a model may be open; once it is flat, they are those of this network.
        graph = _Reader().graph(rebuild(graph, Copies(), copy_weights=copy_weights))
    return graph


class _Reader:
    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.shapes: list[tuple[int | None, ...]] = []

    def graph(self, model: Any) -> Graph:
        functional = _functional(model)
        inputs = [self._place(tensor) for tensor in functional.inputs]
        outputs = self._read(functional, inputs)
        return Graph(
            str(model.name), tuple(functional.inputs), tuple(self.calls), tuple(outputs),
            tuple(self.shapes),
        )  # fmt: skip

    def _place(self, tensor: Any) -> int:
        self.shapes.append(tuple(tensor.shape))
        return len(self.shapes) - 1

    def _read(self, functional: Any, inputs: Iterable[int]) -> list[int]:
        places = dict(zip(map(id, functional.inputs), inputs, strict=True))
        for node in _nodes(functional):
            read = tuple(places[id(tensor)] for tensor in node.input_tensors)
            if _is_model(node.operation):
                made = self._read(_functional(node.operation), read)
            else:
                made = [self._place(tensor) for tensor in node.outputs]
                reads = {id(t): places[id(t)] for t in node.input_tensors}
                self.calls.append(Call(node.operation, node.arguments, reads, read, tuple(made)))
            places.update(zip(map(id, node.outputs), made, strict=True))
        return [places[id(tensor)] for tensor in functional.outputs]


def _is_model(layer: Any) -> bool:
    return hasattr(layer, "_functional") or hasattr(layer, "_nodes_by_depth")


def _functional(model: Any) -> Any:
    functional = getattr(model, "_functional", model)
    if not hasattr(functional, "_nodes_by_depth"):
        raise UserError(
            f"`{getattr(model, 'name', model)}`: {type(model).__name__} is no functional Keras "
            "model; build it from keras.Input"
        )
    return functional


def _nodes(functional: Any) -> Iterator[Any]:
    depths: Mapping[int, list[Any]] = functional._nodes_by_depth
    for depth in sorted(depths, reverse=True):
        yield from (node for node in depths[depth] if not node.is_input)


class Copies:
    """New layers with the settings and weights of others; what was shared stays shared.

    Args:
        configure: Settings to change in a layer's configuration.
        convert: Makes the new layer's weights from (layer, new layer, weights of the layer);
            the same weights if not given.
        suffix: Appended to the names.
    """

    def __init__(
        self,
        configure: Callable[[Any], Mapping[str, Any]] | None = None,
        convert: Callable[[Any, Any, list[Any]], list[Any]] | None = None,
        suffix: str = "",
    ) -> None:
        self._configure, self._convert, self._suffix = configure, convert, suffix
        self._made: dict[int, tuple[Any, Any]] = {}
        self._names: set[str] = set()

    def __call__(self, layer: Any) -> Any:
        """Return the copy of a layer, unbuilt at first."""
        if id(layer) not in self._made:
            self._made[id(layer)] = (layer, self._copy(layer))
        return self._made[id(layer)][1]

    def _copy(self, layer: Any) -> Any:
        changes = self._configure(layer) if self._configure else {}
        return copy_layer(layer, self._name(layer), changes)

    def _name(self, layer: Any) -> str:
        """Return a name of its own: a model inside may repeat those outside."""
        name = f"{layer.name}{self._suffix}"
        while name in self._names:
            name += "_again"
        self._names.add(name)
        return name

    def copy_weights(self) -> None:
        """Fill the copies, which have been called by now."""
        for layer, new in self._made.values():
            weights = layer.get_weights() if getattr(layer, "weights", None) else []
            if weights:
                new.set_weights(self._convert(layer, new, weights) if self._convert else weights)


def copy_layer(layer: Any, name: str, changes: Mapping[str, Any]) -> Any:
    """Make a layer of the same class and settings, apart from some, without its weights.

    Raises:
        UserError: The layer does not tell its settings.
    """
    try:
        config = {**layer.get_config(), "name": name, **changes}
        return type(layer).from_config(config)
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(
            f"`{layer.name}`: {type(layer).__name__} cannot be copied: {reason}"
        ) from error


def run(calls: Iterable[Call], values: MutableMapping[int, Any], make: Make) -> None:
    """Apply layers to tensors.

    Args:
        calls: Calls of the original layers.
        values: Tensor at each place; what is made is added.
        make: Gives what is called in place of a layer.

    Raises:
        UserError: A layer cannot be applied; the message names it.
    """
    import keras

    for call in calls:
        arguments = {tensor: values[place] for tensor, place in call.reads.items()}
        args, kwargs = call.arguments.fill_in(arguments)
        made = make(call.layer)
        try:
            outputs = keras.tree.flatten(made(*args, **kwargs))
        except (ValueError, TypeError) as error:
            reason = " ".join(str(error).split())[:200]
            raise UserError(
                f"`{call.layer.name}`: {call.kind} does not take the adjusted tensors: {reason}"
            ) from error
        values.update(zip(call.outputs, outputs, strict=True))


def fresh_inputs(graph: Graph) -> dict[int, Any]:
    """Return new inputs like those of a graph, by place."""
    import keras

    return {
        place: keras.Input(
            batch_shape=tuple(tensor.shape), dtype=tensor.dtype, name=_input_name(tensor)
        )
        for place, tensor in enumerate(graph.inputs)
    }


def _input_name(tensor: Any) -> str:
    return str(tensor._keras_history.operation.name)


def rebuild(graph: Graph, make: Copies, *, copy_weights: bool) -> Any:
    """Build a Keras model from a graph.

    Args:
        graph: The network.
        make: Gives the new layers.
        copy_weights: Whether they get the weights of the old ones.
    """
    values = fresh_inputs(graph)
    inputs = dict(values)
    run(graph.calls, values, make)
    return finish(graph, inputs, values, make, copy_weights=copy_weights)


def finish(
    graph: Graph,
    inputs: Mapping[int, Any],
    values: Mapping[int, Any],
    *copies: Copies,
    copy_weights: bool,
) -> Any:
    """Make the model of tensors that were run, and fill its layers.

    Args:
        graph: The network whose name and outputs it has.
        inputs: Its inputs, in order.
        values: Tensor at each place.
        copies: Where its layers are from.
        copy_weights: Whether they get the weights of the old ones.
    """
    import keras

    outputs = [values[place] for place in graph.outputs]
    sources = list(inputs.values())
    try:
        model = keras.Model(
            sources[0] if len(sources) == 1 else sources,
            outputs[0] if len(outputs) == 1 else outputs,
            name=graph.name,
        )
    except ValueError as error:
        raise UserError(f"`{graph.name}`: {' '.join(str(error).split())[:200]}") from error
    if copy_weights:
        for each in copies:
            each.copy_weights()
    return model
