"""An int8 file turned back into float says the same, and rounds to what it was."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from nas.data.dataset import Split
from nas.evaluation.interpreter import quantized_outputs
from nas.evaluation.quantization import quantize
from nas.quantization.activations import outputs
from nas.quantization.conversion import to_int8
from nas.quantization.restoring import restore
from nas.quantization.tflite_file import TfliteFile
from tests.quantization import networks

pytestmark = pytest.mark.slow


def branching() -> Any:
    """Branches of different ranges are added, multiplied and joined, which needs QUANTIZE."""
    inputs = keras.Input((networks.SIDE, networks.SIDE, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    wide = layers.Conv2D(4, 3, padding="same", activation="relu6")(x)
    narrow = layers.Conv2D(4, 1, activation="sigmoid")(x)
    x = layers.Concatenate()(
        [layers.Add()([wide, narrow]), layers.Multiply()([wide, narrow]), wide]
    )
    x = layers.GlobalAveragePooling2D()(layers.ZeroPadding2D()(x))
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(x))


NETWORKS: dict[str, Callable[[], Any]] = {
    "depthwise": lambda: networks.depthwise(networks.UNEVEN, bound=6.0),
    "branching": branching,
}


@pytest.mark.parametrize("name", NETWORKS)
def test_it_rounds_to_a_file_that_answers_the_same(name: str) -> None:
    keras.utils.set_random_seed(0)
    pictures = networks.pictures(100, seed=2)
    calibration = Split(pictures, np.zeros(len(pictures), np.int32))
    content = quantize(NETWORKS[name](), calibration)
    again = to_int8(restore(content))
    expected, found = (quantized_outputs(each, pictures)[1] for each in (content, again))
    np.testing.assert_array_equal(found, expected)


def test_its_float_answers_are_near_those_of_the_model() -> None:
    model = networks.depthwise(networks.PLAIN)
    pictures = networks.pictures(100, seed=2)
    content = quantize(model, Split(pictures, np.zeros(len(pictures), np.int32)))
    examples = pictures.astype(np.float32)
    exact = model.predict(examples, verbose=0)
    np.testing.assert_allclose(outputs(restore(content), examples), exact, atol=0.02)
    kinds = [node.type for node in TfliteFile(restore(content)).nodes]
    assert kinds == [node.type for node in TfliteFile(content).nodes]
