"""Refit the constants of the chip model: ``python -m benchmarks.fidelity_fit``.

Least squares of relative errors by Gauss–Newton, every family of measurements with about the same
say. Each constant is held by a wide prior – the data sheet's or a plain guess – so that one that no
measurement tells anything about stays where it is.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.fidelity_data import Measured
from nas.edgetpu.calibration import CALIBRATION, Calibration
from nas.edgetpu.chip import MIB
from nas.edgetpu.latency import Latency, estimate_latency
from nas.edgetpu.memory import ParameterMemory, peak_activation_bytes, place_parameters
from nas.edgetpu.placement import Placed, place
from nas.edgetpu.program import instruction_bytes
from nas.network.network import Network

NOISE = 0.08
"""Relative error expected of one measurement; two laboratories differ by about 10 %."""
ROWS = 100
"""A family with more rows than this has no more say."""
_LIMIT = 3.0
_SLACK = 0.05
_STEP = 0.02


@dataclass(frozen=True)
class Constant:
    """One fitted constant.

    Attributes:
        path: Where it is in the calibration.
        prior: What it is thought to be before any measurement.
        spread: Standard deviation of its logarithm.
        source: Where the prior is from.
    """

    path: tuple[str, ...]
    prior: float
    spread: float
    source: str

    @property
    def name(self) -> str:
        """The path in one word."""
        return ".".join(self.path)


_GUESS = "order of magnitude"
CONSTANTS = (
    Constant(("rates", "mac", "ms_per_giga"), 0.488, 0.05, "16 x 64 x 4 cells at 500 MHz"),
    Constant(("rates", "weight_byte", "ms_per_giga"), 7.8, 0.5, "16 tiles x 16 bytes at 500 MHz"),
    Constant(("rates", "tap", "ms_per_giga"), 40.0, 1.0, _GUESS),
    Constant(("rates", "average_tap", "ms_per_giga"), 40.0, 1.0, "as a depthwise tap"),
    Constant(("rates", "max_tap", "ms_per_giga"), 40.0, 1.0, "as a depthwise tap"),
    Constant(("rates", "element", "ms_per_giga"), 80.0, 1.0, "as two depthwise taps"),
    Constant(("rates", "joined_byte", "ms_per_giga"), 80.0, 1.0, "as an element"),
    Constant(("rates", "copied_byte", "ms_per_giga"), 60.0, 0.5, _GUESS),
    Constant(("exchange_ms",), 0.002, 1.0, "1,000 cycles, a guess"),
    Constant(("cut_share",), 0.1, 1.0, _GUESS),
    Constant(("links", "pcie", "fixed_ms"), 0.1, 0.15, "about 0.1 ms reported"),
    Constant(("links", "pcie", "input_mb_per_s"), 390.0, 0.05, "PCIe gen 2 x1 less its overhead"),
    Constant(("links", "pcie", "output_mb_per_s"), 80.0, 0.7, _GUESS),
    Constant(("links", "pcie", "streaming_setup_ms"), 0.25, 0.5, _GUESS),
    Constant(("links", "usb3", "fixed_ms"), 0.27, 0.15, "0.25 – 0.30 ms reported"),
    Constant(("links", "usb3", "input_mb_per_s"), 380.0, 0.1, "310 – 440 MB/s reported"),
    Constant(("links", "usb3", "output_mb_per_s"), 55.0, 0.7, _GUESS),
    Constant(("links", "usb3", "streaming_setup_ms"), 0.5, 0.7, _GUESS),
    Constant(("links", "usb2", "fixed_ms"), 0.27, 0.15, "as USB 3"),
    Constant(("links", "usb2", "input_mb_per_s"), 37.0, 0.1, "35 – 42 MB/s reported"),
    Constant(("links", "usb2", "output_mb_per_s"), 14.0, 0.7, _GUESS),
    Constant(("links", "usb2", "streaming_setup_ms"), 0.5, 0.7, _GUESS),
    Constant(("hosts", "desktop", "ms_per_million_pixels"), 40.0, 0.5, _GUESS),
    Constant(("hosts", "a53", "ms_per_million_pixels"), 100.0, 0.5, _GUESS),
    Constant(("hosts", "a53", "usb_input_factor"), 1.0, 0.3, "as a desktop"),
    Constant(("hosts", "a53", "output_factor"), 2.0, 0.3, _GUESS),
    Constant(("hosts", "a53", "invoke_ms"), 0.2, 0.7, _GUESS),
    Constant(("hosts", "pi4", "invoke_ms"), 1.0, 0.7, _GUESS),
    Constant(("hosts", "pi4", "usb3_mb_per_s"), 260.0, 0.1, "about 260 MB/s reported"),
)
"""What the fit may change; no prior is read off the measurements it is fitted on."""


def get(thing: Any, path: Sequence[str]) -> float:
    """Return the number at a path of attributes and keys."""
    for key in path:
        thing = thing[key] if isinstance(thing, Mapping) else getattr(thing, key)
    return float(thing)


def changed(thing: Any, path: Sequence[str], value: float) -> Any:
    """Return a copy with another number at a path of attributes and keys."""
    if not path:
        return value
    first, *rest = path
    if isinstance(thing, Mapping):
        return {**thing, first: changed(thing[first], rest, value)}
    return replace(thing, **{first: changed(getattr(thing, first), rest, value)})


def calibration_of(logs: NDArray[np.float64]) -> Calibration:
    """Return the calibration with these logarithms of the fitted constants."""
    calibration: Calibration = CALIBRATION
    for constant, value in zip(CONSTANTS, np.exp(logs), strict=True):
        calibration = changed(calibration, constant.path, float(value))
    return calibration


@dataclass(frozen=True)
class Prepared:
    """A measurement with what does not depend on the fitted constants."""

    measured: Measured
    placed: tuple[Placed, ...]
    memory: ParameterMemory
    program_bytes: int

    @property
    def streams_as_compiled(self) -> bool:
        """Whether as much is streamed as the compiler said, so that the constants see no other."""
        stated = self.measured.streamed_mib
        return stated is None or abs(self.memory.off_chip_bytes / MIB - stated) <= _SLACK * stated

    def latency(self, calibration: Calibration) -> Latency:
        """Predict where the time of the measurement goes."""
        measured = self.measured
        return estimate_latency(
            measured.network, self.placed, self.memory, self.program_bytes, link=measured.link,
            clock_mhz=measured.clock_mhz, host=measured.host, calibration=calibration,
        )  # fmt: skip

    def latency_ms(self, calibration: Calibration) -> float:
        """Predict the measurement.

        Raises:
            ValueError: The cost of an operator is not known.
        """
        latency_ms = self.latency(calibration).total_ms
        if latency_ms is None:
            raise ValueError(f"{self.measured.name}: the cost of an operator is not known")
        return latency_ms


def prepare(measurements: Sequence[Measured]) -> list[Prepared]:
    """Place operators and parameters once for all constants."""
    known: dict[int, tuple[tuple[Placed, ...], ParameterMemory, int]] = {}
    for measured in measurements:
        if id(measured.network) not in known:
            known[id(measured.network)] = _prepare(measured.network)
    return [Prepared(measured, *known[id(measured.network)]) for measured in measurements]


def _prepare(network: Network) -> tuple[tuple[Placed, ...], ParameterMemory, int]:
    placed = place(network)
    mapped = [entry.operator for entry in placed if entry.target == "edgetpu"]
    program_bytes = instruction_bytes(mapped)
    memory = place_parameters(mapped, program_bytes, peak_activation_bytes(network))
    return placed, memory, program_bytes


def predict(rows: Sequence[Prepared], calibration: Calibration) -> NDArray[np.float64]:
    """Predict every measurement, in milliseconds."""
    return np.array([row.latency_ms(calibration) for row in rows])


@dataclass(frozen=True)
class Linear:
    """Predictions and their slopes at one set of constants.

    Attributes:
        logs: Logarithms of the constants, shape (constants,).
        predicted: Logarithms of the predictions, shape (rows,).
        slopes: Shape (rows, constants).
    """

    logs: NDArray[np.float64]
    predicted: NDArray[np.float64]
    slopes: NDArray[np.float64]


def linearize(rows: Sequence[Prepared], logs: NDArray[np.float64]) -> Linear:
    """Predict every row, and how much it changes with every constant."""
    predicted = np.log(predict(rows, calibration_of(logs)))
    steps = np.eye(len(logs)) * _STEP
    columns = [np.log(predict(rows, calibration_of(logs + step))) - predicted for step in steps]
    return Linear(logs, predicted, np.stack(columns, axis=1) / _STEP)


def solve(
    linear: Linear, measured: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the constants that fit best where the model is taken as linear.

    Args:
        linear: Predictions and slopes.
        measured: Logarithms of the measurements, shape (rows,).
        weights: Say of each row, shape (rows,); 0 leaves it out.
    """
    priors = np.log([constant.prior for constant in CONSTANTS])
    spreads = np.array([constant.spread for constant in CONSTANTS])
    residuals = (measured - linear.predicted) / NOISE
    # A measurement far off – another host, another network – pulls no harder than one near.
    robust = weights * np.minimum(1.0, _LIMIT / np.maximum(np.abs(residuals), 1e-9))
    root = np.sqrt(robust)[:, None]
    design = np.vstack([root * linear.slopes / NOISE, np.diag(1 / spreads)])
    target = np.concatenate([root[:, 0] * residuals, (priors - linear.logs) / spreads])
    step = np.linalg.lstsq(design, target, rcond=None)[0]
    return np.array(linear.logs + np.clip(step, -0.5, 0.5))


