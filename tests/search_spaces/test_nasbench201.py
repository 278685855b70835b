"""The published cells: their size to the parameter, and which of them are one network."""

import itertools
import math
from typing import Any

import numpy as np
import pytest

from nas.candidates.candidate import Candidate, build_candidate
from nas.candidates.hyperparameters import fixed_hyperparameters
from nas.errors import CandidateError
from nas.network.keras_graph import read_keras_model
from search_spaces.nasbench201 import (
    EDGES,
    OPERATIONS,
    PRESETS,
    DisconnectedCellError,
    NasBench201,
    Step,
    architecture_string,
    live_steps,
    parse_architecture,
)

NOTHING = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
IDENTITY = "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|"


def candidate(arch_str: str, side: int = 32, classes: int = 10) -> Candidate:
    space = NasBench201((side, side, 3), classes)
    return build_candidate(space, fixed_hyperparameters(parse_architecture(arch_str)))


def trainable_parameters(arch_str: str) -> int:
    return sum(math.prod(each.shape) for each in candidate(arch_str).model.trainable_weights)


def cell(**operations: str) -> dict[str, str]:
    return dict.fromkeys(EDGES, "none") | operations


# Stem 464, residual blocks 14,464 and 57,600, last normalization 128, classifier 650: 73,306.
# In all 15 cells a 3x3 convolution adds 5 x (2,336 + 9,280 + 36,992) = 243,040, a 1x1 convolution
# 5 x (288 + 1,088 + 4,224) = 28,000; the other operations have no weights. NAS-Bench-201 lists the
# same: 0.073306, 0.129306 and 1.531546 million for the first two networks and the last.
@pytest.mark.parametrize(
    ("arch_str", "parameters"),
    [
        (IDENTITY, 73_306),
        ("|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|"
         "+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|", 129_306),
        (PRESETS["resnet"], 73_306 + 2 * 243_040),
        (PRESETS["dense-residual"], 73_306 + 5 * 243_040),
        (PRESETS["all-3x3"], 1_531_546),
    ],
)  # fmt: skip
def test_networks_have_the_published_number_of_parameters(arch_str: str, parameters: int) -> None:
    assert trainable_parameters(arch_str) == parameters


def test_the_largest_network_has_the_published_macs() -> None:
    """The table's 220.11969 million count the classifier's ten biases as well."""
    network = read_keras_model(candidate(PRESETS["all-3x3"]).model)
    assert network.macs == 220_119_690 - 10


def test_three_stages_of_five_cells_halve_the_image_twice() -> None:
    network = read_keras_model(candidate(PRESETS["all-3x3"]).model)
    shapes = [op.outputs[0].shape for op in network.operators if op.type == "CONV_2D"]
    cells = [(1, 32, 32, 16)] * 30, [(1, 16, 16, 32)] * 30, [(1, 8, 8, 64)] * 30
    # A residual block has two convolutions and one in its shortcut, the stem has one.
    for (shape, *_), extra in zip(cells, (1, 3, 3), strict=True):
        assert shapes.count(shape) == 30 + extra
    assert len(shapes) == 97


def test_other_images_and_classes_can_be_had() -> None:
    model = candidate(PRESETS["resnet"], side=50, classes=1).model
    assert model.input_shape == (None, 50, 50, 3)
    assert model.output_shape == (None, 1)


def test_rescaling_leaves_no_operator_of_its_own() -> None:
    operators = read_keras_model(candidate(PRESETS["resnet"]).model).operators
    assert operators[0].type == "CONV_2D"


@pytest.mark.parametrize("arch_str", PRESETS.values())
def test_strings_and_hyperparameters_are_the_same_thing(arch_str: str) -> None:
    assert architecture_string(parse_architecture(arch_str)) == arch_str


def test_hyperparameters_follow_the_order_of_the_string() -> None:
    arch_str = "|none~0|+|skip_connect~0|nor_conv_1x1~1|+|nor_conv_3x3~0|avg_pool_3x3~1|none~2|"
    assert parse_architecture(arch_str) == dict(zip(EDGES, (*OPERATIONS, "none"), strict=True))


