"""The network a command works on: a ``.keras`` file, a candidate of a space, or a published one."""

import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas.adjustment.classes import change_classes
from nas.candidates.hyperparameters import fixed_hyperparameters
from nas.costing import open_space, parse_settings, read_candidate
from nas.errors import CandidateError, UserError
from search_spaces import FrontEnd, find_front_end
from search_spaces.weightless import without_weights

_MOST_CONFIG_BYTES = 32 << 20
_MOST_FILE_BYTES = 1 << 30
_MOST_PARAMETERS = 200_000_000
_APPLICATION_SIDE = 224
_APPLICATION_CLASSES = 1000


@dataclass(frozen=True)
class Subject:
    """A network to work on.

    Attributes:
        name: What it is called.
        model: The Keras model, without weights.
        build: Makes the Keras model with weights.
        front_end: What prepares signals for it.
    """

    name: str
    model: Any
    build: Callable[[], Any]
    front_end: FrontEnd | None = None


def open_candidate(
    space: str,
    preset: str | None,
    settings: Sequence[str],
    image_size: int,
    classes: int,
    *,
    input_shape: tuple[int, ...] | None = None,
) -> Subject:
    """Open a candidate of a search space.

    Args:
        space: A registered space, ``package.module:HyperModel`` or ``path.py:build``.
        preset: One of its hand-made networks; its defaults if not given.
        settings: Hyperparameters such as ``depth=3``, over those of the preset.
        image_size: Side of a picture in pixels.
        classes: Number of classes.
        input_shape: Shape of one input, where data tells.

    Raises:
        UserError: There is no such space, preset or hyperparameter.
    """
    from search_spaces import presets

    opened = open_space(space, image_size, classes, input_shape)
    hand_made = presets(opened)
    if preset is not None and preset not in hand_made:
        known = ", ".join(hand_made) or "none"
        raise UserError(f"--preset {preset}: space {space} has {known}")
    chosen = {**(hand_made[preset] if preset else {}), **parse_settings(settings)}
    try:
        read_candidate(opened, chosen)
    except CandidateError as error:
        raise UserError(f"--space {space}: {error}") from error

    def build() -> Any:
        try:
            return opened.build(fixed_hyperparameters(chosen))
        except ValueError as error:  # weights that cannot be had
            raise UserError(f"--space {space}: {error}") from error

    hp = fixed_hyperparameters(chosen)
    model = _weightless(lambda: opened.build(hp))
    front_end = find_front_end(opened, hp.values)
    return Subject(preset or space, model, _with_the_same_names(build), front_end)


def open_application(name: str, image_size: int | None, classes: int | None) -> Subject:
    """Open a network of ``keras.applications`` with new weights.

    Args:
        name: Such as ``MobileNetV2``.
        image_size: Side of a picture in pixels, 224 by default.
        classes: Number of classes, 1000 by default.

    Raises:
        UserError: There is no such network, or it does not take such pictures.
    """
    import keras

    known = [each for each in vars(keras.applications) if each[0].isupper()]
    if name not in known:
        raise UserError(
            f"{name!r} is no .keras file and none of keras.applications: {', '.join(known)}"
        )
    make = getattr(keras.applications, name)
    side = image_size or _APPLICATION_SIDE

    def build() -> Any:
        shape = (side, side, 3)
        return make(weights=None, input_shape=shape, classes=classes or _APPLICATION_CLASSES)

    try:
        return Subject(name, _weightless(build), _with_the_same_names(build))
    except ValueError as error:
        raise UserError(f"{name} at {side} pixels: {' '.join(str(error).split())}") from error


def open_file(path: Path) -> Subject:
    """Open a ``.keras`` file in Keras's safe mode.

    Only Keras's own classes are read: others name code that would be imported.

    Args:
        path: The file.

    Raises:
        UserError: It is too large, no Keras model, or holds other classes.
    """
    import keras

    config = _read_config(path)

    def architecture() -> Any:
        return keras.saving.deserialize_keras_object(config, safe_mode=True)

    def build() -> Any:
        return keras.saving.load_model(path, compile=False, safe_mode=True)

    try:
        model = _weightless(architecture)
        parameters = model.count_params()
    except Exception as error:  # a file may hold anything
        raise UserError(f"{path}: no Keras model: {' '.join(str(error).split())[:200]}") from error
    if parameters > _MOST_PARAMETERS:
        raise UserError(f"{path}: {parameters:,} parameters; at most {_MOST_PARAMETERS:,} are read")
    return Subject(path.stem, model, build)


def with_classes(subject: Subject, classes: int) -> Subject:
    """Give a classifier a number of classes; the rest keeps its weights.

    Raises:
        UserError: It does not end in a classifier.
    """
    if subject.model.outputs[0].shape[-1] == classes:
        return subject
    model = _weightless(lambda: change_classes(subject.model, classes, copy_weights=False))
    return Subject(subject.name, model, lambda: change_classes(subject.build(), classes))


def _weightless(build: Callable[[], Any]) -> Any:
    import keras

    keras.utils.clear_session()  # not inside: it would end the scope without weights
    with without_weights():
        return build()


def _with_the_same_names(build: Callable[[], Any]) -> Callable[[], Any]:
    """Keras numbers layers on from one model to the next; adjustments name them."""
    import keras

    def built() -> Any:
        keras.utils.clear_session()
        return build()

    return built


def _read_config(path: Path) -> Mapping[str, Any]:
    """Return the architecture in a ``.keras`` file, without the part on training."""
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
            if sizes.get("config.json", 0) > _MOST_CONFIG_BYTES or (
                sum(sizes.values()) > _MOST_FILE_BYTES
            ):
                raise UserError(
                    f"{path}: unpacked it is larger than {_MOST_FILE_BYTES >> 20} MiB, or its "
                    f"architecture than {_MOST_CONFIG_BYTES >> 20} MiB; that is not read"
                )
            config = json.loads(archive.read("config.json"))
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file") from None
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise UserError(f"{path} cannot be read as a .keras file ({reason})") from None
    if not isinstance(config, dict):
        raise UserError(f"{path} cannot be read as a .keras file (its config is no object)")
    architecture = {key: value for key, value in config.items() if key != "compile_config"}
    for module, name in _classes(architecture):
        if module != "builtins" and module.split(".")[0] != "keras":
            raise UserError(f"{path}: it needs {module}.{name}; only Keras's own classes are read")
    return architecture


def _classes(config: Any) -> Iterator[tuple[str, str]]:
    waiting = [config]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            if "class_name" in value:
                yield str(value.get("module") or "keras"), str(value["class_name"])
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
