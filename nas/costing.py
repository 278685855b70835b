"""Costs of a search space's candidates: no data, no weights, no training."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nas.candidates.hyperparameters import fixed_hyperparameters
from nas.candidates.reading import read_candidate as reading_of
from nas.edgetpu.estimator import Estimator
from nas.errors import CandidateError, UserError
from nas.json_values import load
from nas.network.network import Network
from search_spaces import Space, SpaceError, example_shape, load_space


def open_space(
    name: str, image_size: int, classes: int, input_shape: tuple[int, ...] | None = None
) -> Space:
    """Load a search space for square colour pictures, or one for signals for embedded ones.

    Args:
        name: A registered space, ``package.module:HyperModel`` or ``path.py:build``.
        image_size: Side of a picture in pixels.
        classes: Number of classes.
        input_shape: Shape of one input, where data tells.

    Raises:
        UserError: The space cannot be loaded.
    """
    shape = input_shape or example_shape(name, image_size)
    try:
        return load_space(name, input_shape=shape, classes=classes)
    except SpaceError as error:
        raise UserError(str(error)) from error
    except (TypeError, ValueError) as error:
        raise UserError(f"space {name!r} does not fit these pictures: {error}") from error


def parse_settings(words: Sequence[str]) -> dict[str, Any]:
    """Read hyperparameters such as ``depth=3``; a value is JSON, or else text.

    Raises:
        UserError: A word has no ``=``.
    """
    settings = {}
    for word in words:
        name, separator, text = word.partition("=")
        if not separator or not name:
            raise UserError(f"--set takes NAME=VALUE, got {word!r}")
        try:
            settings[name] = load(text)
        except ValueError:
            settings[name] = text
    return settings


def read_candidate(space: Space, settings: Mapping[str, Any]) -> Network:
    """Build the network of some hyperparameters, the others at their defaults.

    Raises:
        CandidateError: The space has no such hyperparameter or value, or cannot build it.
    """
    reading = reading_of(space, fixed_hyperparameters(settings))
    kinds = {kind.name: kind for kind in reading.kinds}
    for name, value in settings.items():
        if name not in kinds:
            known = ", ".join(sorted(kinds))
            raise CandidateError(f"the space has no active hyperparameter {name!r}; it has {known}")
        _check_value(kinds[name], value)
    if reading.network is None:
        raise CandidateError(reading.reason or "its operators cannot be read")
    return reading.network


def _check_value(kind: Any, value: Any) -> None:
    choices = getattr(kind, "values", None)
    low, high = getattr(kind, "min_value", None), getattr(kind, "max_value", None)
    if choices is not None and value not in choices:
        allowed = f"one of {', '.join(map(str, choices))}"
    elif low is not None and high is not None and not _is_between(value, low, high):
        allowed = f"from {low} to {high}"
    else:
        return
    raise CandidateError(f"hyperparameter {kind.name!r} must be {allowed}, got {value!r}")


def _is_between(value: Any, low: float, high: float) -> bool:
    return isinstance(value, int | float) and low <= value <= high


def cost_lines(path: Path, space: Space, estimator: Estimator) -> Iterator[dict[str, Any]]:
    """Estimate each line of a file of hyperparameters, in order.

    Args:
        path: One JSON object a line.
        space: The search space.
        estimator: The chip model.

    Yields:
        The JSON fields of one estimate, or ``{"error": …}`` for an impossible line.

    Raises:
        UserError: The file cannot be read.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise UserError(f"--set-file {path} cannot be read: {error}") from None
    for line in lines if lines[-1] else lines[:-1]:
        yield _cost_line(line, space, estimator)


def _cost_line(line: bytes, space: Space, estimator: Estimator) -> dict[str, Any]:
    try:
        settings = load(line)
    except ValueError as error:
        return {"error": f"not JSON: {error}"}
    if not isinstance(settings, dict):
        return {"error": "a line is one JSON object of hyperparameters"}
    try:
        return estimator.estimate(read_candidate(space, settings)).as_dict()
    except CandidateError as error:
        return {"error": str(error)}
