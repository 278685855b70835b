"""What devices measured: ``measurements.jsonl``, beside ``records.jsonl``.

A measurement may come long after its candidate's record was written, so it has a line of its own,
and takes the estimate's place whenever records are read. Neither file is ever rewritten.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nas.errors import UserError
from nas.json_values import convert
from nas.records.json_lines import read_lines

SCHEMA = 1
FILE = "measurements.jsonl"
GOOD = "good"

LATENCIES = {"latency_ms": "median_ms", "latency_low_ms": "q1_ms", "latency_high_ms": "q3_ms"}
"""Fields of a record, and the figures that they are from."""

_NEEDED = (*LATENCIES.values(), "count")


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One attempt to measure one candidate, whatever came of it.

    Attributes:
        candidate_id: The candidate.
        device: What measured it, as the user named it; ``None`` where it was not compiled.
        status: ``good``, or why the figures are not believed or there are none.
        reason: What is wrong; ``None`` where it is good.
        broken: The constraint that its measured latency breaks.
        figures: All figures, see ``nas.device.measurement``; latencies in milliseconds.
        facts: What the device told of itself.
        energy: ``energy_mj``, ``power_w`` and ``source``, the power sensor; or a ``reason`` why
            there is none.
        failures: What went wrong before it succeeded.
        model_sha256: Hash of the compiled file.
        finished_at: When, in ISO 8601, UTC.
    """

    candidate_id: str
    device: str | None
    status: str
    reason: str | None = None
    broken: str | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    energy: Mapping[str, Any] = field(default_factory=dict)
    failures: tuple[str, ...] = ()
    model_sha256: str | None = None
    finished_at: str | None = None
    schema: int = SCHEMA

    @property
    def is_good(self) -> bool:
        """Whether it takes the estimate's place."""
        return self.status == GOOD

    def latency(self) -> dict[str, Any]:
        """Return a good measurement's latency as fields of a record: median and quartiles."""
        times = {name: self.figures[figure] for name, figure in LATENCIES.items()}
        return {
            **times,
            "latency_source": "device",
            "latency_device": self.device,
            "latency_count": self.figures["count"],
        }

    def measured_energy(self) -> dict[str, Any]:
        """Return the energy of a power sensor as fields of a record; empty where there is none."""
        energy_mj = self.energy.get("energy_mj")
        if not _is_figure(energy_mj):
            return {}
        return {"energy_mj": energy_mj, "energy_source": "device"}


def read_good(path: Path) -> dict[str, Measurement]:
    """Return the first good measurement of each candidate.

    Args:
        path: ``measurements.jsonl``; a missing file holds none.

    Raises:
        UserError: A line is no measurement of this version.
    """
    good: dict[str, Measurement] = {}
    for place, values in read_lines(path):
        measurement = _parse(values, place)
        if measurement.is_good:
            good.setdefault(measurement.candidate_id, measurement)
    return good


def _parse(values: Any, place: str) -> Measurement:
    if not isinstance(values, dict) or values.get("schema") != SCHEMA:
        raise UserError(
            f"{place}: not a measurement of schema {SCHEMA}; was it written by another version?"
        )
    try:
        measurement = convert(values, Measurement)
    except ValueError as error:
        raise UserError(f"{place}: not a measurement ({error})") from None
    if measurement.is_good and not all(map(_is_figure, map(measurement.figures.get, _NEEDED))):
        raise UserError(f"{place}: a good measurement needs {', '.join(_NEEDED)}")
    return measurement


def _is_figure(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and value > 0
