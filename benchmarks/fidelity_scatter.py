"""How close anything could come to the resident rows of the dense sweep, which scatter."""

from itertools import combinations

import numpy as np

from benchmarks.fidelity_data import read_rows
from benchmarks.fidelity_score import Values


def dense_scatter() -> dict[str, float]:
    """Return mean relative errors of what was fitted to the measured rows alone.

    Raises:
        UserError: The data are not there.
    """
    rows = [row for row in read_rows("fc_sweep") if not float(row["off_chip_mib"])]
    widths = np.array([float(row["width"]) for row in rows])
    latencies = np.array([float(row["latency_ms"]) for row in rows])
    return {
        "line": line_error(widths, latencies),
        "line_row_left_out": float(np.mean(_left_out(widths, latencies))),
        "rising_function": rising_error(latencies),
        "mean_of_neighbours": neighbour_error(latencies),
        "steps_down": float((np.diff(latencies) < 0).mean()),
    }


def line_error(x: Values, y: Values) -> float:
    """Mean relative error of the straight line that is closest."""
    return float(_errors(_closest_line(x, y), x, y).mean())


def _left_out(x: Values, y: Values) -> list[float]:
    others = [np.arange(len(x)) != place for place in range(len(x))]
    return [float(_errors(_closest_line(x[o], y[o]), x[~o], y[~o])[0]) for o in others]


def _closest_line(x: Values, y: Values) -> Values:
    """The line of least mean relative error, which goes through two of the points."""
    pairs = np.array(list(combinations(range(len(x)), 2))).T
    slopes = np.diff(y[pairs], axis=0)[0] / np.diff(x[pairs], axis=0)[0]
    lines = np.stack([y[pairs[0]] - slopes * x[pairs[0]], slopes], axis=1)
    closest: Values = lines[np.argmin([_errors(line, x, y).mean() for line in lines])]
    return closest


def _errors(line: Values, x: Values, y: Values) -> Values:
    errors: Values = np.abs(line[0] + line[1] * x - y) / y
    return errors


def rising_error(y: Values) -> float:
    """Mean relative error of the function that never falls and is closest.

    It takes measured values only; dynamic programming over which.
    """
    levels = np.sort(y)
    least = np.zeros(len(y))
    for value in y:
        least = np.minimum.accumulate(least) + np.abs(levels - value) / value
    return float(least.min() / len(y))


def neighbour_error(y: Values) -> float:
    """Mean relative error of the mean of both neighbours."""
    return float(np.mean(np.abs((y[:-2] + y[2:]) / 2 - y[1:-1]) / y[1:-1]))
