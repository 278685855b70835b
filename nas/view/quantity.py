"""A value of a record as people read it: unit, interval and source."""

import math
from typing import Any

from nas.records.record import Record

_UNITS = ("_ms", "_mj", "_bytes")
_KIB = 1024.0
_MIB = 1024.0**2
UNKNOWN = "unknown"


def number(record: Record, name: str) -> float | None:
    """Return a finite value of a record, or ``None`` where the record does not know it."""
    value = getattr(record, name, None)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def interval(record: Record, name: str) -> tuple[float, float] | None:
    """Return the stored interval of a value: 95 % for accuracy, 80 % for latency."""
    stem, unit = _split(name)
    low, high = number(record, f"{stem}_low{unit}"), number(record, f"{stem}_high{unit}")
    return None if low is None or high is None else (low, high)


def source(record: Record, name: str) -> str | None:
    """Return ``estimate`` or ``device`` for a value that can be either, else ``None``."""
    found: Any = getattr(record, f"{_split(name)[0]}_source", None)
    return None if found is None else str(found)


def shown(name: str, value: float | None) -> str:
    """Return a value with its unit.

    Args:
        name: Field of the record; its ending tells the unit.
        value: The value in that unit, accuracies as fractions.
    """
    if value is None:
        return UNKNOWN
    stem, unit = _split(name)
    if stem.endswith("accuracy"):
        return f"{100 * value:.1f} %"
    if unit == "_bytes":
        return _shown_bytes(value)
    if unit:
        return f"{_digits(value)} {'mJ' if unit == '_mj' else 'ms'}"
    return _shown_count(value)


def shown_interval(record: Record, name: str) -> str | None:
    """Return the interval of a value with its unit, such as ``88.1 - 93.6 %``."""
    found = interval(record, name)
    if found is None:
        return None
    low, high = (shown(name, bound) for bound in found)
    unit = high.rsplit(" ", 1)[-1]
    return f"{low.removesuffix(f' {unit}')} - {high}"


def shown_setting(value: object) -> str:
    """Return a hyperparameter's value, a fraction with four significant digits."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def short_name(name: str) -> str:
    """Return a field's name without its unit, in words, such as ``off chip``."""
    return _split(name)[0].replace("_", " ")


def _split(name: str) -> tuple[str, str]:
    unit = next((unit for unit in _UNITS if name.endswith(unit)), "")
    return name.removesuffix(unit), unit


def _shown_bytes(value: float) -> str:
    if abs(value) >= _MIB:
        return f"{_digits(value / _MIB)} MiB"
    return f"{_digits(value / _KIB)} KiB" if abs(value) >= _KIB else f"{value:.0f} B"


def _shown_count(value: float) -> str:
    for size, suffix in ((1e9, " G"), (1e6, " M"), (1e4, " k")):
        if abs(value) >= size:
            return f"{_digits(value / size * (10 if size == 1e4 else 1))}{suffix}"
    return f"{value:.10g}"


def _digits(value: float) -> str:
    """Return three significant digits without an exponent."""
    if value == 0:
        return "0"
    decimals = 2 - math.floor(math.log10(abs(value)))
    return f"{value:,.{min(max(decimals, 0), 9)}f}"
