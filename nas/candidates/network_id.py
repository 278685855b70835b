"""The identity of a network: equal for equal architectures, whatever their layers are called."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from nas.network.layer_graph import LayerCall, LayerGraph, Value, layer_graph

_DIGITS = 12
_MOST_SETTINGS = 4096
_WITHOUT_MEANING = frozenset({"name", "dtype", "seed", "registered_name"})


def network_id(network: Any) -> str:
    """Identify an architecture.

    Names of layers, the order in which branches were built, data types and seeds of initializers
    and dropout do not matter; classes, settings, connections, shared layers and input shapes do.

    Args:
        network: A functional or sequential Keras 3 model, with or without weights, or its
            :class:`nas.network.layer_graph.LayerGraph`.

    Returns:
        The first 12 hexadecimal digits of the SHA-256 of its canonical description, a JSON text.

    Raises:
        UnreadableLayer: The model is not functional.
    """
    graph = network if isinstance(network, LayerGraph) else layer_graph(network)
    return hashlib.sha256(_describe(graph).encode()).hexdigest()[:_DIGITS]


def prepared_id(identity: str, settings: Mapping[str, Any] | None) -> str:
    """Tell networks apart that differ only in how their input is prepared.

    Args:
        identity: The id of the network.
        settings: Those of its front end as JSON values; ``None`` leaves the id as it is.
    """
    if settings is None:
        return identity
    text = json.dumps([identity, dict(settings)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _describe(graph: LayerGraph) -> str:
    places = {at: [at, 0] for at in range(len(graph.inputs))}
    layers: dict[int, int] = {}
    calls: list[str] = []
    for call in _calls(graph):
        for at, output in enumerate(call.outputs):
            places[output] = [len(graph.inputs) + len(calls), at]
        calls.append(_describe_call(call, places, layers))
    inputs = [tensor.shape[1:] for tensor in graph.inputs]
    outputs = [places[output] for output in graph.outputs]
    return (
        f'{{"calls": [{", ".join(calls)}], "inputs": {json.dumps(inputs)}, '
        f'"outputs": {json.dumps(outputs)}}}'
    )


def _calls(graph: LayerGraph) -> Iterator[LayerCall]:
    """Yield the calls the outputs depend on, each after those it reads.

    The order follows from the outputs alone, not from the order of building.
    """
    makers = {output: call for call in graph.calls for output in call.outputs}
    known = set(range(len(graph.inputs)))
    waiting = list(reversed(graph.outputs))
    while waiting:
        if waiting[-1] in known:
            waiting.pop()
            continue
        call = makers[waiting[-1]]
        missing = [source for source in call.inputs if source not in known]
        if missing:
            waiting.extend(reversed(missing))
        else:
            known.update(call.outputs)
            yield call


def _describe_call(call: LayerCall, places: Mapping[int, list[int]], layers: dict[int, int]) -> str:
    # A layer called twice shares its weights; its number tells it from an equal one.
    number = layers.setdefault(id(call.layer), len(layers))
    kind = "Model" if call.inner else call.kind
    settings = _describe(call.inner) if call.inner else _settings(call.layer)
    return (
        f'{{"arguments": {_text(call.arguments, places)}, "class": {json.dumps(kind)}, '
        f'"layer": {number}, "settings": {settings}}}'
    )


def _settings(layer: Any) -> str:
    key = getattr(layer, "settings_key", None)
    return _text(layer.get_config(), {}) if key is None else _unchanging_settings(key)


@lru_cache(maxsize=_MOST_SETTINGS)
def _unchanging_settings(key: Any) -> str:
    return _text(key.get_config(), {})


def _text(value: Any, places: Mapping[int, list[int]]) -> str:
    return json.dumps(_clean(value, places), sort_keys=True, default=_plain)


def _clean(value: Any, places: Mapping[int, list[int]]) -> Any:
    if isinstance(value, Value):
        return {"reads": places[value.place]}
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
