"""The covariance of the surrogate: how alike the errors of two networks are expected to be."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MOST_OBSERVATIONS = 150
"""Length scales and noise are chosen from at most this many observations, which suffices."""

JITTER = 1e-8

_LENGTH, _LENGTH_SPREAD = math.log(2.5), 0.5
_NOISE, _NOISE_SPREAD = math.log(0.05), 1.5
"""Normal priors of the logarithms, in the unit of the standardized inputs and as a share of the
signal's variance: a few observations move no length scale far, so that a feature has to earn it."""

_LENGTHS = (math.log(0.1), math.log(400.0))
_NOISES = (math.log(1e-4), math.log(3.0))
_STEPS = 40


@dataclass(frozen=True)
class Kernel:
    """Matern 5/2 with a length scale for each input, and noise.

    Attributes:
        lengths: Length scales in the unit of the inputs, ``(columns,)``, or one for all.
        noise: Variance of the noise as a share of the signal's.
    """

    lengths: Array | float
    noise: float

    def __call__(self, left: Array, right: Array) -> Array:
        """Return the covariance of noise-free values, ``(left, right)``, 1 at distance 0.

        Reference:
            Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, eq. 4.17.
        """
        return _matern(squared_distances(left / self.lengths, right / self.lengths))[0]


def squared_distances(left: Array, right: Array) -> Array:
    """Return the squared Euclidean distances of rows, ``(left, right)``."""
    squares = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1) - 2 * left @ right.T
    return np.asarray(np.maximum(squares, 0.0))


def choose_kernel(inputs: Array, targets: Array) -> Kernel:
    """Choose length scales and noise by their posterior's maximum.

    Args:
        inputs: ``(n, columns)``, at least two rows.
        targets: Observed values, ``(n,)``.

    Reference:
        Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, section 5.4.1, with
        mean and variance at their best values, and 5.1 on length scales that tell which inputs
        matter. The search is L-BFGS-B of Byrd, Lu, Nocedal and Zhu, 1995, from the priors' modes.
    """
    from scipy.optimize import minimize

    some = np.linspace(0, len(targets) - 1, min(len(targets), MOST_OBSERVATIONS)).astype(int)
    inputs, targets = inputs[some], targets[some]
    columns = inputs.shape[1]
    found = minimize(
        _loss,
        np.array([_LENGTH] * columns + [_NOISE]),
        (inputs, targets),
        jac=True,
        method="L-BFGS-B",
        bounds=[_LENGTHS] * columns + [_NOISES],
        options={"maxiter": _STEPS},
    )
    return Kernel(np.exp(found.x[:-1]), float(np.exp(found.x[-1])))


def _loss(logarithms: Array, inputs: Array, targets: Array) -> tuple[float, Array]:
    """Return the negative logarithm of the posterior, and its gradient.

    Args:
        logarithms: Of each length scale and of the noise, ``(columns + 1,)``.
        inputs: ``(n, columns)``.
        targets: ``(n,)``.
    """
    scaled, noise = inputs / np.exp(logarithms[:-1]), float(np.exp(logarithms[-1]))
    covariance, slope = _matern(squared_distances(scaled, scaled))
    cholesky = np.linalg.cholesky(covariance + (noise + JITTER) * np.eye(len(targets)))
    whitening = np.linalg.inv(cholesky)
    ones, seen = whitening.sum(axis=1), whitening @ targets
    residuals = seen - (ones @ seen) / (ones @ ones) * ones
    variance = max(float(residuals @ residuals) / len(targets), 1e-12)
    likelihood = -0.5 * len(targets) * math.log(variance) - float(np.log(np.diag(cholesky)).sum())
    weights = whitening.T @ residuals
    # Derivative of the negative log likelihood by each entry of the covariance, eq. 5.9.
    by_covariance = 0.5 * (whitening.T @ whitening - np.outer(weights, weights) / variance)
    by_distance = by_covariance * slope
    spread = by_distance.sum(axis=1) @ scaled**2 - (scaled * (by_distance @ scaled)).sum(axis=0)
    gradient = np.append(-4 * spread, noise * np.trace(by_covariance))
    away = (logarithms - _modes(len(logarithms))) / _spreads(len(logarithms))
    return 0.5 * float(away @ away) - likelihood, gradient + away / _spreads(len(logarithms))


def _matern(squares: Array) -> tuple[Array, Array]:
    """Return the covariance at squared distances, and its derivative by them."""
    scaled = np.sqrt(5 * squares)
    decay = np.exp(-scaled)
    return (1 + scaled + scaled**2 / 3) * decay, -5 / 6 * (1 + scaled) * decay


def _modes(count: int) -> Array:
    return np.array([_LENGTH] * (count - 1) + [_NOISE])


def _spreads(count: int) -> Array:
    return np.array([_LENGTH_SPREAD] * (count - 1) + [_NOISE_SPREAD])
