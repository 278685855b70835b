import keras
import numpy as np
import pytest
from keras import layers

from nas.adjustment.depth import repeat_block, repeatable_blocks
from nas.errors import UserError
from tests.adjustment.models import MODELS, outputs, residual, with_random_weights


@pytest.mark.parametrize("name", ["residual", "shared"])
def test_no_copies_change_nothing(name: str) -> None:
    model = with_random_weights(MODELS[name]())
    np.testing.assert_allclose(outputs(repeat_block(model, 0)), outputs(model), rtol=1e-5)


def test_a_residual_block_is_repeated_with_its_weights() -> None:
    model = with_random_weights(residual())
    deeper = repeat_block(model, 3)
    names = {layer.name for layer in deeper.layers}
    assert {"sum_repeat1", "sum_repeat2", "sum_repeat3", "project_repeat3"} <= names
    block = sum(model.get_layer(n).count_params() for n in ("depthwise", "project"))
    normalization = 4 * 8
    assert deeper.count_params() == model.count_params() + 3 * (block + normalization)
    for mine, first in zip(
        deeper.get_layer("project_repeat2").get_weights(),
        model.get_layer("project").get_weights(),
        strict=True,
    ):
        np.testing.assert_array_equal(mine, first)


def test_a_plain_convolution_is_a_block() -> None:
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same", name="first")(inputs)
    x = layers.Conv2D(4, 5, padding="same", activation="relu", name="block")(x)
    model = keras.Model(inputs, layers.GlobalAveragePooling2D()(x))
    assert [block.name for block in repeatable_blocks(model)] == ["block"]
    deeper = repeat_block(model, 2)
    assert deeper.get_layer("block_repeat2").kernel_size == (5, 5)
    assert deeper.output_shape == model.output_shape


def test_an_activation_after_a_sum_belongs_to_the_block() -> None:
    inputs = keras.Input((8, 8, 4))
    y = layers.Conv2D(4, 3, padding="same")(inputs)
    x = layers.ReLU(name="end")(layers.Add(name="sum")([inputs, y]))
    model = keras.Model(inputs, layers.Flatten()(x))
    assert "sum" not in [block.name for block in repeatable_blocks(model)]
    assert "sum_repeat1" in {layer.name for layer in repeat_block(model, 1, "end").layers}


def test_a_block_has_one_way_in() -> None:
    inputs = keras.Input((8, 8, 4))
    x = layers.Conv2D(4, 1, name="one")(inputs)
    y = layers.Conv2D(4, 1, name="two")(inputs)
    x = layers.Conv2D(4, 1, name="three")(x)
    model = keras.Model(inputs, layers.Add(name="sum")([x, y]))
    block = next(each for each in repeatable_blocks(model) if each.name == "sum")
    assert {call.layer.name for call in block.calls} == {"one", "two", "three", "sum"}


def test_a_network_without_blocks_is_refused() -> None:
    inputs = keras.Input((6,))
    with pytest.raises(UserError, match="nothing can be repeated"):
        repeat_block(keras.Model(inputs, layers.Dense(2)(inputs)), 1)


def test_a_layer_that_ends_no_block_is_named() -> None:
    with pytest.raises(UserError, match=r"`stem`: no block .* some do in .*sum"):
        repeat_block(residual(), 1, "stem")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "end"),
    [("MobileNetV2", "block_15_add"), ("ResNet50", "conv5_block3_out"), ("VGG16", "fc2")],
)
def test_the_default_block_of_published_networks(name: str, end: str) -> None:
    make = getattr(keras.applications, name)
    model = make(weights=None, input_shape=(64, 64, 3), classes=10)
    assert f"{end}_repeat2" in {layer.name for layer in repeat_block(model, 2).layers}
