"""Networks of the decision chart: as many weights as asked for, and what they are called."""

import pytest

from nas.edgetpu.estimator import Estimator
from nas.platforms.families import (
    FAMILIES,
    Family,
    convolutional_network,
    dense_network,
    kind_of,
    size_of,
    weights_of,
)


@pytest.mark.parametrize("family", FAMILIES.values(), ids=list(FAMILIES))
@pytest.mark.parametrize("parameters", [3e5, 2e6, 2e7])
def test_networks_have_about_the_weights_asked_for_and_map_completely(
    family: Family, parameters: float
) -> None:
    for size in family.sizes:
        network = family.network(size, parameters)
        assert network is not None
        assert weights_of(network) == pytest.approx(parameters, rel=0.05)
        assert kind_of(network) == family.kind
        assert size_of(network) == size
        estimate = Estimator().estimate(network)
        assert estimate.ops_mapped == estimate.ops_total


def test_what_is_too_small_for_its_input_is_no_network() -> None:
    assert dense_network(16384, 5000) is None
    assert convolutional_network(32, 100) is None


def test_a_dense_network_counts_every_weight() -> None:
    network = dense_network(20, 20 * 7 + 7 * 7 + 7 * 7 + 7 * 10)
    assert network is not None
    assert [op.weights.shape for op in network.operators] == [(7, 20), (7, 7), (7, 7), (10, 7)]


def test_a_convolutional_network_halves_its_sides() -> None:
    network = convolutional_network(33, 1e5)
    assert network is not None
    convolutions = [op for op in network.operators if op.type == "CONV_2D"]
    assert [op.outputs[0].shape[1] for op in convolutions] == [17, 9, 5, 3]
    assert weights_of(network) == sum(op.weights.elements for op in convolutions) + (
        network.operators[-1].weights.elements
    )
