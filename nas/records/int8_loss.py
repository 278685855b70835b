"""What int8 cost a network when it was exported, kept in the run for its report."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas.errors import UserError
from nas.records.run import RunDirectory

FILE = "quantization.json"
_MOST_BYTES = 1 << 24


@dataclass(frozen=True)
class Change:
    """From one network to another on the same examples of the validation split.

    Attributes:
        examples: How many.
        before: Accuracy of the first, 0 – 1.
        after: Accuracy of the second, 0 – 1.
        lost: Examples that only the first gets right.
        gained: Examples that only the second gets right.
    """

    examples: int
    before: float
    after: float
    lost: int
    gained: int


@dataclass(frozen=True)
class LayerLoss:
    """One operator in int8.

    Attributes:
        layer: Keras layers that it computes.
        operator: TFLite's name of it.
        sqnr_db: Signal-to-quantization-noise ratio at its output; ``None`` without any noise.
        noise_share: Its share of the noise power at the network's end, 0 – 1.
        alone: What it alone costs; ``None`` was not measured.
    """

    layer: str
    operator: str
    sqnr_db: float | None
    noise_share: float
    alone: Change | None


@dataclass(frozen=True)
class Int8Loss:
    """What ``nas.export`` found out about one network.

    Attributes:
        whole: From the float network to the plain int8 file.
        layers: Operators in execution order; none where nothing was looked into.
        remedies: What each remedy changed, from the plain int8 file, by its name.
        applied: The remedy that was shipped.
    """

    whole: Change
    layers: tuple[LayerLoss, ...]
    remedies: Mapping[str, Change]
    applied: str | None


def keep_int8_loss(directory: RunDirectory, candidate_id: str, found: Mapping[str, Any]) -> None:
    """Keep what ``nas.quantization.statement.as_json`` said of a candidate.

    Raises:
        OSError: The run directory cannot be written.
    """
    path = directory.model(candidate_id) / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found), encoding="utf-8")


def read_int8_loss(directory: RunDirectory, candidate_id: str) -> Int8Loss | None:
    """Read what an export kept; ``None`` where there is nothing, or nothing readable."""
    try:
        return _parse(json.loads(_text(directory.model(candidate_id) / FILE)))
    except (UserError, OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None


def _text(path: Path) -> str:
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError(f"{path} is too large")
    return path.read_text(encoding="utf-8")


def _parse(stored: Any) -> Int8Loss:
    return Int8Loss(
        whole=_change(stored["loss"]),
        layers=tuple(
            LayerLoss(
                str(each["layer"]),
                str(each["operator"]),
                None if each["sqnr_db"] is None else _number(each["sqnr_db"]),
                _number(each["noise_share"]),
                None if each["alone"] is None else _change(each["alone"]),
            )
            for each in stored["layers"]
        ),
        remedies={str(each["remedy"]): _change(each["change"]) for each in stored["remedies"]},
        applied=None if stored["applied"] is None else str(stored["applied"]),
    )


def _change(stored: Any) -> Change:
    return Change(
        examples=int(stored["examples"]),
        before=_number(stored["before"]),
        after=_number(stored["after"]),
        lost=int(stored["lost"]),
        gained=int(stored["gained"]),
    )


def _number(stored: Any) -> float:
    value = float(stored)
    if not math.isfinite(value):
        raise ValueError(f"{value} is no figure")
    return value
