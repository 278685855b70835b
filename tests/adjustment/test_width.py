from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from nas.adjustment.width import HALVES, add_columns, widen, widenable_layers
from nas.errors import UserError
from tests.adjustment.models import (
    MODELS,
    branched,
    grouped,
    outputs,
    residual,
    with_random_weights,
)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("factor", [1, 2, 3])
def test_a_wider_network_computes_what_it_did(name: str, factor: int) -> None:
    model = with_random_weights(MODELS[name]())
    wider = widen(model, factor)
    np.testing.assert_allclose(outputs(wider), outputs(model), rtol=2e-4, atol=1e-5)
    assert factor == 1 or wider.count_params() > model.count_params()


def test_a_fraction_rounds_and_keeps_what_is_computed() -> None:
    model = with_random_weights(residual())
    wider = widen(model, 1.3)
    assert wider.get_layer("stem").filters == wider.get_layer("project").filters == 10
    np.testing.assert_allclose(outputs(wider), outputs(model), rtol=2e-4)


def test_a_narrower_network_keeps_its_first_channels() -> None:
    model = with_random_weights(residual())
    narrower = widen(model, 0.5)
    assert narrower.get_layer("stem").filters == 4
    kept = model.get_layer("stem").get_weights()[0][..., :4]
    np.testing.assert_array_equal(narrower.get_layer("stem").get_weights()[0], kept)


def test_both_sides_of_a_sum_agree() -> None:
    wider = widen(residual(), 2, "project")
    assert [wider.get_layer(name).filters for name in ("stem", "project")] == [16, 16]
    assert wider.get_layer("depthwise").output.shape[-1] == 16
    assert wider.get_layer("head").units == 3


def test_one_layer_alone_is_widened_with_what_it_is_tied_to() -> None:
    wider = widen(branched(), 2, "separable")
    widths = {name: wider.get_layer(name).filters for name in ("separable", "other", "tied")}
    assert widths == {"separable": 10, "other": 7, "tied": 17}


def test_settings_of_every_layer_stay() -> None:
    model = grouped()
    wider = widen(model, 2)
    for layer in model.layers[1:]:
        config, new = layer.get_config(), wider.get_layer(layer.name).get_config()
        for key in ("kernel_size", "strides", "padding", "dilation_rate", "activation"):
            assert config.get(key) == new.get(key), (layer.name, key)
    assert wider.get_layer("grouped").groups == 3
    assert wider.get_layer("grouped_depthwise").groups == 48


def test_copies_of_a_channel_are_not_read_alike() -> None:
    wider = widen(with_random_weights(residual()), 2)
    kernel = wider.get_layer("head").get_weights()[0]
    assert np.abs(kernel[:8] - kernel[8:]).min() > 0


def test_columns_multiply_the_channels_as_in_the_study() -> None:
    inputs = keras.Input((6, 6, 3))
    x = layers.Conv2D(8, 3, padding="same", activation="relu", name="wide")(inputs)
    x = layers.BatchNormalization()(x)
    model = with_random_weights(keras.Model(inputs, layers.Conv2D(4, 1, name="next")(x)))
    multiples = []
    for rounds in range(len(HALVES)):
        wider = add_columns(model, rounds, "wide")
        multiples.append(wider.get_layer("next").input.shape[-1] / 8)
        np.testing.assert_allclose(outputs(wider), outputs(model), rtol=2e-4)
    assert multiples == [1, 2, 3, 4, 4.5, 5, 5.5, 6, 7, 8, 9, 10]
    columns = [layer for layer in wider.layers if "column" in layer.name][:-1]
    assert {layer.kernel_size for layer in columns} == {(3, 3)}
    assert [layer.filters for layer in columns] == [8, 8, 8, 8, 4, 4, 4, 4, 8, 8, 8, 8]


def test_columns_in_a_residual_network_widen_the_other_side_too() -> None:
    model = with_random_weights(residual())
    wider = add_columns(model, 4, "stem")
    assert wider.get_layer("project").filters == 36
    np.testing.assert_allclose(outputs(wider), outputs(model), rtol=2e-4)


def test_layers_whose_width_is_free() -> None:
    assert widenable_layers(residual()) == ["stem", "project"]


def _with(layer: Any) -> Any:
    inputs = keras.Input((8, 8, 3))
    x = layer(layers.Conv2D(4, 3, name="before")(inputs))
    return keras.Model(inputs, layers.Dense(2)(layers.Flatten()(x)))


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (layers.GroupNormalization(2, name="odd"), "`before`: .* fixed by `odd` .GroupNorm"),
        (layers.DepthwiseConv2D(3, depth_multiplier=2, name="odd"), "`before`: .* `odd`"),
        (layers.Permute((3, 1, 2), name="odd"), "`before`: .* fixed by `odd`"),
    ],
)
def test_what_cannot_be_widened_is_named(layer: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        widen(_with(layer), 2)


def test_groups_that_would_differ_are_named() -> None:
    inputs = keras.Input((4, 4, 3))
    x = layers.Concatenate()([layers.Conv2D(width, 1)(inputs) for width in (1, 3, 4)])
    model = keras.Model(inputs, layers.Conv2D(2, 1, groups=2, name="two")(x))
    with pytest.raises(UserError, match="`two`: its 2 groups would get different widths"):
        widen(model, 1.5)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("head", "`head`: its width is fixed by the network's output"),
        ("sum", "`sum`: Add has no width of its own"),
        ("absent", "`absent`: no such layer"),
    ],
)
def test_a_layer_without_a_free_width_is_named(layer: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        widen(residual(), 2, layer)


def test_a_grouped_convolution_gets_no_columns() -> None:
    with pytest.raises(UserError, match="`grouped`: its channels are divided into groups"):
        add_columns(grouped(), 1, "grouped")


def test_weights_may_be_left_out() -> None:
    model = with_random_weights(residual())
    wider = widen(model, 1, copy_weights=False)
    before = model.get_layer("stem").get_weights()[0]
    assert np.abs(wider.get_layer("stem").get_weights()[0] - before).max() > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["MobileNetV2", "MobileNetV3Small", "DenseNet121", "Xception"],
)
def test_published_networks_can_be_widened(name: str) -> None:
    make = getattr(keras.applications, name)
    model = make(weights=None, input_shape=(96, 96, 3), classes=10)
    wider = widen(model, 2)
    np.testing.assert_allclose(outputs(wider), outputs(model), atol=1e-4)
    assert wider.count_params() > 2 * model.count_params()
