"""Peak memory rises by what was allocated, even after it is freed."""

import gc

import numpy as np
import pytest

from nas.evaluation.peak_memory import PeakMemory

MIB = 2**20


@pytest.fixture(autouse=True)
def _no_garbage() -> None:
    """Free what earlier tests left: it would make room for what is measured."""
    gc.collect()


def test_the_peak_is_kept_after_memory_is_freed() -> None:
    memory = PeakMemory()
    block = np.ones(200 * MIB, np.uint8)
    del block
    assert 190 * MIB < memory.rise_bytes() < 260 * MIB


def test_a_new_measurement_forgets_the_old_peak() -> None:
    block = np.ones(200 * MIB, np.uint8)
    del block
    assert PeakMemory().rise_bytes() < 100 * MIB
