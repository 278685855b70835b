"""Ranges of activations: all values of some examples, or all but the rarest, for finer steps."""

import math

import numpy as np
from numpy.typing import NDArray

from nas.quantization.activations import activations
from nas.quantization.tflite_file import TfliteFile

_BINS = 4096


def measure_ranges(calibrated: bytes, inputs: NDArray[np.float32]) -> tuple[bytes, str]:
    """Let the ranges of activations be those of other examples.

    Args:
        calibrated: A float file with ranges.
        inputs: Calibration examples as the converter is shown them, ``(n, …)``.

    Returns:
        The file with other ranges, and what was done in words.
    """
    file = TfliteFile(calibrated)
    places = [file.input, *(node.output for node in file.nodes)]
    seen: dict[int, tuple[float, float]] = {}
    for values in activations(calibrated, inputs):
        for place in places:
            low, high = seen.get(place, (math.inf, -math.inf))
            seen[place] = (
                min(low, float(values[place].min())),
                max(high, float(values[place].max())),
            )
    for place, limits in seen.items():
        if file.limits(place):
            file.set_limits(place, *limits)
    return file.content(), f"{len(inputs)} examples from calibration and training"


def clip_ranges(
    calibrated: bytes, inputs: NDArray[np.float32], percentile: float
) -> tuple[bytes, str]:
    """Let the ranges of activations end at percentiles of their values.

    The input keeps its range, which makes its rounding exact, and so do the last two tensors, in
    which the largest values are the answer.

    Args:
        calibrated: A float file with ranges.
        inputs: Calibration examples as the converter is shown them, ``(n, …)``.
        percentile: Share of the values inside, in percent; as many are cut off on either side.

    Returns:
        The file with other ranges, and what was done in words.
    """
    file = TfliteFile(calibrated)
    kept = {file.input, file.output, file.nodes[-1].inputs[0]}
    limits = {node.output: file.limits(node.output) for node in file.nodes}
    histograms = {
        place: _Histogram(*seen)
        for place, seen in limits.items()
        if seen and seen[0] < seen[1] and place not in kept
    }
    for values in activations(calibrated, inputs):
        for place, histogram in histograms.items():
            histogram.add(values[place])
    clipped = 0
    for place, histogram in histograms.items():
        low, high = histogram.between(percentile)
        clipped += (low, high) != (histogram.low, histogram.high)
        file.set_limits(place, low, high)
    return file.content(), f"{clipped} of {len(histograms)} ranges became narrower"


class _Histogram:
    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high
        self.counts = np.zeros(_BINS, np.int64)

    def add(self, values: NDArray[np.float32]) -> None:
        inside = np.clip(values, self.low, self.high)
        self.counts += np.histogram(inside, _BINS, (self.low, self.high))[0]

    def between(self, percentile: float) -> tuple[float, float]:
        """Return the bins' outer edges that hold all but the values to be cut off."""
        spare = (1 - percentile / 100) * self.counts.sum()
        edges = np.linspace(self.low, self.high, _BINS + 1)
        first = int(np.searchsorted(np.cumsum(self.counts), spare, side="right"))
        last = int(np.searchsorted(np.cumsum(self.counts[::-1]), spare, side="right"))
        return float(edges[first]), float(edges[_BINS - last])
