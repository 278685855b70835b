"""The published networks to the parameter, and what the search may make of them."""

from typing import Any

import keras_tuner
import pytest

from nas.candidates.candidate import build_candidate
from nas.candidates.hyperparameters import fixed_hyperparameters
from nas.network.keras_graph import read_keras_model
from search_spaces.blocks import round_width
from search_spaces.xception import XceptionLite


def candidate(side: int, classes: int, preset: str) -> Any:
    space = XceptionLite((side, side, 3), classes)
    return build_candidate(space, fixed_hyperparameters(space.presets()[preset]))


# The counts of the study (arXiv 2403.10569) and of keras.applications, computed with TensorFlow.
@pytest.mark.parametrize(
    ("preset", "classes", "parameters"),
    [
        ("xception", 1, 20_863_529),
        ("xception", 101, 21_068_429),
        ("xception-lite", 1, 15_630_033),
        ("xception-lite", 101, 15_834_933),
        ("xception-lite-1x1", 1, 11_435_729),
        ("xception-lite-1x1", 101, 11_640_629),
    ],
)
def test_presets_are_the_published_networks_to_the_parameter(
    preset: str, classes: int, parameters: int
) -> None:
    assert candidate(224, classes, preset).model.count_params() == parameters


@pytest.mark.parametrize(
    ("preset", "macs"),
    [("xception", 4551e6), ("xception-lite", 2786e6), ("xception-lite-1x1", 2580e6)],
)
def test_presets_have_the_published_macs(preset: str, macs: float) -> None:
    network = read_keras_model(candidate(224, 101, preset).model)
    assert network.macs == pytest.approx(macs, rel=0.005)


@pytest.mark.parametrize("preset", ["xception", "xception-lite"])
def test_rescaling_leaves_no_operator_of_its_own(preset: str) -> None:
    operators = read_keras_model(candidate(64, 2, preset).model).operators
    assert [each.type for each in operators[:2]] == ["CONV_2D", "CONV_2D"]


@pytest.mark.parametrize(
    ("side", "least", "most"), [(32, 1e5, 3e5), (64, 1e5, 3e5), (96, 2e6, 4e6), (160, 1e7, 3e7)]
)
@pytest.mark.parametrize("preset", ["xception", "xception-lite"])
def test_presets_shrink_with_the_images(side: int, least: float, most: float, preset: str) -> None:
    assert least < candidate(side, 2, preset).model.count_params() < most


def test_a_preset_sets_exactly_the_hyperparameters_its_network_asks_for() -> None:
    space = XceptionLite((64, 64, 3), 2)
    for values in space.presets().values():
        built = build_candidate(space, fixed_hyperparameters(values))
        assert built.hyperparameters == values
        assert {kind.name for kind in built.space} == set(values)


def test_squeeze_and_middle_kernels_do_not_exist_without_middle_blocks() -> None:
    space = XceptionLite((64, 64, 3), 2)
    values = space.presets()["xception"] | {"middle_depth": 0}
    names = {kind.name for kind in build_candidate(space, fixed_hyperparameters(values)).space}
    assert "middle_depth" in names
    assert not names & {"squeeze_width", "middle_kernel_1", "middle_kernel_2", "middle_kernel_3"}


def test_a_1x1_slot_of_the_xception_style_is_one_convolution() -> None:
    space = XceptionLite((64, 64, 3), 2)
    values = space.presets()["xception"]
    operators = {
        kernel: read_keras_model(
            build_candidate(space, fixed_hyperparameters(values | {"exit_kernel_4": kernel})).model
        ).operators
        for kernel in (1, 3)
    }
    assert len(operators[1]) == len(operators[3]) - 1


def test_input_sizes_go_from_half_the_image_to_all_of_it() -> None:
    hyperparameters = keras_tuner.HyperParameters()
    XceptionLite((64, 64, 3), 2).build(hyperparameters)
    (input_size,) = (kind for kind in hyperparameters.space if kind.name == "input_size")
    assert list(input_size.values) == [32, 48, 64]


def test_images_must_be_square_and_not_tiny() -> None:
    with pytest.raises(ValueError, match="square and at least 16 pixels, got 64x32"):
        XceptionLite((64, 32, 3), 2)
    with pytest.raises(ValueError, match="got 8x8"):
        XceptionLite((8, 8, 3), 2)


@pytest.mark.parametrize(
    ("width", "rounded"), [(1, 8), (8, 8), (11.9, 16), (12, 16), (91, 88), (728, 728), (45.5, 48)]
)
def test_widths_are_multiples_of_8_and_lose_at_most_a_tenth(width: float, rounded: int) -> None:
    assert round_width(width) == rounded
