"""A Gaussian process: what is expected of candidates that were not trained."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LENGTHS = np.geomspace(0.3, 10.0, 16)
"""Length scales tried, in the unit of the standardized features."""

NOISES = np.geomspace(1e-4, 1.0, 13)
"""Variances of the noise tried, as shares of the signal's."""

MOST_OBSERVATIONS = 150
"""Length scale and noise are chosen from at most this many observations, which suffices."""

_JITTER = 1e-8

_BLOCK = 256
"""Candidates predicted at once: arrays of thousands by hundreds would be the search's largest."""


@dataclass(frozen=True)
class Kernel:
    """Matern 5/2 with one length scale, and noise.

    Attributes:
        length: Length scale in the unit of the inputs.
        noise: Variance of the noise as a share of the signal's.
    """

    length: float
    noise: float

    def __call__(self, left: Array, right: Array) -> Array:
        """Return the covariance of noise-free values, ``(left, right)``, 1 at distance 0.

        Reference:
            Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, eq. 4.17.
        """
        scaled = math.sqrt(5) * np.sqrt(squared_distances(left, right)) / self.length
        return np.asarray((1 + scaled + scaled**2 / 3) * np.exp(-scaled))


def squared_distances(left: Array, right: Array) -> Array:
    """Return the squared Euclidean distances of rows, ``(left, right)``."""
    squares = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1) - 2 * left @ right.T
    return np.asarray(np.maximum(squares, 0.0))


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
        kernel: Covariance, its length and noise already chosen.
        inputs: ``(n, columns)``, at least one row.
        targets: Observed values, ``(n,)``.
    """
    covariance = kernel(inputs, inputs) + (kernel.noise + _JITTER) * np.eye(len(inputs))
    whitening = np.linalg.inv(np.linalg.cholesky(covariance))
    ones, seen = whitening.sum(axis=1), whitening @ targets
    mean = float(ones @ seen / (ones @ ones))
    residuals = seen - mean * ones
    variance = float(residuals @ residuals) / len(targets)
    return GaussianProcess(kernel, inputs, targets, whitening, residuals, mean, variance)


def choose_kernel(inputs: Array, targets: Array) -> Kernel:
    """Choose length scale and noise by marginal likelihood over a grid.

    Args:
        inputs: ``(n, columns)``, at least two rows.
        targets: Observed values, ``(n,)``.

    Reference:
        Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, section 5.4.1, with
        mean and variance at their best values.
    """
    some = np.linspace(0, len(targets) - 1, min(len(targets), MOST_OBSERVATIONS)).astype(int)
    inputs, targets = inputs[some], targets[some]
    scored = [entry for length in LENGTHS for entry in _scores(float(length), inputs, targets)]
    _, kernel = max(scored, key=lambda entry: entry[0])
    return kernel


def _scores(length: float, inputs: Array, targets: Array) -> list[tuple[float, Kernel]]:
    """Return the log likelihoods of all noises; one decomposition serves them."""
    values, vectors = np.linalg.eigh(Kernel(length, 0.0)(inputs, inputs))
    ones, seen = vectors.sum(axis=0), vectors.T @ targets
    scored = []
    for noise in NOISES:
        weights = 1 / (np.maximum(values, 0.0) + noise + _JITTER)
        mean = (weights * ones * seen).sum() / (weights * ones**2).sum()
        variance = max((weights * (seen - mean * ones) ** 2).mean(), 1e-12)
        likelihood = -0.5 * (len(targets) * math.log(variance) - np.log(weights).sum())
        scored.append((likelihood + _prior(length, noise), Kernel(length, float(noise))))
    return scored


def _prior(length: float, noise: float) -> float:
    """Weigh kernels while few observations tell them apart: broad log-normal distributions."""
    return -0.5 * (math.log(length / 1.5) / 1.0) ** 2 - 0.5 * (math.log(noise / 0.02) / 1.5) ** 2
