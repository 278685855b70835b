"""Exchanges of borders, by hand."""

from nas.edgetpu.exchange import exchanging_operators
from tests.network.networks import Builder


def test_a_chain_exchanges_twice_and_two_readers_of_one_activation_once() -> None:
    chain = Builder((1, 8, 8, 4))
    chain.conv(chain.conv(chain.input, 4), 4)
    assert exchanging_operators(chain.operators) == {0, 1}
    beside = Builder((1, 8, 8, 4))
    beside.add(beside.conv(beside.input, 4), beside.conv(beside.input, 4))
    assert exchanging_operators(beside.operators) == {0}


def test_pointwise_layers_and_pools_without_overlap_exchange_nothing() -> None:
    builder = Builder((1, 8, 8, 4))
    builder.pool(builder.conv(builder.input, 4, 1), 2, 2)
    assert exchanging_operators(builder.operators) == frozenset()


def test_a_rectified_activation_is_exchanged_with_its_source() -> None:
    builder = Builder((1, 8, 8, 4))
    rectified = builder.add_operator("RELU", (builder.input,), builder.input.shape)
    builder.conv(rectified, 4)
    builder.pool(builder.input, 3, 1, "AVERAGE_POOL_2D", "SAME")
    assert exchanging_operators(builder.operators) == {1}
