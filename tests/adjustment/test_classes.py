import keras
import numpy as np
import pytest
from keras import layers

from nas.adjustment.classes import change_classes
from nas.errors import UserError
from tests.adjustment.models import MODELS, residual, with_random_weights


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("classes", [2, 11])
def test_the_output_has_the_classes(name: str, classes: int) -> None:
    assert change_classes(MODELS[name](), classes).output_shape == (None, classes)


def test_the_first_classes_keep_their_weights() -> None:
    model = with_random_weights(residual())
    for classes in (2, 9):
        (kernel, bias), (old, old_bias) = (
            each.get_layer("head").get_weights() for each in (change_classes(model, classes), model)
        )
        shared = min(classes, 3)
        np.testing.assert_array_equal(kernel[:, :shared], old[:, :shared])
        np.testing.assert_array_equal(bias[:shared], old_bias[:shared])
    first = change_classes(model, 9).get_layer("stem").get_weights()[0]
    np.testing.assert_array_equal(first, model.get_layer("stem").get_weights()[0])


def test_a_convolution_and_a_reshape_may_be_the_head() -> None:
    inputs = keras.Input((4, 4, 3))
    x = layers.GlobalAveragePooling2D(keepdims=True)(inputs)
    x = layers.Reshape((5,))(layers.Conv2D(5, 1)(x))
    model = keras.Model(inputs, layers.Activation("softmax")(x))
    assert change_classes(model, 8).output_shape == (None, 8)


def test_what_is_no_classifier_is_named() -> None:
    inputs = keras.Input((4, 4, 3))
    x = layers.Dense(3)(layers.Flatten()(inputs))
    with pytest.raises(UserError, match="`end`: the output must come from a dense layer"):
        change_classes(keras.Model(inputs, layers.Add(name="end")([x, x])), 5)
    with pytest.raises(UserError, match="`one`: a single output of two classes"):
        change_classes(keras.Model(inputs, layers.Dense(1, name="one")(x)), 5)
    with pytest.raises(UserError, match="2 classes or more, got 1"):
        change_classes(residual(), 1)
