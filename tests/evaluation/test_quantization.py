"""Full-integer networks, and the interpreter that runs them."""

from typing import Any

import keras
import numpy as np
import pytest

from nas.data.dataset import Dataset
from nas.errors import CandidateError
from nas.evaluation.interpreter import int8_accuracy, predict
from nas.evaluation.quantization import quantize
from nas.evaluation.recipe import Recipe
from nas.evaluation.training import train
from nas.network.tflite import parse_network
from tests.own_space import network


@pytest.fixture(scope="module")
def trained(tiny_dataset: Dataset) -> Any:
    keras.utils.set_random_seed(0)
    model = network(8, (16, 16, 3), 2, "good")
    train(model, tiny_dataset.train, tiny_dataset.validation, Recipe(4, 16, 0), lambda *_: None)
    return model


@pytest.fixture(scope="module")
def content(trained: Any, tiny_dataset: Dataset) -> bytes:
    return quantize(trained, tiny_dataset.calibration)


def test_everything_is_int8_static_and_batch_1(content: bytes) -> None:
    converted = parse_network(content, "test")
    (source,), (target,) = converted.inputs, converted.outputs
    assert (source.shape, source.dtype) == ((1, 16, 16, 3), "int8")
    assert (target.shape, target.dtype) == ((1, 2), "int8")
    kinds = {tensor.dtype for each in converted.operators for tensor in each.outputs}
    assert kinds == {"int8"}


def test_convolutions_are_per_channel_and_dense_layers_per_tensor(content: bytes) -> None:
    operators = {each.type: each for each in parse_network(content, "test").operators}
    assert operators["CONV_2D"].constants[0].scales == 8
    assert operators["FULLY_CONNECTED"].constants[0].scales == 1


def test_the_int8_input_is_the_pixel_less_128(content: bytes) -> None:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content)
    assert interpreter.get_input_details()[0]["quantization"] == (1.0, -128)


def test_the_int8_network_says_what_the_float_one_says(
    trained: Any, content: bytes, tiny_dataset: Dataset
) -> None:
    inputs = tiny_dataset.validation.inputs
    expected = trained.predict(inputs.astype(np.float32), verbose=0)
    np.testing.assert_allclose(predict(content, inputs), expected, atol=0.1)
    assert int8_accuracy(content, tiny_dataset.validation) > 0.9


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_do_not_change_the_answers(
    content: bytes, tiny_dataset: Dataset, threads: int
) -> None:
    inputs = tiny_dataset.validation.inputs[:7]
    np.testing.assert_array_equal(predict(content, inputs, threads), predict(content, inputs, 1))


def test_more_threads_than_examples_are_fine(content: bytes, tiny_dataset: Dataset) -> None:
    assert predict(content, tiny_dataset.validation.inputs[:1], threads=4).shape == (1, 2)


def test_a_float_operator_inside_is_refused_by_name(tiny_dataset: Dataset) -> None:
    model = network(8, (16, 16, 3), 2, "float")
    with pytest.raises(CandidateError, match=r"operator \d+ \w+ \(.*\) stays float"):
        quantize(model, tiny_dataset.calibration)
