"""Bounds a candidate must keep, such as ``latency_ms<=5``."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from nas.errors import UserError
from nas.records.record import NUMERIC_FIELDS

_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_PATTERN = re.compile(r"\s*([a-z0-9_]+)\s*(<=|>=)\s*([0-9.eE+-]+)\s*([A-Za-z]*)\s*")

_NOT_A_RESULT = {"epochs", "latency_count", "seed", "trial"}

UNKNOWN_MARGIN = 1.0
"""Told for a bound on something unknown: violated, and finite so that samplers can use it."""


def constrainable() -> list[str]:
    """Return the names a constraint can bound: the numeric fields of a record."""
    return sorted((NUMERIC_FIELDS | {"cpu_ops"}) - _NOT_A_RESULT)


@dataclass(frozen=True)
class Constraint:
    """A bound on one field of a record.

    Attributes:
        text: The constraint as the user wrote it.
        name: Field of the record.
        relation: Which side of the bound is allowed; the bound itself is.
        bound: The bound, in the field's unit.
    """

    text: str
    name: str
    relation: Literal["<=", ">="]
    bound: float

    def margin(self, record: Mapping[str, Any]) -> float | None:
        """Return by how much the bound is broken: 0 or less is kept, ``None`` is unknown."""
        value: float | None = record.get(self.name)
        if value is None:
            return None
        return value - self.bound if self.relation == "<=" else self.bound - value


def parse_constraint(text: str) -> Constraint:
    """Read a constraint such as ``latency_ms<=5`` or ``memory_bytes<=6MiB``.

    Raises:
        UserError: The text is no constraint, or bounds something no record holds.
    """
    match = _PATTERN.fullmatch(text)
    if match is None or match[4] not in _UNITS:
        raise UserError(
            f"constraint {text!r}: write NAME<=NUMBER or NAME>=NUMBER, such as 'latency_ms<=5' "
            "or 'memory_bytes<=6MiB'"
        )
    name, relation, number, unit = match.groups()
    if name not in constrainable():
        raise UserError(
            f"constraint {text!r}: unknown name {name!r}; use one of {', '.join(constrainable())}"
        )
    try:
        bound = float(number) * _UNITS[unit]
    except ValueError:
        bound = math.nan
    if not math.isfinite(bound):
        raise UserError(f"constraint {text!r}: {number!r} is not a finite number")
    return Constraint(text.strip(), name, "<=" if relation == "<=" else ">=", bound)


def violation(record: Mapping[str, Any], constraints: Sequence[Constraint]) -> str | None:
    """Return the first broken constraint with the value, or ``None``; unknown values pass."""
    for constraint in constraints:
        margin = constraint.margin(record)
        if margin is not None and margin > 0:
            value = record[constraint.name]
            return f"{constraint.text} does not hold: {constraint.name} is {value:.6g}"
    return None
