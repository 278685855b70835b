"""Layers and tensors that know their shapes: what a builder handles instead of Keras' own."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from nas.network.layer_graph import Sizes
from nas.network.shape_pattern import (
    KINDS,
    MERGING,
    Pattern,
    ShapeUnknown,
    find_pattern,
    keras_defaults,
)

_WORD_STARTS = re.compile(r"(?<=.)(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])")
_STEMS = {kind: _WORD_STARTS.sub("_", kind).lower() for kind in (*KINDS, "InputLayer")}


@dataclass(frozen=True)
class _Build:
    """What the layers of one build have in common."""

    defaults: str
    counts: Counter[str]


_BUILD: ContextVar[_Build] = ContextVar("build")


@contextmanager
def new_build() -> Iterator[None]:
    """Let layers be made inside, numbered from the start as Keras does after ``clear_session``."""
    token = _BUILD.set(_Build(keras_defaults(), Counter()))
    try:
        yield
    finally:
        _BUILD.reset(token)


def make_name(kind: str, given: str | None) -> str:
    """Return the name Keras would give to a layer.

    Args:
        kind: Name of its class.
        given: The name it was made with, if any.

    Raises:
        ShapeUnknown: Keras refuses the name.
    """
    if given is not None:
        if not isinstance(given, str) or "/" in given:
            raise ShapeUnknown(f"a layer called {given!r}")
        return given
    stem = _STEMS[kind]
    counts = _BUILD.get().counts
    counts[stem] += 1
    return stem if counts[stem] == 1 else f"{stem}_{counts[stem] - 1}"


@dataclass(frozen=True, eq=False)
class ShapeTensor:
    """A tensor of which only the shape is known.

    Attributes:
        shape: With ``None`` for the batch.
        source: What makes it; ``None`` for an input of the network.
        name: Name of an input.
    """

    shape: Sizes
    source: "ShapeCall | None" = None
    name: str = ""

    def __bool__(self) -> bool:
        raise ShapeUnknown("the truth of a tensor")


@dataclass(frozen=True, eq=False)
class ShapeCall:
    """A layer applied to tensors.

    Attributes:
        layer: The layer.
        inputs: What it reads.
        shape: Its output shape.
    """

    layer: "ShapeLayer"
    inputs: tuple[ShapeTensor, ...]
    shape: Sizes


class ShapeLayer:
    """A layer with settings, which are read as its attributes, but without variables.

    Each known layer of Keras has a subclass of its name here.
    """

    __slots__ = ("_input_shapes", "name", "parameters", "settings_key")

    name: str
    parameters: int
    settings_key: Pattern

    def __init__(self, *args: Any, name: str | None = None, **settings: Any) -> None:
        kind = type(self).__name__
        self.settings_key = find_pattern(kind, args, settings, _BUILD.get().defaults)
        self.name = make_name(kind, name)
        self.parameters = 0
        self._input_shapes: tuple[Sizes, ...] = ()

    def __call__(self, inputs: Any) -> ShapeTensor:
        """Apply the layer to a tensor, or a layer that merges to a list of tensors."""
        is_list = isinstance(inputs, list | tuple)
        tensors: tuple[Any, ...] = tuple(inputs) if is_list else (inputs,)
        if is_list != (type(self).__name__ in MERGING):
            raise ShapeUnknown(f"`{self.name}` called on {type(inputs).__name__}")
        if not all(isinstance(tensor, ShapeTensor) for tensor in tensors):
            raise ShapeUnknown(f"`{self.name}` called on something else than tensors")
        shape = self._shape(tuple(tensor.shape for tensor in tensors))
        return ShapeTensor(shape, ShapeCall(self, tensors, shape))

    def _shape(self, shapes: tuple[Sizes, ...]) -> Sizes:
        shape, parameters = self.settings_key.measure(shapes)
        if parameters and self._input_shapes not in ((), shapes):
            raise ShapeUnknown(f"`{self.name}` called on {self._input_shapes} and {shapes}")
        self.parameters, self._input_shapes = parameters, shapes
        return shape

    def __getattr__(self, name: str) -> Any:
        try:
            return self.settings_key.settings[name]
        except KeyError:
            raise AttributeError(f"{name} of a {type(self).__name__} is not kept") from None

    def get_config(self) -> dict[str, Any]:
        """Return the settings as Keras writes them."""
        return {**self.settings_key.get_config(), "name": self.name}


def _layer_class(kind: str) -> type[ShapeLayer]:
    return type(kind, (ShapeLayer,), {"__slots__": (), "__doc__": f"``keras.layers.{kind}``."})


LAYERS: Mapping[str, type[ShapeLayer]] = {kind: _layer_class(kind) for kind in sorted(KINDS)}
"""The stand-in for each known layer by its name in ``keras.layers``."""
