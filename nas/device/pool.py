"""Several devices that compile and measure beside whatever else goes on, a thread each.

A device takes what is next when it is free, so a slow one holds up nobody. One that fails too often
in a row is given up, and what it failed at may be handed in again for the others.
"""

import hashlib
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from nas.compiler.compile_answer import CompilerAnswer
from nas.device.failures import DeviceError
from nas.device.measurer import Measured
from nas.device.power import Energy

GIVEN_UP_AFTER = 3
"""Failures in a row; ``Measurer`` has tried several times before it calls one a failure."""
CLOSING_S = 5.0
"""How long ``close`` waits for measurements that are under way."""

LOST = "lost"
"""Status of a measurement that the device failed at: another may succeed."""
FAILED = "failed"
"""Status of a measurement that the model is to blame for."""

_BLAMED_ON_THE_MODEL = ("model", "crash", "hang")

Compile = Callable[[bytes], CompilerAnswer]


class Device(Protocol):
    """What a pool needs of a ``Measurer``."""

    def measure(self, model: bytes) -> Measured:
        """Measure a compiled model; raises ``DeviceError``."""

    def close(self) -> None:
        """Let the device go."""


@dataclass(frozen=True)
class Outcome:
    """What became of one model.

    Attributes:
        key: What it was handed in under.
        device: Which device; ``None`` where it did not come so far.
        status: As in ``Measurement``, ``LOST`` or ``FAILED``.
        reason: What is wrong; ``None`` where it is good.
        figures: Fields of ``Measurement``; nothing where there are none.
        facts: What the device told of itself.
        energy: Fields of ``Energy``, or a ``reason`` why there is none; nothing where no power
            source was asked.
        failures: What went wrong before it succeeded.
        model_sha256: Hash of the compiled file.
    """

    key: str
    device: str | None
    status: str
    reason: str | None
    figures: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    energy: Mapping[str, Any] = field(default_factory=dict)
    failures: tuple[str, ...] = ()
    model_sha256: str | None = None


@dataclass(frozen=True)
class _GivenUp:
    device: str
    reason: str


class DevicePool:
    """Compiles int8 models and measures them; one thread may use it.

    Args:
        devices: By name.
        compile_model: Compiles an int8 model.
        given_up_after: Failures in a row after which a device is given up.
    """

    def __init__(
        self,
        devices: Mapping[str, Device],
        compile_model: Compile,
        given_up_after: int = GIVEN_UP_AFTER,
    ) -> None:
        self._compile, self._given_up_after = compile_model, given_up_after
        self._jobs: queue.SimpleQueue[tuple[str, bytes] | None] = queue.SimpleQueue()
        self._told: queue.SimpleQueue[Outcome | _GivenUp] = queue.SimpleQueue()
        self._in_use, self._at_work = set(devices), 0
        self._given_up: list[str] = []
        self._threads = [
            threading.Thread(target=self._serve, args=item, daemon=True) for item in devices.items()
        ]
        for thread in self._threads:
            thread.start()

    @property
    def has_room(self) -> bool:
        """Whether a device is free."""
        return self._at_work < len(self._in_use)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is measured."""
        return self._at_work == 0

    @property
    def is_lost(self) -> bool:
        """Whether every device was given up."""
        return not self._in_use

    def submit(self, key: str, model: bytes) -> None:
        """Hand in an int8 model, while there is room."""
        self._at_work += 1
        self._jobs.put((key, model))

    def take_outcomes(self) -> Sequence[Outcome]:
        """Return what ended since this was asked last."""
        outcomes: list[Outcome] = []
        while not self._told.empty():
            told = self._told.get()
            if isinstance(told, Outcome):
                outcomes.append(told)
            else:
                self._in_use.remove(told.device)
                self._given_up.append(told.reason)
        if self.is_lost:
            outcomes += [Outcome(key, None, LOST, "no device is left") for key in self._left()]
        self._at_work -= len(outcomes)
        return outcomes

    def take_given_up(self) -> Sequence[str]:
        """Return a line for each device given up since this was asked last."""
        lines, self._given_up = self._given_up, []
        return lines

    def _left(self) -> Sequence[str]:
        """Take back what no device has begun."""
        keys = []
        while not self._jobs.empty():
            job = self._jobs.get()
            keys += [] if job is None else [job[0]]
        return keys

    def close(self) -> None:
        """End every device; a measurement that takes longer than a moment is left alone."""
        for _ in self._threads:
            self._jobs.put(None)
        deadline = time.monotonic() + CLOSING_S
        for thread in self._threads:
            thread.join(max(deadline - time.monotonic(), 0.0))

    def _serve(self, name: str, device: Device) -> None:
        """Measure one model after the other, in this device's thread."""
        failures = 0
        while (job := self._jobs.get()) is not None:
            outcome = self._measure(name, device, *job)
            self._told.put(outcome)
            if outcome.device is not None:  # it did not fail in the compiler
                failures = failures + 1 if outcome.status in (LOST, FAILED) else 0
            if failures == self._given_up_after:
                times = "a failure" if failures == 1 else f"{failures} failures in a row"
                self._told.put(_GivenUp(name, f"{name} is given up after {times}"))
                break
        device.close()

    def _measure(self, name: str, device: Device, key: str, model: bytes) -> Outcome:
        try:
            answer = self._compile(model)
            if answer.content is None:
                return Outcome(key, None, FAILED, answer.compilation.reason)
            return _measure(name, device, key, answer.content)
        except Exception as error:  # whatever happens in a thread costs one measurement
            reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
            return Outcome(key, None, FAILED, reason)


def _measure(name: str, device: Device, key: str, compiled: bytes) -> Outcome:
    sha256 = hashlib.sha256(compiled).hexdigest()
    try:
        measured = device.measure(compiled)
    except DeviceError as error:
        status = FAILED if error.kind in _BLAMED_ON_THE_MODEL else LOST
        return Outcome(key, name, status, str(error), model_sha256=sha256)
    figures, failures = measured.figures, tuple(map(str, measured.failures))
    return Outcome(
        key, name, figures.status, figures.reason, asdict(figures), measured.facts,
        _told_energy(measured.energy), failures, sha256,
    )  # fmt: skip


def _told_energy(energy: Energy | str | None) -> Mapping[str, Any]:
    if energy is None:
        return {}
    return {"reason": energy} if isinstance(energy, str) else asdict(energy)
