"""The registered search spaces, and how a user's own is found."""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

SPACES = {
    "xception_lite": "search_spaces.xception:XceptionLite",
    "nasbench201": "search_spaces.nasbench201:NasBench201",
}
"""Where each registered space is; imported when it is used, as Keras takes seconds to import."""


class Space(Protocol):
    """A search space: KerasTuner's ``HyperModel``."""

    def build(self, hp: Any) -> Any:
        """Build the Keras model of one set of hyperparameters."""


class SpaceError(ValueError):
    """No search space has this name."""


def load_space(name: str, *, input_shape: tuple[int, ...], classes: int) -> Space:
    """Make a search space for one kind of data.

    Args:
        name: A registered name, ``package.module:HyperModel`` or ``path.py:build``.
        input_shape: Shape of one input: ``(height, width, channels)``.
        classes: Number of classes.

    Returns:
        A ``HyperModel`` whose ``build`` fits the data.

    Raises:
        SpaceError: Nothing of that name can be loaded; the message says what to write.
    """
    place = SPACES.get(name, name)
    module_name, separator, attribute = place.rpartition(":")
    if not separator or not module_name:
        raise SpaceError(
            f"unknown space {name!r}: use {', '.join(SPACES)}, package.module:HyperModel "
            "or path.py:build"
        )
    maker = getattr(_load_module(module_name), attribute, None)
    if not callable(maker):
        raise SpaceError(f"space {name!r}: {module_name} has no class or function {attribute!r}")
    return _make(maker, input_shape, classes)


def presets(space: Space) -> Mapping[str, Mapping[str, Any]]:
    """Return a space's hand-made networks: hyperparameters by name; none if it has none."""
    listed: Callable[[], Mapping[str, Mapping[str, Any]]] | None = getattr(space, "presets", None)
    return {} if listed is None else listed()


def _load_module(name: str) -> ModuleType:
    try:
        return _load_file(Path(name)) if name.endswith(".py") else importlib.import_module(name)
    except (ImportError, OSError, SyntaxError) as error:
        raise SpaceError(f"space module {name!r} cannot be imported: {error}") from error


def _load_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    spec.loader.exec_module(module)
    return module


def _make(maker: Callable[..., Any], input_shape: tuple[int, ...], classes: int) -> Space:
    """Instantiate a HyperModel class, or wrap a ``build`` function."""
    if isinstance(maker, type):
        made: Space = maker(input_shape=input_shape, classes=classes)
        return made
    return _FunctionSpace(maker, input_shape, classes)


class _FunctionSpace:
    """A ``build(hp, input_shape, classes)`` function as a space."""

    def __init__(
        self, function: Callable[..., Any], input_shape: tuple[int, ...], classes: int
    ) -> None:
        self._function = function
        self._input_shape = input_shape
        self._classes = classes

    def build(self, hp: Any) -> Any:
        """Build the Keras model of one set of hyperparameters."""
        return self._function(hp, input_shape=self._input_shape, classes=self._classes)
