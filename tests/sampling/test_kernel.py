"""The kernel: its covariance, the gradient of its choice, and which inputs it finds to matter."""

import numpy as np
import pytest

from nas.sampling.kernel import Array, Kernel, _loss, choose_kernel


def inputs(count: int, columns: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).uniform(-1.5, 1.5, (count, columns))


def test_the_kernel_is_matern_five_halves() -> None:
    """At r = length: (1 + sqrt 5 + 5/3) exp(-sqrt 5) = 0.52399."""
    kernel = Kernel(2.0, 0.0)
    covariance = kernel(np.zeros((1, 1)), np.array([[0.0], [2.0]]))
    assert covariance[0] == pytest.approx([1.0, 0.5239941], abs=1e-6)


def test_each_input_has_a_length_scale() -> None:
    kernel = Kernel(np.array([2.0, 4.0]), 0.0)
    here, there = np.zeros((1, 2)), np.array([[2.0, 0.0], [0.0, 4.0], [0.0, 0.4]])
    assert kernel(here, there)[0] == pytest.approx([0.5239941, 0.5239941, 0.9917], abs=1e-3)


def test_the_gradient_is_that_of_the_loss() -> None:
    from scipy.optimize import check_grad

    seen = inputs(15, 4)
    targets = np.sin(2 * seen[:, 0]) + 0.1 * seen[:, 1]
    for seed in range(3):
        at = np.random.default_rng(seed).normal(-0.5, 0.5, 5)
        off = check_grad(lambda x: _loss(x, seen, targets)[0],
                         lambda x: _loss(x, seen, targets)[1], at)  # fmt: skip
        assert off < 1e-4 * np.linalg.norm(_loss(at, seen, targets)[1])


def test_inputs_that_tell_nothing_get_long_length_scales() -> None:
    seen = inputs(60, 6)
    lengths = choose_kernel(seen, np.sin(2 * seen[:, 2])).lengths
    assert isinstance(lengths, np.ndarray)
    assert np.argmin(lengths) == 2
    assert np.sort(lengths)[1] > 1.5 * lengths[2]


def test_a_few_observations_move_no_length_scale_far() -> None:
    seen = inputs(3, 5)
    lengths = choose_kernel(seen, seen[:, 0]).lengths
    assert np.all((lengths > 0.7) & (lengths < 3))
