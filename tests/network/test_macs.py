"""Multiply-accumulate counts, by hand."""

import pytest

from nas.network.macs import count_macs
from tests.network.networks import Builder, activation, mobilenet_v2, weights


def test_a_convolution_counts_every_tap_of_every_output() -> None:
    builder = Builder((1, 8, 8, 3))
    builder.conv(builder.input, 16, 3, stride=2)
    assert builder.network().macs == 4 * 4 * 16 * 3 * 3 * 3


def test_a_grouped_convolution_counts_the_channels_of_one_group() -> None:
    inputs = (activation("x", 1, 4, 4, 8), weights(8, 3, 3, 2))
    assert count_macs("CONV_2D", inputs, (activation("y", 1, 4, 4, 8),)) == 4 * 4 * 8 * 9 * 2


def test_depthwise_dense_and_pool() -> None:
    builder = Builder((1, 8, 8, 4))
    x = builder.pool(builder.depthwise(builder.input))
    builder.dense(x, 10)
    assert [operator.macs for operator in builder.operators] == [8 * 8 * 4 * 9, 0, 4 * 4 * 4 * 10]


def test_a_transposed_convolution_counts_from_its_input() -> None:
    inputs = (weights(4), weights(6, 2, 2, 5), activation("x", 1, 3, 3, 5))
    assert count_macs("TRANSPOSE_CONV", inputs, (activation("y", 1, 6, 6, 6),)) == 9 * 6 * 4 * 5


def test_mobilenet_v2_has_301_million() -> None:
    assert mobilenet_v2().macs == 300_775_552


def test_missing_weights_are_told() -> None:
    with pytest.raises(ValueError, match="CONV_2D has inputs of the wrong rank or number"):
        count_macs("CONV_2D", (activation("x", 1, 4, 4, 8),), (activation("y", 1, 4, 4, 8),))
