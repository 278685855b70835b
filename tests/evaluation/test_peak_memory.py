"""Peak memory rises by what was allocated, even after it is freed."""

import numpy as np

from nas.evaluation.peak_memory import PeakMemory

MIB = 2**20


def test_the_peak_is_kept_after_memory_is_freed() -> None:
    memory = PeakMemory()
    block = np.ones(200 * MIB, np.uint8)
    del block
    assert 190 * MIB < memory.rise_bytes() < 260 * MIB


def test_a_new_measurement_forgets_the_old_peak() -> None:
    block = np.ones(200 * MIB, np.uint8)
    del block
    assert PeakMemory().rise_bytes() < 100 * MIB