def family_weights(families: Sequence[str], left_out: Sequence[str] = ()) -> NDArray[np.float64]:
    """Return the say of every row: families count alike, those left out not at all."""
    counts = Counter(families)
    return np.array(
        [0.0 if name in left_out else min(1.0, ROWS / counts[name]) for name in families]
    )


def fit(
    rows: Sequence[Prepared],
    left_out: Sequence[str] = (),
    start: Linear | None = None,
    rounds: int = 4,
) -> NDArray[np.float64]:
    """Fit the constants.

    Args:
        rows: The measurements.
        left_out: Families that must not be used.
        start: Where to start; the package's constants if not given.
        rounds: Gauss–Newton steps.

    Returns:
        Logarithms of the constants, shape (constants,).
    """
    used = [row for row in rows if row.measured.family not in left_out]
    keep = np.array([row.measured.family not in left_out for row in rows])
    measured = np.log([row.measured.latency_ms for row in used])
    weights = family_weights([row.measured.family for row in used])
    weights *= [row.measured.weight for row in used]
    linear = start or linearize(rows, package_logs())
    linear = Linear(linear.logs, linear.predicted[keep], linear.slopes[keep])
    for last in reversed(range(rounds)):
        logs = solve(linear, measured, weights)
        linear = linearize(used, logs) if last else linear
    return logs


def package_logs() -> NDArray[np.float64]:
    """Logarithms of the constants that the package holds."""
    return np.array(np.log([get(CALIBRATION, constant.path) for constant in CONSTANTS]))
