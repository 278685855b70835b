"""Channels are brought to one range, and the function stays."""

import numpy as np
import pytest
from numpy.typing import NDArray

from nas.quantization.activations import activations, outputs
from nas.quantization.equalisation import equalise
from nas.quantization.tflite_file import TfliteFile
from tests.quantization.conftest import Case


def reach(content: bytes, examples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Greatest value of each channel of the first convolution."""
    place = TfliteFile(content).nodes[0].output
    each = [values[place].max(axis=(0, 1, 2)) for values in activations(content, examples)]
    return np.asarray(np.max(each, axis=0))


@pytest.mark.parametrize("case", ["plain", "uneven", "bounded"])
def test_the_float_function_stays(case: str, request: pytest.FixtureRequest) -> None:
    it: Case = request.getfixturevalue(case)
    equalised, _ = equalise(it.calibrated, it.examples)
    assert equalised != it.calibrated
    np.testing.assert_allclose(
        outputs(equalised, it.examples), outputs(it.calibrated, it.examples), atol=1e-4
    )


def test_channels_before_a_depthwise_convolution_get_one_range(uneven: Case) -> None:
    before = reach(uneven.calibrated, uneven.examples)
    equalised, said = equalise(uneven.calibrated, uneven.examples)
    after = reach(equalised, uneven.examples)
    assert before.max() / before[before > 0].min() > 200
    np.testing.assert_allclose(after[before > before.max() / 256], before.max(), rtol=1e-4)
    assert said == "3 of 3 convolutions were scaled"


def test_channels_that_reach_the_bound_of_relu6_stay(bounded: Case) -> None:
    before = reach(bounded.calibrated, bounded.examples)
    after = reach(equalise(bounded.calibrated, bounded.examples)[0], bounded.examples)
    saturated = before >= 6.0
    assert 0 < saturated.sum() < saturated.size
    np.testing.assert_array_equal(after[saturated], before[saturated])
    np.testing.assert_allclose(
        after[~saturated], np.minimum(6.0, 256 * before[~saturated]), rtol=1e-3
    )
