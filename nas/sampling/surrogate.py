"""A Gaussian process: what is expected of candidates that were not trained."""

import math
from dataclasses import dataclass

import numpy as np

from nas.sampling.kernel import JITTER, Array, Kernel

_BLOCK = 256
"""Candidates predicted at once: arrays of thousands by hundreds would be the search's largest."""


@dataclass(frozen=True)
class GaussianProcess:
    """A Gaussian process after its observations, with constant mean and variance from the data.

    Attributes:
        kernel: Covariance of the function.
        inputs: Observed inputs, ``(n, columns)``.
        targets: Observed values, ``(n,)``.
        whitening: Inverse of the lower Cholesky factor of the observations' covariance.
        residuals: Whitened observations less the mean, ``(n,)``.
        mean: Mean far from all observations.
        variance: Variance far from all observations.
    """

    kernel: Kernel
    inputs: Array
    targets: Array
    whitening: Array
    residuals: Array
    mean: float
    variance: float

    @property
    def noise(self) -> float:
        """Standard deviation of one observation's noise."""
        return math.sqrt(self.kernel.noise * self.variance)

    def predict(self, inputs: Array) -> tuple[Array, Array]:
        """Predict the function without its noise.

        Args:
            inputs: ``(m, columns)``.

        Returns:
            Means and standard deviations, ``(m,)`` each.
        """
        starts = range(0, max(len(inputs), 1), _BLOCK)
        blocks = [self._predict(inputs[start : start + _BLOCK]) for start in starts]
        means, deviations = zip(*blocks, strict=True)
        return np.concatenate(means), np.concatenate(deviations)

    def _predict(self, inputs: Array) -> tuple[Array, Array]:
        shared = self.whitening @ self.kernel(self.inputs, inputs)
        means = self.mean + shared.T @ self.residuals
        left = np.maximum(1.0 - (shared**2).sum(axis=0), 0.0)
        return means, np.sqrt(self.variance * left)


def condition(kernel: Kernel, inputs: Array, targets: Array) -> GaussianProcess:
    """Condition a Gaussian process on observations.

    Args:
        kernel: Covariance, its lengths and noise already chosen.
        inputs: ``(n, columns)``, at least one row.
        targets: Observed values, ``(n,)``.
    """
    covariance = kernel(inputs, inputs) + (kernel.noise + JITTER) * np.eye(len(inputs))
    whitening = np.linalg.inv(np.linalg.cholesky(covariance))
    ones, seen = whitening.sum(axis=1), whitening @ targets
    mean = float(ones @ seen / (ones @ ones))
    residuals = seen - mean * ones
    variance = float(residuals @ residuals) / len(targets)
    return GaussianProcess(kernel, inputs, targets, whitening, residuals, mean, variance)
