"""What int8 cost a network when it was exported, kept in the run for its report."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas.errors import UserError
from nas.json_values import convert, load
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
class Remedy:
    """What one remedy changed, from the plain int8 file."""

    remedy: str
    change: Change


@dataclass(frozen=True)
class Int8Loss:
    """What ``nas.export`` found out about one network.

    Attributes:
        loss: From the float network to the plain int8 file.
        layers: Operators in execution order; none where nothing was looked into.
        remedies: What was tried.
        applied: The remedy that was shipped.
    """

    loss: Change
    layers: tuple[LayerLoss, ...]
    remedies: tuple[Remedy, ...]
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
        return convert(load(_text(directory.model(candidate_id) / FILE)), Int8Loss)
    except (UserError, OSError, ValueError):
        return None


def _text(path: Path) -> str:
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError(f"{path} is too large")
    return path.read_text(encoding="utf-8")
