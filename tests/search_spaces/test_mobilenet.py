"""The published MobileNets to the parameter, and what the search may make of them."""

from typing import Any

import keras
import pytest

from nas.candidates.candidate import build_candidate
from nas.candidates.hyperparameters import fixed_hyperparameters
from nas.candidates.reading import Reading, read_candidate
from nas.edgetpu.estimator import Estimator
from nas.network.network import Network
from search_spaces.mobilenet import PUBLISHED, MobileNetLite

WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


def reading(side: int, classes: int, preset: str, **changes: Any) -> Reading:
    space = MobileNetLite((side, side, 3), classes)
    return read_candidate(space, fixed_hyperparameters(space.presets()[preset] | changes))


def network(side: int, preset: str, **changes: Any) -> Network:
    read = reading(side, 2, preset, **changes).network
    assert read is not None
    return read


@pytest.mark.parametrize(
    ("preset", "function", "parameters"),
    [("mobilenet-v1", "MobileNet", 4_253_864), ("mobilenet-v2", "MobileNetV2", 3_538_984)],
)
def test_presets_are_keras_own_networks_to_the_parameter(
    preset: str, function: str, parameters: int
) -> None:
    with keras.StatelessScope(initialize_variables=False):
        published = getattr(keras.applications, function)(weights=None)
    assert published.count_params() == parameters
    assert reading(224, 1000, preset).parameters == parameters


# Millions as published: arXiv 1704.04861, and the tables of TensorFlow's
# models/research/slim/nets/mobilenet/README.md, those for v3 ("Large minimalistic") and for
# MobileNet-EdgeTPU ("dm=1"), both with 1001 classes. They count no normalizations: so v2 is
# listed with 3.47 where Keras counts 3.54.
@pytest.mark.parametrize(
    ("preset", "classes", "weights", "macs"),
    [
        ("mobilenet-v1", 1000, 4.2, 569),
        ("mobilenet-v2", 1000, 3.47, 300),
        ("mobilenet-v3", 1001, 3.9, 209),
        ("mobilenet-edgetpu", 1001, 4.0, 990),
    ],
)
def test_presets_have_the_published_size_and_macs(
    preset: str, classes: int, weights: float, macs: float
) -> None:
    read = reading(224, classes, preset).network
    assert read is not None
    counted = sum(op.weights.elements for op in read.operators if op.type in WEIGHTED)
    # The tables cut digits off: 990 and 4.0 stand for 990.67 and 4.05.
    assert counted / 1e6 == pytest.approx(weights, abs=0.06)
    # Expansions of v3 differ from block to block, here only from stage to stage.
    assert read.macs / 1e6 == pytest.approx(macs, rel=0.03 if preset == "mobilenet-v3" else 0.003)


@pytest.mark.parametrize(
    ("side", "least", "most"), [(32, 3e4, 4e5), (64, 3e4, 4e5), (96, 5e5, 2e6), (160, 2e6, 5e6)]
)
@pytest.mark.parametrize("preset", PUBLISHED)
def test_presets_shrink_with_the_images(side: int, least: float, most: float, preset: str) -> None:
    assert least < reading(side, 2, preset).parameters < most


@pytest.mark.parametrize("side", [32, 224])
def test_presets_map_completely(side: int) -> None:
    for preset in PUBLISHED:
        estimate = Estimator().estimate(network(side, preset))
        assert estimate.ops_mapped == estimate.ops_total
        assert estimate.compiles == "yes"


@pytest.mark.parametrize("side", [64, 224])
def test_a_preset_sets_exactly_the_hyperparameters_its_network_asks_for(side: int) -> None:
    space = MobileNetLite((side, side, 3), 2)
    for values in space.presets().values():
        built = build_candidate(space, fixed_hyperparameters(values))
        assert built.hyperparameters == values
        assert {kind.name for kind in built.space} == set(values)


def test_rescaling_leaves_no_operator_of_its_own() -> None:
    for preset in PUBLISHED:
        assert network(64, preset).operators[0].type == "CONV_2D"


def test_fused_stages_have_full_convolutions_in_place_of_depthwise_ones() -> None:
    def depthwise(**changes: Any) -> int:
        operators = network(224, "mobilenet-v2", **changes).operators
        return [operator.type for operator in operators].count("DEPTHWISE_CONV_2D")

    # Stages 1, 2 and 3 of v2 have 1, 2 and 3 blocks.
    assert [depthwise(fused_stages=count) for count in range(4)] == [17, 16, 14, 11]


def test_separable_blocks_have_no_expansion_and_no_shortcut() -> None:
    names = {kind.name for kind in reading(64, 2, "mobilenet-v1").kinds}
    assert not {name for name in names if "expansion" in name}
    assert "ADD" not in {operator.type for operator in network(64, "mobilenet-v1").operators}


def test_shortcuts_lead_around_all_but_the_first_block_of_a_stage() -> None:
    operators = network(224, "mobilenet-v2").operators
    assert [operator.type for operator in operators].count("ADD") == 10  # 17 blocks in 7 stages


def test_images_must_be_square() -> None:
    with pytest.raises(ValueError, match="square and at least 16 pixels, got 64x32"):
        MobileNetLite((64, 32, 3), 2)
