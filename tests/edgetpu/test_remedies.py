"""What of a network will not map: which layer, and what to write instead."""

import re
from typing import Any

import keras
import pytest
from keras import layers

from nas.edgetpu.estimator import Estimator
from nas.edgetpu.remedies import unmapped_layers
from nas.network.keras_call import UnreadableLayer
from nas.network.keras_graph import read_keras_model


def unmapped(*middle: Any) -> list[str]:
    x = inputs = keras.Input((16, 16, 8))
    for layer in middle:
        x = layer(x)
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, layers.Dense(2, activation="softmax")(x))
    network = read_keras_model(model)
    return unmapped_layers(network, Estimator().estimate(network))


def conv(**settings: Any) -> Any:
    return layers.Conv2D(8, 3, padding="same", **settings)


def test_a_network_that_maps_has_nothing_to_say() -> None:
    assert unmapped(conv(), layers.ReLU(6.0)) == []


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (layers.LeakyReLU(name="bend"), r"`bend` \(LEAKY_RELU\) .*: use ReLU6 or PReLU \("),
        (layers.Activation("gelu", name="bend"), r"`bend` \(GELU\) .*: use ReLU6 \("),
        (conv(groups=2, name="halves"), r"`halves` \(CONV_2D\) .*: use DepthwiseConv2D"),
        (layers.Conv2D(8, 3, dilation_rate=(1, 2), name="far"), "`far` .*same dilation"),
        (layers.UpSampling2D(name="up"), r"`up` \(TILE\) .*interpolation='bilinear'"),
        (layers.Dense(4, name="map"), r"`map` \(FULLY_CONNECTED\) .*1x1 Conv2D"),
    ],
)
def test_the_layer_is_named_with_its_remedy(layer: Any, words: str) -> None:
    (sentence,) = unmapped(conv(), layer, conv())
    assert re.search(words, sentence), sentence


def test_layers_of_one_fault_are_told_together_and_what_follows_is_not() -> None:
    bends = [layers.LeakyReLU(name=f"bend_{n}") for n in range(5)]
    pairs = [layer for bend in bends for layer in (conv(), bend)]
    (sentence,) = unmapped(*pairs)
    assert sentence.startswith("`bend_0`, `bend_1`, `bend_2` and 2 more (LEAKY_RELU) cannot run")


def test_a_layer_that_stays_float_is_named_with_one_that_does_not() -> None:
    with pytest.raises(UnreadableLayer, match=r"`norm`: LayerNormalization is not read: use Batch"):
        unmapped(conv(), layers.LayerNormalization(name="norm"))
