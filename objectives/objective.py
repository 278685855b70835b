"""What an objective is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Objective:
    """One goal of the search, read from a candidate's record.

    Attributes:
        name: Field of the record, with its unit, such as ``latency_ms``.
        title: Words for an axis, such as ``Latency (ms)``.
        direction: Whether more or less of it is better.
        pessimistic: A finite value worse than any real one, told to Optuna when it is unknown.
    """

    name: str
    title: str
    direction: Literal["maximize", "minimize"]
    pessimistic: float

    def value(self, record: Mapping[str, Any]) -> float | None:
        """Return the objective's value, or ``None`` where the record does not know it."""
        value = record.get(self.name)
        return None if value is None else float(value)

    def loss(self, record: Mapping[str, Any]) -> float | None:
        """Return the value turned so that less is better, or ``None`` where it is unknown."""
        value = self.value(record)
        if value is None or self.direction == "minimize":
            return value
        return -value
