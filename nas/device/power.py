"""Energy of an inference from a power sensor: power over the time of the measured blocks.

Whatever the sensor measures counts, idle power and all that is behind it; nothing is subtracted.
"""

import csv
import json
import os
import select
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nas.device import power_sampler
from nas.device.measurement import RunBlock
from nas.device.session import Block, BlockSettings

AUTO = "auto"
"""Names the only INA2xx chip of a device's system."""

_INTERVAL_S = 0.005
_LEAST_SAMPLES = 3
_BEGIN_S, _END_S = 20.0, 15.0
_MOST_LINE = 1 << 12
_TAIL_BYTES = 1 << 22
_LAG_S, _POLL_S = 2.0, 0.1
"""How long a meter's program may take to write a sample, and how often is looked."""


class PowerError(Exception):
    """No energy can be told; in one line."""


@dataclass(frozen=True)
class PowerTrace:
    """Power over time.

    Attributes:
        times: Seconds since 1970, ascending, shape (samples,).
        watts: Shape (samples,).
        source: What measured it.
    """

    times: NDArray[np.float64]
    watts: NDArray[np.float64]
    source: str


@dataclass(frozen=True)
class Energy:
    """Energy of one inference.

    Attributes:
        energy_mj: All that the sensor sees, in millijoules, idle power included.
        power_w: Mean power while it was measured.
        source: The sensor.
    """

    energy_mj: float
    power_w: float
    source: str


class PowerSource(Protocol):
    """A power sensor."""

    def start(self) -> None:
        """Begin to record."""

    def stop(self) -> PowerTrace:
        """End, and return what was recorded.

        Raises:
            PowerError: Nothing was.
        """


def energy_of(trace: PowerTrace, blocks: Sequence[Block]) -> Energy:
    """Return the energy of one inference: power integrated over the blocks, warm-up left out.

    Args:
        trace: Recorded meanwhile, by the same clock.
        blocks: Of one model.

    Raises:
        PowerError: The trace does not cover a block, or has too few samples in it.
    """
    joules, seconds, count = 0.0, 0.0, 0
    for block in blocks:
        end, took = block.state.ended_s, sum(block.timed_s)
        if end is None:
            raise PowerError("the board does not tell when a block ended")
        joules += _integrate(trace, end, took)
        seconds += took
        count += len(block.timed_s)
    words = f"{trace.source}, all it sees, idle included"
    return Energy(1e3 * joules / count, joules / seconds, words)


def _integrate(trace: PowerTrace, end: float, took: float) -> float:
    """Integrate over a time by trapezia, in joules, linear between samples.

    Times count from the end: seconds since 1970 hold no more than a quarter of a microsecond.
    """
    times, watts = trace.times - end, trace.watts
    if not len(times) or times[0] > -took or times[-1] < 0:
        raise PowerError(f"{trace.source} did not record all the time: compare the clocks")
    inside = (times > -took) & (times < 0)
    if inside.sum() < _LEAST_SAMPLES:
        raise PowerError(
            f"{trace.source} has {inside.sum()} samples in a block of {took:.2f} s, "
            f"{_LEAST_SAMPLES} are needed: record more often"
        )
    ends = np.interp([-took, 0.0], times, watts)
    x = np.concatenate([[-took], times[inside], [0.0]])
    y = np.concatenate([ends[:1], watts[inside], ends[1:]])
    return float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2))


