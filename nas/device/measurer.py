"""Measures models on one device, through whatever happens to it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from nas.device.failures import DeviceError
from nas.device.measurement import Measurement, Policy, Reference, measure
from nas.device.power import Energy, PowerSource, open_power, recorded
from nas.device.runtime import check_device_name
from nas.device.session import AgentOptions, AgentSession, Limits, local_command
from nas.device.ssh import parse_address, ssh_command

COMPILED = b"edgetpu-custom-op"
"""The operator that a compiled model has."""
RETRY_AFTER_S = (1.0, 5.0, 30.0, 60.0)
"""Pauses before the second and each further attempt: a board needs about a minute to reboot."""


@dataclass(frozen=True)
class Measured:
    """A measurement, and what made it.

    Attributes:
        figures: What was measured.
        device: The device it was measured on, as it was asked for.
        facts: What the agent told of it: interpreter, runtime, link, host, Python.
        failures: What went wrong before, oldest first.
        energy: From a power sensor; in words why not where one was asked for, else ``None``.
    """

    figures: Measurement
    device: str
    facts: dict[str, Any]
    failures: tuple[DeviceError, ...]
    energy: Energy | str | None = None


class Measurer:
    """One device; the connection is kept, and made anew after a failure."""

    def __init__(
        self,
        device: str,
        command: Sequence[str],
        options: AgentOptions | None = None,
        *,
        policy: Policy | None = None,
        limits: Limits | None = None,
        power: PowerSource | None = None,
        retry_after_s: Sequence[float] = RETRY_AFTER_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Connect with the first measurement.

        Args:
            device: Its name, for records.
            command: Runs an agent, see ``local_command`` and ``ssh_command``.
            options: What the agent opens.
            policy: When a measurement is good.
            limits: How long anything may take.
            power: Measures power meanwhile.
            retry_after_s: Seconds before each further attempt.
            sleep: Waits so many seconds.
        """
        self._device, self._policy, self._power = device, policy or Policy(), power
        settings = options or AgentOptions(), limits or Limits()
        self._connect: Callable[[], AgentSession] = lambda: AgentSession(command, *settings)
        self._retry_after_s, self._sleep = tuple(retry_after_s), sleep
        self._session: AgentSession | None = None
        self._reference: Reference | None = None

    def connect(self) -> dict[str, Any]:
        """Connect now, without waiting and trying again.

        Returns:
            What the agent tells of the device.

        Raises:
            DeviceError: It does not answer.
        """
        with self._kept_session() as session:
            return session.facts

    def refer_to(self, model: bytes) -> Measured:
        """Measure a model, and run it between the blocks of all that are measured from now on.

        What it takes now counts as usual if the figures are good: nothing else should run.

        Raises:
            DeviceError: As ``measure``; there is no reference then.
        """
        self._reference = None
        measured = self.measure(model)
        figures = measured.figures
        self._reference = Reference(model, figures.median_ms if figures.is_good else None)
        return measured

    def try_power(self) -> None:
        """Read the power source for a moment; one that tells nothing is not asked again.

        Raises:
            PowerError: It tells nothing.
        """
        power, self._power = self._power, None
        if power is not None:
            power.start()
            power.stop()
            self._power = power

    def measure(self, model: bytes) -> Measured:
        """Measure a model; an attempt that fails is made again as a whole.

        Args:
            model: The compiled file.

        Raises:
            DeviceError: No attempt succeeded, or another cannot.
        """
        if COMPILED not in model:
            line = f"{self._device}: not compiled for the Edge TPU: the CPU would be measured"
            raise DeviceError("model", line, may_pass=False)
        failures: list[DeviceError] = []
        for pause_s in (*self._retry_after_s, None):
            try:
                with self._kept_session() as session, recorded(self._power) as recording:
                    run = recording.of(session.time_block, model)
                    figures = measure(model, self._reference, run, self._policy)
                return Measured(
                    figures, self._device, session.facts, tuple(failures), recording.energy
                )
            except DeviceError as failure:
                failures.append(failure)
                if pause_s is None or _is_hopeless(failures):
                    raise self._sum_up(failures) from failure
                self._sleep(pause_s)
        raise AssertionError("the last attempt returns or raises")

    def _sum_up(self, failures: Sequence[DeviceError]) -> DeviceError:
        last = failures[-1]
        attempts = f"after {len(failures)} attempts, " if len(failures) > 1 else ""
        return DeviceError(last.kind, f"{self._device}: {attempts}{last}", may_pass=last.may_pass)

    @contextmanager
    def _kept_session(self) -> Iterator[AgentSession]:
        """Give the session; one that anything goes wrong in is not used again."""
        if self._session is not None and self._session.is_stale:
            self.close()
        if self._session is None:
            self._session = self._connect()
        try:
            yield self._session
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the agent; the next measurement starts another."""
        if self._session is not None:
            self._session.close()
            self._session = None


def open_measurer(device: str, power: str | None = None) -> Measurer:
    """Return what measures on a device, by its name; nothing is connected yet.

    Args:
        device: ``usb``, ``usb:1``, ``pci``, ``:0`` … of this host, or ``ssh://user@host``.
        power: What measures power, see ``open_power``; nothing where ``None``.

    Raises:
        UserError: It names no device.
    """
    if device.startswith("ssh://"):
        address = parse_address(device)
        command, name = ssh_command(address), address.device
    else:
        check_device_name(device)
        command, name = local_command(), device
    meter = None if power is None else open_power(power, command)
    return Measurer(device, command, AgentOptions(device=name), power=meter)


def _is_hopeless(failures: Sequence[DeviceError]) -> bool:
    """A model that crashes or hangs the runtime twice will do so again."""
    kinds, last = [failure.kind for failure in failures], failures[-1]
    return not last.may_pass or (last.kind in ("crash", "hang") and kinds.count(last.kind) > 1)
