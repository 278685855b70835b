"""The registered search spaces, and how a user's own is found."""

import importlib
import importlib.util
import inspect
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
    maker = find_maker(name)
    offered = {"input_shape": input_shape, "classes": classes}
    accepted = {key: value for key, value in offered.items() if _accepts(maker, key)}
    if isinstance(maker, type):
        made: Space = maker(**accepted)
        return made
    return _FunctionSpace(maker, accepted)


def find_maker(name: str) -> Callable[..., Any]:
    """Find a space's class or ``build`` function.

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
    found: Callable[..., Any] = maker
    return found


def presets(space: Space) -> Mapping[str, Mapping[str, Any]]:
    """Return a space's hand-made networks: hyperparameters by name; none if it has none."""
    listed: Callable[[], Mapping[str, Mapping[str, Any]]] | None = getattr(space, "presets", None)
    return {} if listed is None else listed()


def _load_module(name: str) -> ModuleType:
    try:
        return _load_file(Path(name)) if name.endswith(".py") else importlib.import_module(name)
    except Exception as error:  # a user's module may raise anything
        reason = f"{type(error).__name__}: {error}"
        raise SpaceError(f"space module {name!r} cannot be imported: {reason}") from error


def _load_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    spec.loader.exec_module(module)
    return module


def _accepts(maker: Callable[..., Any], name: str) -> bool:
    """Tell whether a class or function has such a parameter: KerasTuner's own forms have none."""
    parameters = inspect.signature(maker).parameters.values()
    return any(each.name == name or each.kind is each.VAR_KEYWORD for each in parameters)


class _FunctionSpace:
    """A function ``build(hp)`` as a space, with the data's shape if it takes that."""

    def __init__(self, function: Callable[..., Any], settings: Mapping[str, Any]) -> None:
        self._function = function
        self._settings = settings

    def build(self, hp: Any) -> Any:
        """Build the Keras model of one set of hyperparameters."""
        return self._function(hp, **self._settings)
