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
    "mobilenet_lite": "search_spaces.mobilenet:MobileNetLite",
    "nasbench201": "search_spaces.nasbench201:NasBench201",
    "spectrogram_mlp": "search_spaces.spectrogram:SpectrogramMlp",
    "spectrogram_cnn": "search_spaces.spectrogram:SpectrogramCnn",
    "transfer": "search_spaces.transfer:Transfer",
}
"""Where each registered space is; imported when it is used, as Keras takes seconds to import."""


SIGNAL_SPACES = ("spectrogram_mlp", "spectrogram_cnn")
"""Registered spaces whose inputs are signals; the others take images."""

EXAMPLE_SIGNAL = (256, 3)
"""Samples and channels of the embedded signals, ``motion_synthetic``."""


class FrontEnd(Protocol):
    """What the host does to signals before a network takes them."""

    def __call__(self, signals: Any) -> Any:
        """Prepare ``(n, samples, channels)`` for the network, float32."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """What another program needs to do the same, as JSON values."""

    @property
    def macs(self) -> int:
        """Multiply-accumulates that it takes for one signal."""

    @property
    def elements(self) -> int:
        """Numbers that it writes for one signal."""


class Space(Protocol):
    """A search space: KerasTuner's ``HyperModel``."""

    def build(self, hp: Any) -> Any:
        """Build the Keras model of one set of hyperparameters."""


class SpaceError(ValueError):
    """No search space has this name."""


def load_space(name: str, *, input_shape: tuple[int, ...], classes: int) -> Space:
    """Make a search space for one kind of data.

    Args:
        name: A registered name, ``package.module:HyperModel`` or ``path.py:build``. A registered
            space that starts from weights takes them behind a colon: ``transfer:imagenet``.
        input_shape: Shape of one input: ``(height, width, channels)``, or of a signal
            ``(samples, channels)``.
        classes: Number of classes.

    Returns:
        A ``HyperModel`` whose ``build`` fits the data.

    Raises:
        SpaceError: Nothing of that name can be loaded, or it is for other data; the message says
            what to write.
    """
    maker = find_maker(name)
    _check_kind(name, input_shape)
    offered: dict[str, Any] = {"input_shape": input_shape, "classes": classes}
    registered, _, weights = name.partition(":")
    if registered in SPACES and weights:
        offered["weights"] = weights
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
    registered, _, weights = name.partition(":")
    place = SPACES.get(registered, name)
    module_name, separator, attribute = place.rpartition(":")
    if not separator or not module_name:
        raise SpaceError(
            f"unknown space {name!r}: use {', '.join(SPACES)}, package.module:HyperModel "
            "or path.py:build"
        )
    maker = getattr(_load_module(module_name), attribute, None)
    if not callable(maker):
        raise SpaceError(f"space {name!r}: {module_name} has no class or function {attribute!r}")
    if registered in SPACES and weights and not _accepts(maker, "weights"):
        raise SpaceError(f"space {registered} starts from no weights: leave :{weights} out")
    found: Callable[..., Any] = maker
    return found


def presets(space: Space) -> Mapping[str, Mapping[str, Any]]:
    """Return a space's hand-made networks: hyperparameters by name; none if it has none."""
    listed: Callable[[], Mapping[str, Mapping[str, Any]]] | None = getattr(space, "presets", None)
    return {} if listed is None else listed()


def warm_start(space: Space, model: Any, values: Mapping[str, Any]) -> tuple[str, ...]:
    """Load what a space knows from elsewhere into a model that it built.

    Args:
        space: The search space.
        model: The model; its weights are replaced.
        values: Its hyperparameters.

    Returns:
        Names of the layers to freeze while the others start to learn; none if the space has
        nothing to load.
    """
    load: Callable[..., tuple[str, ...]] | None = getattr(space, "warm_start", None)
    return () if load is None else load(model, values)


def find_front_end(space: Space, hyperparameters: Mapping[str, Any]) -> FrontEnd | None:
    """Return what prepares inputs for a network of a space; ``None`` if nothing has to.

    Args:
        space: The search space; one with a method ``front_end`` decides by hyperparameters.
        hyperparameters: Those the network was built from.
    """
    chosen: Callable[[Mapping[str, Any]], FrontEnd] | None = getattr(space, "front_end", None)
    return None if chosen is None else chosen(hyperparameters)


def default_data(name: str, *, images: str, signals: str) -> str:
    """Return the data a space is searched on where none is named."""
    return signals if name in SIGNAL_SPACES else images


def example_shape(name: str, image_size: int) -> tuple[int, ...]:
    """Return the shape of one input of a space where no data tells.

    Args:
        name: Name of the space.
        image_size: Side of images in pixels.
    """
    return EXAMPLE_SIGNAL if name in SIGNAL_SPACES else (image_size, image_size, 3)


def _check_kind(name: str, input_shape: tuple[int, ...]) -> None:
    takes_signals, are_signals = name in SIGNAL_SPACES, len(input_shape) == 2
    if name in SPACES and takes_signals != are_signals:
        kinds = {True: "signals", False: "images"}
        fitting = [each for each in SPACES if (each in SIGNAL_SPACES) == are_signals]
        raise SpaceError(
            f"space {name!r} takes {kinds[takes_signals]}, but the data are {kinds[are_signals]}: "
            f"name other --data, or one of {', '.join(fitting)}"
        )


def _load_module(name: str) -> ModuleType:
    try:
        return _load_file(Path(name)) if name.endswith(".py") else importlib.import_module(name)
    except (Exception, SystemExit) as error:  # a user's module may raise anything
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
