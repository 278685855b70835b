"""Lets a builder's code see shape-only layers where it names Keras.

For the time of one build, what the builder's modules have imported from Keras is exchanged for
stand-ins. What is not known, such as a user's own layer, is exchanged for something that refuses;
what is reached in another way is Keras' own, which refuses tensors that are not Keras' own.
"""

import operator
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from types import FunctionType, ModuleType
from typing import Any

from nas.network.shape_layers import LAYERS, new_build
from nas.network.shape_model import ShapeModel, ShapeSequential, shape_input
from nas.network.shape_pattern import ShapeUnknown

_FRAMEWORKS = frozenset({"keras", "keras_tuner", "tensorflow"})
_SETTINGS = frozenset({
    "activations", "callbacks", "config", "constraints", "dtype_policies", "initializers",
    "losses", "metrics", "optimizers", "regularizers",
})  # fmt: skip
"""Parts of Keras whose members are arguments, not layers; they stay as they are."""

_MOST_SPACES = 16
_EXCHANGE = threading.Lock()

Namespace = dict[str, Any]


@contextmanager
def shapes_only(space: Any) -> Iterator[None]:
    """Let a search space build shape-only models inside.

    One space at a time is read so; other threads must not run the same space's code meanwhile.

    Args:
        space: An object with ``build``.
    """
    with _EXCHANGE, new_build():
        exchanges = _current_exchanges(space)
        try:
            for exchange in exchanges:
                exchange.names.update(exchange.stand_ins)
            yield
        finally:
            for exchange in exchanges:
                exchange.names.update(exchange.originals)


@dataclass(frozen=True)
class _Exchange:
    """What a namespace has from Keras, and what takes its place, by name."""

    names: Namespace
    values: tuple[Any, ...]
    originals: Namespace
    stand_ins: Namespace

    @property
    def is_current(self) -> bool:
        same = map(operator.is_, self.names.values(), self.values)
        return len(self.names) == len(self.values) and all(same)


def _current_exchanges(space: Any) -> tuple[_Exchange, ...]:
    roots: list[Any] = [type(space)]
    roots += [value for value in vars(space).values() if isinstance(value, type | FunctionType)]
    exchanges = _exchanges(*roots)
    if all(exchange.is_current for exchange in exchanges):
        return exchanges
    _exchanges.cache_clear()
    return _exchanges(*roots)


@lru_cache(maxsize=_MOST_SPACES)
def _exchanges(*roots: Any) -> tuple[_Exchange, ...]:
    """Find the globals of the modules the roots run in, and of those they name, that name Keras."""
    found: dict[int, _Exchange] = {}
    waiting: list[Any] = list(roots)
    while waiting:
        for names in _namespaces(waiting.pop()):
            exchange = _exchange(names)
            if id(names) not in found and exchange.stand_ins:
                found[id(names)] = exchange
                waiting.extend(names.values())
    return tuple(found.values())


def _exchange(names: Namespace) -> _Exchange:
    exchanged = {name: _stand_in(value) for name, value in names.items()}
    stand_ins = {name: value for name, value in exchanged.items() if value is not names[name]}
    originals = {name: names[name] for name in stand_ins}
    return _Exchange(names, tuple(names.values()), originals, stand_ins)


class _Module:
    """A module of Keras whose members are exchanged as they are asked for."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        value = _stand_in(getattr(self._module, name))
        vars(self)[name] = value
        return value


class _Refusal:
    """Stands where nothing is known; it cannot be used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, *_args: Any, **_settings: Any) -> Any:
        """Refuse to be called."""
        raise ShapeUnknown(self._name)

    def __getattr__(self, name: str) -> Any:
        raise ShapeUnknown(f"{self._name}.{name}")


def _stand_in(value: Any) -> Any:
    """Return what takes the place of a value: itself, unless it is a part of Keras."""
    if isinstance(value, ModuleType):
        return _module(value) if _package(value.__name__) == "keras" else value
    if not isinstance(value, type | FunctionType):
        return value
    known = _known().get(value)
    if known is not None:
        return known
    return _Refusal(value.__qualname__) if _is_part(value) else value


@cache
def _module(module: ModuleType) -> _Module:
    return _Module(module)


@cache
def _known() -> dict[Any, Any]:
    """Return the stand-ins of Keras' classes and functions."""
    import keras

    known: dict[Any, Any] = {getattr(keras.layers, kind): LAYERS[kind] for kind in LAYERS}
    models = {keras.Input: shape_input, keras.Model: ShapeModel, keras.Sequential: ShapeSequential}
    return known | models


def _is_part(value: Any) -> bool:
    """Tell whether a class or function may have to do with tensors of Keras."""
    import keras

    if isinstance(value, type) and issubclass(value, keras.Operation):
        return True
    parts = str(value.__module__).split(".")
    return parts[0] == "keras" and not _SETTINGS & set(parts)


def _package(name: str) -> str:
    return name.partition(".")[0]


def _namespaces(value: Any) -> Iterable[Namespace]:
    """Yield the namespaces that a module, a class or a function runs in, but no framework's."""
    if isinstance(value, ModuleType):
        spaces = [vars(value)]
    elif isinstance(value, type):
        members = (member for base in value.__mro__ for member in vars(base).values())
        spaces = [m.__globals__ for m in members if isinstance(m, FunctionType)]
    else:
        spaces = [value.__globals__] if isinstance(value, FunctionType) else []
    return (names for names in spaces if _package(names["__name__"]) not in _FRAMEWORKS)
