"""The ways of the signal through networks small enough to work them out by hand."""

import math

import pytest

from nas.candidates.features import network_features
from nas.network.network import Network, Operator, Tensor

SHAPE = (1, 8, 8, 4)


class Writer:
    """Writes operators of 8x8x4 tensors one after the other."""

    def __init__(self) -> None:
        self.input = Tensor("in", SHAPE, "int8")
        self.operators: list[Operator] = []

    def write(self, kind: str, *sources: Tensor, kernel: int = 0, channels: int = 4) -> Tensor:
        number = len(self.operators)
        output = Tensor(f"t{number}", (*SHAPE[:3], channels), "int8")
        weights = Tensor(f"w{number}", (channels, kernel, kernel, 4), "int8", is_constant=True)
        inputs = (*sources, weights) if kernel else sources
        self.operators.append(Operator(number, kind, 1, inputs, (output,)))
        return output

    def conv(self, source: Tensor, kernel: int) -> Tensor:
        return self.write("CONV_2D", source, kernel=kernel)

    def features(self, *outputs: Tensor) -> dict[str, float]:
        return dict(network_features(Network(tuple(self.operators), (self.input,), outputs)))


def mean(features: dict[str, float], name: str) -> float:
    return math.expm1(features[f"log_signal_{name}"])


def test_a_chain_has_one_way() -> None:
    net = Writer()
    x = net.write("AVERAGE_POOL_2D", net.conv(net.conv(net.input, 3), 1))
    found = net.features(x)
    assert [mean(found, name) for name in ("depth", "spatial", "pools")] == pytest.approx([2, 1, 1])
    assert found["signal_depth_spread"] == 0
    assert found["log_signal_depth_power_50"] == pytest.approx(2 * math.log(0.5))
    assert found["log_signal_pools_power_80"] == pytest.approx(math.log(0.8))


def test_added_branches_bring_their_variances() -> None:
    """Stem of variance 1, and two additions of a branch: 3 in all, two thirds from the branches."""
    net = Writer()
    stem = net.conv(net.input, 3)
    once = net.write("ADD", stem, net.conv(stem, 3))
    twice = net.write("ADD", once, net.conv(once, 1))
    found = net.features(twice)
    # Ways: stem (1), stem-3x3 (2), and half of each again through the last 1x1.
    depths, shares = [1, 2, 2, 3], [1 / 3, 1 / 3, 1 / 6, 1 / 6]
    expected = sum(d * s for d, s in zip(depths, shares, strict=True))
    square = sum(d * d * s for d, s in zip(depths, shares, strict=True))
    assert mean(found, "depth") == pytest.approx(expected)
    assert mean(found, "spatial") == pytest.approx(1 + 1 / 3 + 1 / 6)
    assert found["signal_depth_spread"] == pytest.approx(math.sqrt(square - expected**2))
    power = sum(0.5**d * s for d, s in zip(depths, shares, strict=True))
    assert found["log_signal_depth_power_50"] == pytest.approx(math.log(power))


def test_concatenated_branches_count_by_their_size() -> None:
    net = Writer()
    wide = net.write("CONV_2D", net.input, kernel=3, channels=12)
    narrow = net.conv(net.conv(net.input, 1), 1)
    found = net.features(net.write("CONCATENATION", wide, narrow, channels=16))
    assert mean(found, "depth") == pytest.approx(0.75 * 1 + 0.25 * 2)


def test_a_dead_source_or_several_outputs_are_no_trouble() -> None:
    net = Writer()
    unknown = Tensor("nowhere", SHAPE, "int8")
    found = net.features(net.conv(unknown, 3), net.conv(net.input, 1))
    assert mean(found, "depth") == pytest.approx(1)
    assert mean(found, "spatial") == pytest.approx(0.5)
