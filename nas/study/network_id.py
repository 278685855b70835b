"""The identity of a network: equal for equal architectures, whatever their layers are called."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

_DIGITS = 12
_WITHOUT_MEANING = frozenset({"name", "dtype", "seed", "registered_name"})


def network_id(model: Any) -> str:
    """Identify the architecture of a Keras model.

    Names of layers, the order in which branches were built, data types and seeds of initializers
    and dropout do not matter; classes, settings, connections, shared layers and input shapes do.

    Args:
        model: A functional or sequential Keras 3 model, with or without weights.

    Returns:
        The first 12 hexadecimal digits of the SHA-256 of its canonical description.
    """
    description = json.dumps(_describe(model), sort_keys=True, default=_plain)
    return hashlib.sha256(description.encode()).hexdigest()[:_DIGITS]


def _describe(model: Any) -> dict[str, Any]:
    functional = getattr(model, "_functional", None) or model
    places = {id(tensor): [at, 0] for at, tensor in enumerate(functional.inputs)}
    layers: dict[int, int] = {}
    calls: list[dict[str, Any]] = []
    for node in _calls(functional, set(places)):
        for at, tensor in enumerate(node.outputs):
            places[id(tensor)] = [len(functional.inputs) + len(calls), at]
        calls.append(_describe_call(node, places, layers))
    return {
        "inputs": [list(tensor.shape[1:]) for tensor in functional.inputs],
        "calls": calls,
        "outputs": [places[id(tensor)] for tensor in functional.outputs],
    }


def _calls(model: Any, known: set[int]) -> Iterator[Any]:
    """Yield the calls the outputs depend on, each after those it reads.

    The order follows from the outputs alone, not from the order of building.
    """
    waiting = list(reversed(model.outputs))
    while waiting:
        tensor = waiting[-1]
        node = _origin(tensor)
        missing = [source for source in node.input_tensors if id(source) not in known]
        if id(tensor) in known or not missing:
            waiting.pop()
        if id(tensor) not in known and not missing:
            known.update(id(output) for output in node.outputs)
            yield node
        elif id(tensor) not in known:
            waiting.extend(reversed(missing))


def _origin(tensor: Any) -> Any:
    operation, call, _ = tensor._keras_history
    return operation._inbound_nodes[call]


def _describe_call(
    node: Any, places: Mapping[int, list[int]], layers: dict[int, int]
) -> dict[str, Any]:
    operation = node.operation
    arguments = _clean([node.arguments.args, node.arguments.kwargs], places)
    # A layer called twice shares its weights; its number tells it from an equal one.
    number = layers.setdefault(id(operation), len(layers))
    is_model = hasattr(operation, "_functional") or hasattr(operation, "_nodes_by_depth")
    settings = _describe(operation) if is_model else _clean(operation.get_config(), places)
    kind = "Model" if is_model else type(operation).__name__
    return {"class": kind, "layer": number, "settings": settings, "arguments": arguments}


def _clean(value: Any, places: Mapping[int, list[int]]) -> Any:
    if hasattr(value, "_keras_history"):
        return {"reads": places[id(value)]}
    if isinstance(value, Mapping):
        kept = {str(key): item for key, item in value.items() if key not in _WITHOUT_MEANING}
        return {key: _clean(item, places) for key, item in kept.items()}
    if isinstance(value, list | tuple):
        return [_clean(item, places) for item in value]
    return value


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    return f"{type(value).__module__}.{type(value).__qualname__}"
