"""Whether chance explains what int8 loses."""

import numpy as np
import pytest

from nas.quantization.loss import Change, compare_answers


def test_examples_are_counted_by_what_became_of_them() -> None:
    before = np.array([True, True, True, False, False])
    after = np.array([True, False, False, True, False])
    assert compare_answers(before, after) == Change(5, 0.6, 0.4, lost=2, gained=1)


@pytest.mark.parametrize(
    ("lost", "gained", "chance"),
    [(0, 0, 1.0), (1, 0, 0.5), (0, 5, 1 / 32), (4, 1, 6 / 32), (8, 2, 56 / 1024)],
)
def test_the_chance_is_that_of_the_sign_test(lost: int, gained: int, chance: float) -> None:
    assert Change(100, 0.9, 0.8, lost, gained).chance == pytest.approx(chance)


@pytest.mark.parametrize(
    ("lost", "gained", "is_loss"), [(4, 0, False), (5, 0, True), (8, 2, False), (9, 2, True),
                                    (0, 9, False), (2000, 1800, True)]
)  # fmt: skip
def test_only_what_chance_does_not_explain_is_a_loss(lost: int, gained: int, is_loss: bool) -> None:
    assert Change(5000, 0.9, 0.8, lost, gained).is_loss is is_loss
    assert Change(5000, 0.8, 0.9, gained, lost).is_gain is is_loss
