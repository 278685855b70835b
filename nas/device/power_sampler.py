"""Runs on the board beside the agent: reads a power sensor until its standard input ends.

Sent like the agent: Python 3.7 or newer and its standard library. The first line it reads is a JSON
object; it writes one with the sensor as it begins, and one with all samples, pairs of seconds since
1970 and watts, at the end.

Reference: https://docs.kernel.org/hwmon/ina2xx.html and
https://docs.kernel.org/hwmon/sysfs-interface.html
"""

from __future__ import annotations

import json
import select
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_SAMPLES = 200_000


class Sensor:
    """A channel of a chip that measures power, or voltage and current."""

    def __init__(self, folder: Path, channel: str) -> None:
        """Name it ``hwmon2:1``: folder and channel."""
        self.name = folder.name + ":" + channel
        self.chip = _text(folder / "name")
        label = _text(folder / ("in" + channel + "_label"))
        self.words = " ".join(word for word in (self.chip, label, "at", self.name) if word)
        self._power = folder / ("power" + channel + "_input")
        self._volts = folder / ("in" + channel + "_input")
        self._amperes = folder / ("curr" + channel + "_input")

    def watts(self) -> float | None:
        """Return the power; null where the system does not tell.

        The kernel tells microwatts, or millivolts and milliamperes.
        """
        try:
            if self._power.exists():
                return int(self._power.read_text()) / 1e6
            return int(self._volts.read_text()) * int(self._amperes.read_text()) / 1e6
        except (OSError, ValueError):
            return None


def find_sensors(root: Path = Path("/")) -> list[Sensor]:
    """List the sensors that tell a power now, by name.

    Args:
        root: Where ``sys`` is mounted.
    """
    found = []
    for folder in sorted((root / "sys/class/hwmon").glob("hwmon*")):
        for channel in "123456":
            sensor = Sensor(folder, channel)
            if sensor.watts() is not None:
                found.append(sensor)
    return found


def choose(sensors: list[Sensor], wanted: str) -> Sensor:
    """Return the sensor of a name or chip; the only INA chip where none is named.

    Raises:
        LookupError: There is none, or several; in words.
    """
    fitting = [
        each for each in sensors
        if wanted in (each.name, each.chip) or (not wanted and each.chip.startswith("ina"))
    ]  # fmt: skip
    if len(fitting) == 1:
        return fitting[0]
    listed = ", ".join(each.words for each in fitting or sensors) or "none"
    what = "several power sensors fit: name one of" if fitting else "no such power sensor; there is"
    raise LookupError(what + " " + listed)


def sample(
    sensor: Sensor, interval_s: float, has_ended: Callable[[float], bool]
) -> list[tuple[float, float]]:
    """Read a sensor until the end.

    Args:
        sensor: The sensor.
        interval_s: Pause between two readings.
        has_ended: Waits so many seconds at most and tells whether to end.
    """
    samples: list[tuple[float, float]] = []
    while len(samples) < MAX_SAMPLES:
        watts = sensor.watts()
        if watts is not None:
            samples.append((time.time(), watts))
        if has_ended(interval_s):
            break
    return samples


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, ValueError):
        return ""


def main(read: IO[bytes], write: IO[str]) -> None:
    """Do what the first line asks for."""
    asked: dict[str, Any] = json.loads(read.readline().decode())
    try:
        sensor = choose(find_sensors(Path(asked["root"])), asked["sensor"])
    except LookupError as error:
        print(json.dumps({"error": str(error)}), file=write, flush=True)
        return
    print(json.dumps({"sensor": sensor.words}), file=write, flush=True)
    samples = sample(
        sensor, asked["interval_s"], lambda seconds: bool(select.select([read], [], [], seconds)[0])
    )
    print(json.dumps({"samples": samples}), file=write, flush=True)


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout)
