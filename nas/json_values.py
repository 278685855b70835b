"""JSON from anywhere as dataclasses: every field is of its type, or one line says which is not."""

import json
import math
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def load(text: str | bytes) -> Any:
    """Read JSON; NaN and numbers too large, which are none in JSON, stay texts.

    Raises:
        ValueError: It is no JSON, or too deep.
    """
    try:
        return json.loads(text, parse_float=_finite, parse_constant=str)
    except RecursionError as error:
        raise ValueError(str(error)) from None


def convert(values: Any, kind: type[T]) -> T:
    """Make a dataclass of the object that was read; what it does not know is left out.

    Args:
        values: What ``load`` gave.
        kind: The dataclass; a list becomes a tuple, an integer a float, where it wants one.

    Raises:
        ValueError: A field is missing or not of its type.
    """
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None


def _finite(text: str) -> float | str:
    value = float(text)
    return value if math.isfinite(value) else text