@pytest.mark.parametrize(
    ("arch_str", "message"),
    [
        ("", "must have the form"),
        (PRESETS["resnet"][:-1], "must have the form"),
        (PRESETS["resnet"] + "+", "must have the form"),
        (PRESETS["resnet"].replace("~2", "~1"), "must have the form"),
        (PRESETS["resnet"].replace("none~0", "conv~0"), "op_1 must be one of none.* got 'conv'"),
    ],
)
def test_other_strings_are_refused_with_the_rule(arch_str: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_architecture(arch_str)


def test_an_edge_without_operation_has_no_string() -> None:
    with pytest.raises(ValueError, match=r"op_5 must be one of none.* got None"):
        architecture_string(dict.fromkeys(EDGES[:5], "none"))


def test_edges_to_and_from_dead_nodes_are_left_out() -> None:
    """Node 1 has no input, node 2 no way to the output."""
    dead = cell(op_1="nor_conv_3x3", op_2="avg_pool_3x3", op_3="nor_conv_1x1", op_4="avg_pool_3x3")
    only = Step("input", ()), Step("relu", (0,)), Step("nor_conv_1x1", (1,))
    assert live_steps(dead) == live_steps(cell(op_3="nor_conv_1x1")) == only


def test_skip_connections_are_no_operation() -> None:
    assert live_steps(cell(op_0="skip_connect", op_4="skip_connect")) == (Step("input", ()),)


def test_equal_sums_and_pools_are_computed_once_but_convolutions_have_their_own_weights() -> None:
    pools = cell(op_0="avg_pool_3x3", op_3="avg_pool_3x3", op_4="skip_connect")
    assert live_steps(pools)[1:] == (Step("avg_pool_3x3", (0,)), Step("add", (1, 1)))
    convolutions = cell(op_0="nor_conv_1x1", op_3="nor_conv_1x1", op_4="skip_connect")
    assert [step.operation for step in live_steps(convolutions)].count("nor_conv_1x1") == 2
    once = cell(op_0="nor_conv_1x1", op_2="skip_connect", op_4="skip_connect", op_5="skip_connect")
    assert [step.operation for step in live_steps(once)].count("nor_conv_1x1") == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # The two inner nodes change places.
        (cell(op_0="nor_conv_1x1", op_1="avg_pool_3x3", op_4="nor_conv_3x3", op_5="skip_connect"),
         cell(op_1="nor_conv_1x1", op_0="avg_pool_3x3", op_5="nor_conv_3x3", op_4="skip_connect")),
        # The same sum, by way of another node.
        (cell(op_3="nor_conv_3x3", op_0="skip_connect", op_4="skip_connect"),
         cell(op_3="skip_connect", op_0="nor_conv_3x3", op_4="skip_connect")),
    ],
)  # fmt: skip
def test_settings_of_one_network_are_one_candidate(one: dict[str, str], other: Any) -> None:
    assert live_steps(one) == live_steps(other)
    assert candidate(architecture_string(one)).id == candidate(architecture_string(other)).id


def test_of_all_cells_341_are_disconnected_and_the_others_are_6146_networks() -> None:
    networks, disconnected = set(), 0
    for operations in itertools.product(OPERATIONS, repeat=len(EDGES)):
        try:
            networks.add(live_steps(dict(zip(EDGES, operations, strict=True))))
        except DisconnectedCellError:
            disconnected += 1
    assert disconnected == 341
    assert len(networks) == 6146


@pytest.mark.slow
def test_candidates_are_one_exactly_if_their_cells_reduce_to_the_same() -> None:
    numbers = np.random.default_rng(0)
    ids: dict[str, tuple[Step, ...]] = {}
    seen: dict[tuple[Step, ...], str] = {}
    for _ in range(15):
        cheap = numbers.choice(["none", "skip_connect", "avg_pool_3x3"], len(EDGES)).tolist()
        chosen = dict(zip(EDGES, cheap, strict=True))
        chosen["op_3"] = "nor_conv_1x1"
        steps, id_ = live_steps(chosen), candidate(architecture_string(chosen)).id
        assert ids.setdefault(id_, steps) == steps
        assert seen.setdefault(steps, id_) == id_
    assert 1 < len(ids) < 15


@pytest.mark.parametrize(
    "arch_str", [NOTHING, "|nor_conv_3x3~0|+|skip_connect~0|none~1|+|none~0|none~1|none~2|"]
)
def test_a_disconnected_cell_is_refused_as_a_candidate(arch_str: str) -> None:
    with pytest.raises(CandidateError, match="the cell is disconnected: a path of operations"):
        candidate(arch_str)


def test_choices_are_unordered_and_the_default_cell_is_connected() -> None:
    built = build_candidate(NasBench201(), fixed_hyperparameters({}))
    assert architecture_string(built.hyperparameters) == PRESETS["all-3x3"]
    assert [kind.name for kind in built.space] == list(EDGES)
    assert not any(kind.ordered for kind in built.space)
    assert all(tuple(kind.values) == OPERATIONS for kind in built.space)
