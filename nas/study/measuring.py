"""Measuring candidates on devices while others train: which, when, and what is kept of it."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from nas.records.constraint import violation
from nas.records.json_lines import append_line
from nas.records.measurements import Measurement
from nas.records.pareto import pareto_front
from nas.records.record import Record, finite, measured
from nas.study import events
from nas.study.outcome import Outcomes
from nas.study.undecided import may_be_on_front

MOST_ATTEMPTS = 3
"""How often a candidate is measured whose figures are not good."""

LOST = "lost"
"""Status of an attempt that the device failed at; it does not count."""
FAILED = "failed"
"""Status of an attempt that would fail again."""

_POLL_S = 0.1


class Attempted(Protocol):
    """What a bench tells of one attempt, see ``Measurement``."""

    @property
    def key(self) -> str:
        """The candidate."""

    @property
    def device(self) -> str | None:
        """What measured it."""

    @property
    def status(self) -> str:
        """``good``, ``LOST``, ``FAILED``, or why the figures are not good."""

    @property
    def reason(self) -> str | None:
        """What is wrong."""

    @property
    def figures(self) -> Mapping[str, Any]:
        """``median_ms``, ``q1_ms``, ``q3_ms``, ``count`` and more."""

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the device told of itself."""

    @property
    def energy(self) -> Mapping[str, Any]:
        """``energy_mj``, ``power_w`` and ``source``, or a ``reason`` why there is none."""

    @property
    def failures(self) -> tuple[str, ...]:
        """What went wrong before."""

    @property
    def model_sha256(self) -> str | None:
        """Hash of the compiled file."""


class Bench(Protocol):
    """Devices that compile and measure beside the search."""

    @property
    def has_room(self) -> bool:
        """Whether a device is free."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is measured."""

    @property
    def is_lost(self) -> bool:
        """Whether no device is left."""

    def submit(self, key: str, model: bytes) -> None:
        """Hand in an int8 model, while there is room."""

    def take_outcomes(self) -> Sequence[Attempted]:
        """Return what ended since this was asked last."""

    def take_given_up(self) -> Sequence[str]:
        """Return a line for each device given up since this was asked last."""


class DevicesLostError(Exception):
    """No device is left, and the search is not to go on with estimates."""


@dataclass
class Measuring:
    """Gives a bench the candidates that matter most, and keeps what it finds.

    Attributes:
        bench: The devices.
        log: ``measurements.jsonl``.
        model_file: Tells where a candidate's int8 model is; of candidates of other machines it is
            not here, and they are not measured here.
        outcomes: The run's objectives and constraints.
        observer: Told what happens.
        needs_device: Whether the search ends when no device is left.
    """

    bench: Bench
    log: Path
    model_file: Callable[[str], Path]
    outcomes: Outcomes
    observer: events.Observer
    needs_device: bool = False
    _at_work: set[str] = field(default_factory=set)
    _attempts: Counter[str] = field(default_factory=Counter)
    _told: set[str] = field(default_factory=set)

    def step(self, records: MutableMapping[str, Record], *, is_quiet: bool = False) -> None:
        """Put what was measured into the records, and hand in what is to be measured next.

        Args:
            records: By candidate.
            is_quiet: Whether nothing trains: time for what was not good beside a training.

        Raises:
            DevicesLostError: No device is left, and one is needed.
        """
        for outcome in self.bench.take_outcomes():
            self._keep(records, outcome)
        for line in self.bench.take_given_up():
            self.observer.notify(events.DeviceTold(line))
        if self.bench.is_lost and self.needs_device:
            raise DevicesLostError("no device is left to measure on")
        if self.bench.has_room:
            for record in self._wanted(records, is_quiet=is_quiet):
                if self.bench.has_room:
                    self._submit(record)

    def finish(self, records: MutableMapping[str, Record]) -> None:
        """Measure until nothing that may be on the front is left, now that nothing trains."""
        count = len(self._wanted(records, is_quiet=True)) + len(self._at_work)
        if count and not self.bench.is_lost:
            self.observer.notify(events.DeviceTold(f"Measuring what may be on the front: {count}"))
        self.step(records, is_quiet=True)
        while not self.bench.is_idle:
            time.sleep(_POLL_S)
            self.step(records, is_quiet=True)

    def _wanted(self, records: Mapping[str, Record], *, is_quiet: bool) -> list[Record]:
        """Return what is to be measured, the most urgent first."""
        most = MOST_ATTEMPTS if is_quiet else 1
        front = may_be_on_front(list(records.values()), self.outcomes.objectives)
        wanted = [
            record
            for record in front
            if record.latency_source != "device"
            and record.candidate_id not in self._at_work
            and self._attempts[record.candidate_id] < most
            and self.model_file(record.candidate_id).exists()
        ]
        return sorted(wanted, key=lambda record: self._attempts[record.candidate_id])

    def _submit(self, record: Record) -> None:
        self._at_work.add(record.candidate_id)
        model = self.model_file(record.candidate_id).read_bytes()
        self.bench.submit(record.candidate_id, model)

    def _keep(self, records: MutableMapping[str, Record], outcome: Attempted) -> None:
        """Write an attempt down; a good one changes its candidate's record."""
        self._at_work.remove(outcome.key)
        record = records[outcome.key]
        measurement = self._measurement(record, outcome)
        append_line(self.log, finite(asdict(measurement)))
        self._tell_once(outcome)
        if measurement.is_good:
            records[outcome.key] = measured(record, measurement)
            front = pareto_front(list(records.values()), self.outcomes.objectives)
            event = events.CandidateMeasured(records[outcome.key], record.latency_ms, front)
            self.observer.notify(event)
            return
        if outcome.status != LOST:
            self._attempts[outcome.key] += MOST_ATTEMPTS if outcome.status == FAILED else 1
        where = "" if outcome.device is None else f" on {outcome.device}"
        line = f"{outcome.key} not measured{where}: {outcome.reason}"
        self.observer.notify(events.DeviceTold(line))

    def _tell_once(self, outcome: Attempted) -> None:
        """Say why a device's energy is estimated, the first time it is for that reason."""
        line = f"energy not measured on {outcome.device}: {outcome.energy.get('reason')}"
        if "reason" in outcome.energy and line not in self._told:
            self._told.add(line)
            self.observer.notify(events.DeviceTold(line))

    def _measurement(self, record: Record, outcome: Attempted) -> Measurement:
        measurement = Measurement(
            candidate_id=outcome.key,
            device=outcome.device,
            status=outcome.status,
            reason=outcome.reason,
            figures=outcome.figures,
            facts=outcome.facts,
            energy=outcome.energy,
            failures=outcome.failures,
            model_sha256=outcome.model_sha256,
            finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        if not measurement.is_good:
            return measurement
        results = measured(record, measurement).as_dict()
        return replace(measurement, broken=violation(results, self.outcomes.constraints))
