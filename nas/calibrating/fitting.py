"""Fits the constants of the latency model to what one device was measured to take.

Least squares of relative errors by Gauss–Newton, in the logarithms of the constants. Each is held
near the package's value by a prior so wide that it only matters where no measurement tells
anything. A measurement far off pulls no harder than one near (Huber). A constant that the
measurements leave open stays the package's, and the others are fitted beside that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nas.calibrating.profile import calibrated, constants_of
from nas.compiler.compile_answer import CompilerAnswer
from nas.edgetpu.calibration import Calibration
from nas.edgetpu.chip import LinkName
from nas.edgetpu.host import HostName
from nas.edgetpu.interval import HIGH, LOW
from nas.edgetpu.latency import estimate_latency
from nas.edgetpu.memory import ParameterMemory, peak_activation_bytes, place_parameters
from nas.edgetpu.placement import Placed, place
from nas.edgetpu.program import instruction_bytes
from nas.network.network import Network

GROUPS = 6
"""Groups of networks; each is left out once."""

_NOISE = 0.03
"""Relative error expected of one measurement and of the model's form, together."""
_SPREAD = 1.5
"""Standard deviation of the logarithm of a constant before anything is measured."""
_LEFT_OPEN = 0.5
"""A constant that may be further off than that, as a share, is not told by the measurements."""
_LIMIT = 3.0
_STEP = 0.02
_MOST_ROUNDS = 30
_DONE = 1e-4
_OF_MEDIAN = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""
_TENTH = 10
"""Each end of an 80 % interval leaves out a tenth."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Setup:
    """What stays as it is.

    Attributes:
        link: How the host reaches the chip.
        host: The CPU beside it.
        clock_mhz: Its clock.
    """

    link: LinkName
    host: HostName
    clock_mhz: float = 500.0


@dataclass(frozen=True)
class Prepared:
    """A network with what does not depend on the constants."""

    network: Network
    placed: tuple[Placed, ...]
    memory: ParameterMemory
    program_bytes: int

    def latency_ms(self, calibration: Calibration, setup: Setup) -> float:
        """Estimate it.

        Raises:
            ValueError: The cost of an operator is not known.
        """
        latency = estimate_latency(
            self.network, self.placed, self.memory, self.program_bytes, link=setup.link,
            clock_mhz=setup.clock_mhz, host=setup.host, calibration=calibration,
        )  # fmt: skip
        if latency.total_ms is None:
            raise ValueError("the cost of an operator is not known")
        return latency.total_ms


def prepare(network: Network, answer: CompilerAnswer | None = None) -> Prepared:
    """Place operators and parameters, once for all constants.

    Args:
        network: The network.
        answer: What the compiler made of it: what it told is taken instead of predicted.
    """
    placed = (answer and answer.placed) or place(network)
    mapped = [entry.operator for entry in placed if entry.target == "edgetpu"]
    model = answer and answer.model
    program_bytes = model.instruction_bytes if model else instruction_bytes(mapped)
    peak_bytes = peak_activation_bytes(network)
    memory = (answer and answer.memory) or place_parameters(mapped, program_bytes, peak_bytes)
    return Prepared(network, placed, memory, program_bytes)


@dataclass(frozen=True)
class Row:
    """A measured network.

    Attributes:
        compiled: As the compiler made it: what the constants are fitted to.
        predicted: As the estimator sees it: what the residuals are of.
        measured_ms: What it takes.
    """

    compiled: Prepared
    predicted: Prepared
    measured_ms: float


@dataclass(frozen=True)
class Fit:
    """What the measurements say.

    Attributes:
        constants: By the names of ``constants_of``; one that the measurements leave open is not
            there.
        spreads: How far off each may be, as a share: the standard deviation of its logarithm.
        fitted_ms: Each network, estimated with them.
        left_out_ms: Each network, estimated with constants that were fitted without its group.
        interval: Measured over estimated latency at the ends of the 80 % interval.
    """

    constants: Mapping[str, float]
    spreads: Mapping[str, float]
    fitted_ms: Values
    left_out_ms: Values
    interval: tuple[float, float]


def fit(rows: Sequence[Row], setup: Setup) -> Fit:
    """Fit the constants, and again without every group of networks in turn.

    Args:
        rows: The networks, those of a family side by side, so that each group has some of it.
        setup: What stays as it is.
    """
    measured = np.array([row.measured_ms for row in rows])
    problem = _Problem([row.compiled for row in rows], np.log(measured), setup)
    estimates = _Problem([row.predicted for row in rows], np.log(measured), setup)
    everything = np.ones(len(rows), bool)
    with_all = problem.solve(everything, problem.priors)
    problem.leave_open(with_all)
    logs = problem.solve(everything, np.where(problem.is_told, with_all, problem.priors))
    slopes = problem.slopes(logs)  # which a sixth of the rows hardly changes
    left_out = np.empty(len(rows))
    for group in range(GROUPS):
        is_left_out = np.arange(len(rows)) % GROUPS == group
        others = problem.solve(~is_left_out, logs, slopes)
        left_out[is_left_out] = np.exp(estimates.predict(others))[is_left_out]
    return Fit(
        problem.told(np.exp(logs)),
        problem.told(problem.spreads(logs, slopes)),
        np.exp(estimates.predict(logs)),
        left_out,
        conformal_interval(measured / left_out),
    )


def conformal_interval(ratios: Values) -> tuple[float, float]:
    """Return the ends of an 80 % interval for one network more than were measured.

    Args:
        ratios: Measured over estimated latency of networks that were left out of the fit; with
            fewer than nine the package's interval is returned.

    Reference: Vovk, Cross-conformal predictors, 2015, https://doi.org/10.1007/s10472-013-9368-4
    """
    ordered = np.sort(ratios)
    low = (len(ordered) + 1) // _TENTH
    if low < 1:
        return LOW, HIGH
    return float(ordered[low - 1]), float(ordered[-low])


class _Problem:
    """Rows and constants; those that are not told stay at their priors."""

    def __init__(self, rows: Sequence[Prepared], measured: Values, setup: Setup) -> None:
        constants = constants_of(setup.link, setup.host)
        self.names = tuple(constants)
        self.priors = np.log(list(constants.values()))
        self.is_told = np.ones(len(constants), bool)
        self._rows, self._measured, self._setup = rows, measured, setup

    def told(self, values: Values) -> dict[str, float]:
        """Return the values of the constants that the measurements tell, by name."""
        named = zip(self.names, values.tolist(), self.is_told, strict=True)
        return {name: value for name, value, is_told in named if is_told}

    def predict(self, logs: Values) -> Values:
        """Logarithm of the latency of each network, shape (rows,)."""
        values = dict(zip(self.names, np.exp(logs).tolist(), strict=True))
        calibration = calibrated(values, self._setup.link, self._setup.host)
        return np.log([row.latency_ms(calibration, self._setup) for row in self._rows])

    def solve(self, used: NDArray[np.bool_], start: Values, slopes: Values | None = None) -> Values:
        """Return the logarithms of the constants that fit the used rows.

        Args:
            used: Which rows, shape (rows,).
            start: Logarithms to begin with.
            slopes: Those near the solution; found anew for every step if they are not given.
        """
        logs = start
        for _ in range(_MOST_ROUNDS):
            step = self._step(logs, used, self.slopes(logs) if slopes is None else slopes)
            logs = logs + step
            if np.abs(step).max() < _DONE:
                break
        return logs

    def leave_open(self, logs: Values) -> None:
        """Let what the rows leave open stay at its prior: the most open one, and look again.

        Of two constants of which the rows tell the product alone, one stays and one is fitted.
        """
        weights = self._weights(logs, self.slopes(logs))
        while True:
            told = np.flatnonzero(self.is_told)
            spreads = _deviations(weights[np.ix_(told, told)])
            if spreads.max() <= _LEFT_OPEN:
                return
            self.is_told[told[spreads.argmax()]] = False

    def spreads(self, logs: Values, slopes: Values) -> Values:
        """Standard deviation of each logarithm, none taken as known, shape (constants,)."""
        return _deviations(self._weights(logs, slopes))

    def _weights(self, logs: Values, slopes: Values) -> Values:
        """Inverse of the covariance, shape (constants, constants)."""
        noise = self._noise(logs)
        weights: Values = slopes.T @ slopes / noise**2 + np.eye(len(logs)) / _SPREAD**2
        return weights

    def _noise(self, logs: Values) -> float:
        """Relative error of a row as it is found to be, where that is more than expected."""
        degrees = max(1, len(self._rows) - self.is_told.sum())
        middle = np.median(np.abs(self._measured - self.predict(logs)))
        return max(_NOISE, float(_OF_MEDIAN * middle * np.sqrt(len(self._rows) / degrees)))

    def slopes(self, logs: Values) -> Values:
        """How much each prediction changes with each constant, shape (rows, constants)."""
        predicted, steps = self.predict(logs), np.eye(len(logs)) * _STEP
        changes = [self.predict(logs + step) - predicted for step in steps]
        slopes: Values = np.stack(changes, axis=1) / _STEP
        return slopes

    def _step(self, logs: Values, used: NDArray[np.bool_], slopes: Values) -> Values:
        residuals = (self._measured - self.predict(logs)) / _NOISE
        weights = used * np.minimum(1.0, _LIMIT / np.maximum(np.abs(residuals), 1e-9))
        root = np.sqrt(weights)
        design = np.vstack([root[:, None] * slopes / _NOISE, np.eye(len(logs)) / _SPREAD])
        target = np.concatenate([root * residuals, (self.priors - logs) / _SPREAD])
        step = np.zeros(len(logs))
        step[self.is_told] = np.linalg.lstsq(design[:, self.is_told], target, rcond=None)[0]
        return np.clip(step, -0.5, 0.5)


def _deviations(weights: Values) -> Values:
    deviations: Values = np.sqrt(np.diag(np.linalg.inv(weights)))
    return deviations