class Sensor:
    """A sensor of the device's own system, such as an INA219, read where the device is."""

    def __init__(self, command: Sequence[str], name: str = "", root: str = "/") -> None:
        """Read nothing yet.

        Args:
            command: Runs a Python that reads its program, see ``local_command``, ``ssh_command``.
            name: Such as ``hwmon2:1`` or ``ina219``; empty for the only INA chip.
            root: Where ``sys`` is mounted there.
        """
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._told: dict[str, Any] = {}
        self._asked = {"sensor": name, "root": root, "interval_s": _INTERVAL_S}

    def start(self) -> None:
        """Wait until it records; what is wrong with it is told by ``stop``."""
        source = Path(power_sampler.__file__).read_bytes()
        asked = json.dumps(self._asked).encode()
        self._process = subprocess.Popen(  # noqa: S603  no shell
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            bufsize=0, start_new_session=True,
        )  # fmt: skip
        assert self._process.stdin and self._process.stdout  # noqa: S101  both are pipes
        with suppress(BrokenPipeError):
            self._process.stdin.write(b"%d\n" % len(source) + source + asked + b"\n")
        self._told = _first_object(self._process.stdout)

    def stop(self) -> PowerTrace:
        """End, and return what was recorded.

        Raises:
            PowerError: Nothing was.
        """
        process, self._process = self._process, None
        assert process is not None  # noqa: S101  it was started
        if not self._told:
            process.kill()
        try:
            output, errors = process.communicate(timeout=_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise PowerError("the power sensor does not answer") from None
        if "error" in self._told:
            raise PowerError(str(self._told["error"]))
        try:
            samples = json.loads(output.splitlines()[-1])["samples"]
            times, watts = np.array(samples, float).reshape(-1, 2).T
        except (ValueError, KeyError, TypeError, IndexError):
            last = " ".join(errors.decode(errors="replace").strip().splitlines()[-1:])
            raise PowerError(f"the power sensor cannot be read: {last or 'no answer'}") from None
        return PowerTrace(times, watts, str(self._told.get("sensor")))


def _first_object(pipe: IO[bytes]) -> dict[str, Any]:
    """Return the first line that is a JSON object, after what a login prints; empty without one."""
    deadline = time.monotonic() + _BEGIN_S
    while select.select([pipe], [], [], max(deadline - time.monotonic(), 0.0))[0]:
        line = pipe.readline(_MOST_LINE)
        if not line:
            break
        with suppress(ValueError):
            told = json.loads(line)
            if isinstance(told, dict):
                return told
    return {}


class MeterLog:
    """A CSV file that a USB meter's program writes, with this host's clock.

    Its columns are ``time`` and ``power_w``, or ``time``, ``voltage_v`` and ``current_a``; the time
    is in seconds since 1970 or ISO 8601. Its last 4 MiB are read.
    """

    def __init__(self, path: Path) -> None:
        """Read nothing yet."""
        self._path = path

    def start(self) -> None:
        """Do nothing: its program records."""

    def stop(self) -> PowerTrace:
        """Return what is in the file when it has come to this moment.

        Raises:
            PowerError: It does not come so far, cannot be read, or is no such file.
        """
        asked_s, deadline = time.time(), time.monotonic() + _LAG_S
        while True:
            trace = self._read()
            if len(trace.times) and trace.times[-1] >= asked_s:
                return trace
            if time.monotonic() > deadline:
                raise PowerError(
                    f"{self._path} has no sample of this moment: let the meter's program write it, "
                    "and compare the clocks"
                )
            time.sleep(_POLL_S)

    def _read(self) -> PowerTrace:
        try:
            with self._path.open("rb") as file:
                rows = np.array(list(_rows(_last_lines(file))), float).reshape(-1, 2)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise PowerError(
                f"{self._path} is no power log ({error}): a CSV file with the columns time and "
                "power_w, or time, voltage_v and current_a"
            ) from None
        rows = rows[np.argsort(rows[:, 0], kind="stable")]
        return PowerTrace(rows[:, 0], rows[:, 1], str(self._path))


def _last_lines(file: IO[bytes]) -> list[str]:
    """Return the header and the last whole lines; a torn one, which is being written, is not."""
    header = file.readline(_MOST_LINE)
    begin, end = file.tell(), file.seek(0, os.SEEK_END)
    start = max(begin, end - _TAIL_BYTES)
    file.seek(start)
    lines = file.read(_TAIL_BYTES).split(b"\n")
    whole = lines[1 if start > begin else 0 : -1]
    return [line.decode() for line in (header.rstrip(b"\n"), *whole)]


def _rows(lines: Sequence[str]) -> Iterator[tuple[float, float]]:
    """Read samples."""
    reader = csv.DictReader(lines)
    columns = set(reader.fieldnames or ())
    if not ({"time", "power_w"} <= columns or {"time", "voltage_v", "current_a"} <= columns):
        raise ValueError(f"its columns are {', '.join(sorted(columns))}")
    for row in reader:
        if "power_w" in columns:
            yield _seconds(row["time"]), float(row["power_w"])
        else:
            yield _seconds(row["time"]), float(row["voltage_v"]) * float(row["current_a"])


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return datetime.fromisoformat(text).timestamp()


class Recording:
    """Blocks of one model, and what a power source saw meanwhile.

    Attributes:
        energy: In words why not, where there is none; ``None`` where nothing was to measure it.
    """

    def __init__(self) -> None:
        self.energy: Energy | str | None = None
        self._blocks: list[Block] = []

    def of(self, run_block: RunBlock, model: bytes) -> RunBlock:
        """Return what runs a block and keeps it, if it is this model's."""

        def run(content: bytes, settings: BlockSettings) -> Block:
            block = run_block(content, settings)
            if content is model:
                self._blocks.append(block)
            return block

        return run

    def conclude(self, source: PowerSource) -> None:
        """End the power source and find the energy."""
        try:
            self.energy = energy_of(source.stop(), self._blocks)
        except PowerError as error:
            self.energy = str(error)


@contextmanager
def recorded(source: PowerSource | None) -> Iterator[Recording]:
    """Let a power source, if there is one, record for a while."""
    recording = Recording()
    if source is None:
        yield recording
        return
    source.start()
    try:
        yield recording
    except BaseException:
        with suppress(PowerError):
            source.stop()
        raise
    recording.conclude(source)


def open_power(text: str, command: Sequence[str]) -> PowerSource:
    """Return what measures power.

    Args:
        text: ``auto``, a sensor's or chip's name, or a path that ends in ``.csv``.
        command: Runs a Python where the device is.
    """
    if text.endswith(".csv"):
        return MeterLog(Path(text))
    return Sensor(command, "" if text == AUTO else text)
