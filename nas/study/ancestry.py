"""Whose weights a candidate starts from: the finished one whose settings are closest to its own."""

from collections.abc import Iterable, Mapping
from typing import Any

from nas.records.record import Record

_LEAST_SHARED = 0.5
"""Networks with fewer settings in common than this share are no relatives."""


def closest_relative(
    hyperparameters: Mapping[str, Any], records: Iterable[Record]
) -> Record | None:
    """Return the trained candidate that shares the most settings with a new one.

    Args:
        hyperparameters: Active settings of the new candidate by name.
        records: Finished candidates.

    Returns:
        The one with the largest share of equal settings, of several the most accurate; ``None`` if
        no trained one shares at least half.
    """
    relatives = [
        (shared, record.accuracy, record)
        for record in records
        if record.accuracy is not None
        and (shared := shared_settings(hyperparameters, record.hyperparameters)) >= _LEAST_SHARED
    ]
    return max(relatives, key=lambda each: each[:2], default=(None,))[-1]


def shared_settings(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """Return how many of the settings that either has are equal in both, 0 – 1."""
    names = one.keys() | other.keys()
    equal = sum(name in one and name in other and one[name] == other[name] for name in names)
    return equal / len(names) if names else 1.0
