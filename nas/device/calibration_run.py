"""Measures the calibration set on one device; what was measured is kept, so that a run can go on.

Each measurement is a line of a file. A run that was killed leaves at most one torn line, which is
dropped. A line counts only for the same model on the same device, link and runtime.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from nas.calibrating.calibration_networks import CalibrationNetwork
from nas.calibrating.fitting import Row, prepare
from nas.compiler.compile_answer import CompilerAnswer
from nas.device.failures import DeviceError
from nas.device.measurer import Measured
from nas.errors import UserError
from nas.json_values import convert, load
from nas.network.tflite import parse_network

_MAX_BYTES = 1 << 24


class Measures(Protocol):
    """What measures compiled models, such as ``Measurer``."""

    def connect(self) -> dict[str, Any]:
        """Return what the device tells of itself."""

    def measure(self, model: bytes) -> Measured:
        """Measure a model."""


@dataclass(frozen=True)
class Entry:
    """One measurement.

    Attributes:
        network: Its name.
        sha256: Of the model before it was compiled.
        setting: Device, link and runtime it was made with.
        status: As of ``Measurement``, or why there is none.
        reason: What is wrong; ``None`` where it is good.
        median_ms: Its latency; ``None`` where there is none.
    """

    network: str
    sha256: str
    setting: str
    status: str
    reason: str | None
    median_ms: float | None

    @property
    def is_good(self) -> bool:
        """Whether the latency may be fitted to."""
        return self.status == "good" and self.median_ms is not None


class MeasurementFile:
    """The measurements of a calibration, one JSON object a line."""

    def __init__(self, path: Path) -> None:
        """Read what is there.

        Raises:
            UserError: It is not such a file.
        """
        self.path = path
        content = path.read_bytes()[: _MAX_BYTES + 1] if path.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        try:
            if len(content) > _MAX_BYTES:
                raise ValueError(f"more than {_MAX_BYTES} bytes")
            entries = [convert(load(line), Entry) for line in whole.splitlines()]
        except ValueError as error:
            raise UserError(f"{path} holds no measurements ({error}): remove it") from None
        self._good = {(e.sha256, e.setting): e for e in entries if e.is_good}
        if len(whole) < len(content):
            path.write_bytes(whole)

    def find(self, sha256: str, setting: str) -> Entry | None:
        """Return the good measurement of a model, if there is one."""
        return self._good.get((sha256, setting))

    def append(self, entry: Entry) -> None:
        """Keep a measurement."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            file.write(json.dumps(asdict(entry), allow_nan=False) + "\n")
            file.flush()


@dataclass(frozen=True)
class CalibrationRun:
    """Converts, compiles and measures.

    Attributes:
        convert: Makes an int8 ``.tflite`` file of a network.
        compile: Compiles it.
        device: Measures it.
        name: The device, as the user named it.
        file: Where measurements are kept.
        on_entry: Told how many networks are done, and the last.
    """

    convert: Callable[[CalibrationNetwork], bytes]
    compile: Callable[[bytes], CompilerAnswer]
    device: Measures
    name: str
    file: MeasurementFile
    on_entry: Callable[[int, Entry], None]

    def run(self, networks: Sequence[CalibrationNetwork]) -> dict[str, Row]:
        """Measure what is not measured yet.

        Args:
            networks: The calibration set.

        Returns:
            The good measurements by the network's name, in the order of the networks.

        Raises:
            DeviceError: The device failed, not a model on it; what was measured is kept.
        """
        facts = self.device.connect()
        setting = ", ".join(str(part) for part in (self.name, facts["link"], facts["runtime"]))
        rows: dict[str, Row] = {}
        for number, network in enumerate(networks, 1):
            content = self.convert(network)
            answer = self.compile(content)
            entry = self._measured(network, content, answer, setting)
            if entry.is_good and entry.median_ms is not None:
                parsed = parse_network(content, network.name)
                row = Row(prepare(parsed, answer), prepare(parsed), entry.median_ms)
                rows[network.name] = row
            self.on_entry(number, entry)
        return rows

    def _measured(
        self, network: CalibrationNetwork, content: bytes, answer: CompilerAnswer, setting: str
    ) -> Entry:
        sha256 = hashlib.sha256(content).hexdigest()
        known = self.file.find(sha256, setting)
        if known is not None:
            return known
        identity = network.name, sha256, setting
        if answer.content is None:
            return Entry(*identity, "not compiled", answer.compilation.reason, None)
        try:
            figures = self.device.measure(answer.content).figures
        except DeviceError as error:
            if error.kind not in ("model", "crash", "hang"):
                raise
            entry = Entry(*identity, error.kind, str(error), None)
        else:
            entry = Entry(*identity, figures.status, figures.reason, figures.median_ms)
        self.file.append(entry)
        return entry
