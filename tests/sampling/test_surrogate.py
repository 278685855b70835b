"""The Gaussian process: it meets its observations, knows what it does not know, sees noise."""

import numpy as np
import pytest

from nas.sampling.kernel import Array, Kernel, choose_kernel
from nas.sampling.surrogate import condition


def wave(inputs: Array) -> Array:
    return np.asarray(np.sin(2 * inputs[:, 0]) + 0.5 * inputs[:, 1])


def inputs(count: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).uniform(-1.5, 1.5, (count, 2))


def test_without_noise_it_meets_its_observations_and_is_certain_there() -> None:
    seen = inputs(30)
    means, deviations = condition(Kernel(1.5, 0.0), seen, wave(seen)).predict(seen)
    assert means == pytest.approx(wave(seen), abs=1e-3)
    assert deviations.max() < 1e-2


def test_far_away_it_falls_back_to_the_mean_and_is_uncertain() -> None:
    seen = inputs(30)
    process = condition(Kernel(1.0, 0.0), seen, wave(seen))
    means, deviations = process.predict(np.array([[100.0, 100.0]]))
    assert means == pytest.approx([process.mean])
    assert deviations**2 == pytest.approx([process.variance])


def test_it_predicts_a_smooth_function_where_it_was_not_observed() -> None:
    seen, new = inputs(60), inputs(200, seed=1)
    process = condition(choose_kernel(seen, wave(seen)), seen, wave(seen))
    means, deviations = process.predict(new)
    assert np.sqrt(np.mean((means - wave(new)) ** 2)) < 0.05 * wave(new).std()
    assert np.mean(abs(means - wave(new)) <= 3 * deviations + 1e-3) > 0.95


@pytest.mark.slow
def test_noise_is_told_from_signal() -> None:
    seen = inputs(150)
    noise = np.random.default_rng(2).normal(0, 0.3, 150)
    clean, noisy = choose_kernel(seen, wave(seen)), choose_kernel(seen, wave(seen) + noise)
    assert clean.noise < 1e-2
    assert noisy.noise > 0.03
    means, _ = condition(noisy, seen, wave(seen) + noise).predict(seen)
    assert np.std(means - wave(seen)) < 0.5 * np.std(noise)


def test_equal_observations_and_equal_inputs_are_no_trouble() -> None:
    seen = np.zeros((5, 3))
    process = condition(choose_kernel(seen, np.ones(5)), seen, np.ones(5))
    means, deviations = process.predict(np.zeros((1, 3)))
    assert means == pytest.approx([1.0])
    assert np.isfinite(deviations).all()
