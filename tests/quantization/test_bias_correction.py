"""What rounding adds on average is taken off again."""

import numpy as np
import pytest

from nas.quantization.activations import activations
from nas.quantization.bias_correction import correct_biases
from nas.quantization.rounding import Rounding
from tests.quantization.conftest import Case


def mean_error(rounding: Rounding, original: bytes, case: Case) -> float:
    """Root mean square over channels of the mean error of the last convolution."""
    node = next(each for each in reversed(rounding.exact.nodes) if each.type == "CONV_2D")
    twin = rounding.twins[node.index]
    both = zip(
        activations(original, case.examples), activations(rounding.int8, case.examples), strict=True
    )
    errors = [(e[node.output] - n[twin.output]).mean(axis=(0, 1, 2)) for e, n in both]
    return float(np.sqrt(np.mean(np.mean(errors, axis=0) ** 2)))


def test_the_mean_error_of_a_suffering_network_shrinks(uneven: Case) -> None:
    corrected, said = correct_biases(uneven.calibrated, uneven.examples)
    before = mean_error(Rounding(uneven.calibrated), uneven.calibrated, uneven)
    after = mean_error(Rounding(corrected), uneven.calibrated, uneven)
    assert after < before / 3
    assert said == "4 of 4 biases were corrected"


@pytest.mark.parametrize("case", ["plain", "uneven"])
def test_a_correction_changes_biases_only(case: str, request: pytest.FixtureRequest) -> None:
    it: Case = request.getfixturevalue(case)
    corrected, _ = correct_biases(it.calibrated, it.examples)
    before, after = Rounding(it.calibrated), Rounding(corrected)
    for node in before.exact.nodes:
        if len(node.inputs) > 2:
            np.testing.assert_array_equal(
                before.exact.constant(node, 1), after.exact.constant(node, 1)
            )
            assert not np.array_equal(before.exact.constant(node, 2), after.exact.constant(node, 2))
        assert before.exact.limits(node.output) == after.exact.limits(node.output)
