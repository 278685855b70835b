from math import prod

import keras
import numpy as np
import pytest
from keras import layers

from nas.adjustment.inputs import image_input, vector_input
from nas.errors import UserError
from tests.adjustment.models import MODELS, outputs, residual, with_random_weights


def _at_224() -> keras.Model:
    inputs = keras.Input((224, 224, 3))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(2, 3, strides=32)(inputs))
    return keras.Model(inputs, layers.Dense(2)(x))


@pytest.mark.parametrize(("values", "weights"), [(10, 5_880), (100, 58_800), (1000, 588_000)])
def test_the_vector_adapter_has_the_study_s_weights(values: int, weights: int) -> None:
    adapter = vector_input(_at_224(), values).get_layer("vector_adapter")
    assert (adapter.units, adapter.count_params()) == (588, weights)


def test_an_image_eight_times_as_large_is_9_19_mib() -> None:
    model = image_input(_at_224(), 8)
    assert model.input_shape == (None, 1792, 1792, 3)
    assert round(prod(model.input_shape[1:]) / 2**20, 2) == 9.19


@pytest.mark.parametrize("name", MODELS)
def test_an_adapter_keeps_the_network_behind_it(name: str) -> None:
    model = with_random_weights(MODELS[name]())
    np.testing.assert_allclose(outputs(image_input(model, 1)), outputs(model), rtol=1e-5)
    assert vector_input(model, 5).output_shape == model.output_shape


@pytest.mark.parametrize(("scale", "side"), [(0.125, 2), (0.5, 6), (2, 24)])
def test_images_are_scaled(scale: float, side: int) -> None:
    model = image_input(residual(), scale)
    assert model.input_shape == (None, side, side, 3)
    assert outputs(model).shape == (2, 3)


def test_what_is_no_image_is_named() -> None:
    inputs = keras.Input((7,), name="sensor")
    model = keras.Model(inputs, layers.Dense(2)(inputs))
    with pytest.raises(UserError, match="`sensor`: an input adapter needs one image input"):
        image_input(model, 2)
    with pytest.raises(UserError, match="has no pixels"):
        image_input(residual(), 0.01)
    with pytest.raises(UserError, match="1 value or more, got 0"):
        vector_input(residual(), 0)
