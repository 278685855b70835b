"""Files that are changed do what the change says, and nothing else."""

import numpy as np
import pytest

from nas.quantization.activations import activations, outputs
from nas.quantization.rounding import Rounding
from nas.quantization.tflite_file import Node, TfliteFile
from tests.quantization.conftest import Case


def node(file: TfliteFile, kind: str) -> Node:
    return next(each for each in file.nodes if each.type == kind)


def test_a_file_that_is_not_changed_says_the_same(plain: Case) -> None:
    copy = TfliteFile(plain.calibrated).content()
    np.testing.assert_array_equal(
        outputs(copy, plain.examples), outputs(plain.calibrated, plain.examples)
    )
    assert Rounding(copy).int8 == Rounding(plain.calibrated).int8


def test_another_constant_reaches_one_operator_only(plain: Case) -> None:
    file = TfliteFile(plain.calibrated)
    depthwise, dense = node(file, "DEPTHWISE_CONV_2D"), node(file, "FULLY_CONNECTED")
    file.set_constant(dense, 2, np.array([1, 2, 3, 4], np.float32))
    changed = TfliteFile(file.content())
    np.testing.assert_array_equal(changed.constant(dense, 2), [1, 2, 3, 4])
    np.testing.assert_array_equal(changed.constant(depthwise, 1), file.constant(depthwise, 1))


def test_the_ranges_decide_the_steps_of_the_written_file(plain: Case) -> None:
    file = TfliteFile(plain.calibrated)
    convolution = node(file, "CONV_2D")
    file.set_limits(convolution.output, 0.0, 51.0)
    rounding = Rounding(file.content())
    scale, zero_point = rounding.step(rounding.twins[convolution.index].output)
    assert scale == pytest.approx(51 / 255)
    assert zero_point == -128


def test_an_output_is_rounded_as_an_int8_tensor_is(plain: Case) -> None:
    file = TfliteFile(plain.calibrated)
    dense = node(file, "FULLY_CONNECTED")
    file.output = dense.output
    exact = outputs(file.content(), plain.examples)
    file.round_output(dense, 0.1, 3)
    expected = (np.clip(np.round(exact / 0.1) + 3, -128, 127) - 3) * 0.1
    np.testing.assert_allclose(outputs(file.content(), plain.examples), expected, atol=0.1001)
    assert np.mean(np.isclose(outputs(file.content(), plain.examples), expected)) > 0.99


def test_all_that_is_between_operators_is_seen(plain: Case) -> None:
    file = TfliteFile(plain.calibrated)
    first = next(activations(plain.calibrated, plain.examples))
    assert first.keys() == {file.input, *(each.output for each in file.nodes)}
    np.testing.assert_array_equal(first[file.input][0], plain.examples[0])
