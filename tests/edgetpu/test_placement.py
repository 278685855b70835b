"""Placement rules, one hand-made network each, and the compiler's own answers."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from nas.edgetpu.placement import MAPPED, SECOND_SUBGRAPH, Placed, place
from nas.edgetpu.rules import (
    RULES,
    UNSPECIFIED,
    UNSUPPORTED,
    UNSUPPORTED_TYPE,
    UNSUPPORTED_VERSION,
)
from nas.network.network import Network, Operator
from nas.network.tflite import read_network
from tests.edgetpu.shared_data import EDGETPU, needs_shared_data, read_rows
from tests.network.networks import Builder, activation, weights

DATA = Path(__file__).parents[1] / "data"
MODELS = [row for row in read_rows("compiled_models.csv") if row["model_file"]]


def _place_one(operator: Operator) -> Placed:
    inputs = operator.activations or operator.outputs
    return place(Network((operator,), inputs, operator.outputs))[0]


def _convolution(**changes: object) -> Operator:
    builder = Builder((1, 8, 8, 16))
    builder.conv(builder.input, 32)
    operator = builder.operators[0]
    attributes = {**operator.attributes, **changes}
    return replace(operator, attributes=attributes)


def _operator(type_: str, *shape: int, version: int = 2, **attributes: object) -> Operator:
    builder = Builder(shape)
    builder.add_operator(type_, (builder.input,), shape, version)
    return replace(builder.operators[0], attributes=attributes)


def test_a_plain_network_is_mapped_whole() -> None:
    placed = place(read_network(DATA / "convolutional_int8.tflite"))
    assert {(entry.target, entry.reason, entry.is_certain) for entry in placed} == {
        ("edgetpu", MAPPED, True)
    }


def test_the_first_unsupported_operator_takes_all_that_need_it_to_the_cpu() -> None:
    placed = place(read_network(DATA / "late_unsupported_int8.tflite"))
    assert [entry.target for entry in placed] == ["edgetpu", "cpu", "cpu"]
    assert placed[1].reason.startswith(UNSUPPORTED + ":")
    assert placed[2].reason == (
        f"{SECOND_SUBGRAPH}: it needs the result of operator 1 (LEAKY_RELU) on the CPU"
    )


def test_a_branch_that_does_not_need_the_failing_operator_is_mapped() -> None:
    builder = Builder((1, 8, 8, 4))
    left = builder.add_operator("LEAKY_RELU", (builder.input,), (1, 8, 8, 4))
    right = builder.conv(builder.input, 4)
    builder.add(left, right)
    assert [e.target for e in place(builder.network())] == ["cpu", "edgetpu", "cpu"]


def test_conversions_at_the_ends_stay_on_the_host() -> None:
    placed = place(read_network(DATA / "convolutional_float_ends.tflite"))
    assert [entry.target for entry in placed] == ["cpu", *["edgetpu"] * 8, "cpu"]
    assert placed[0].reason.startswith(UNSUPPORTED_TYPE)
    assert placed[-1].reason.startswith(UNSUPPORTED)


def test_a_float_network_stays_on_the_cpu() -> None:
    placed = place(read_network(DATA / "convolutional_float.tflite"))
    assert {entry.target for entry in placed} == {"cpu"}


@pytest.mark.parametrize(
    ("operator", "status", "words"),
    [
        (_convolution(dilation=(1, 2)), UNSPECIFIED, "the same in x and y"),
        (replace(_convolution(), version=6), UNSUPPORTED_VERSION, "newer than TensorFlow 2.5"),
        (_operator("GELU", 1, 8), UNSUPPORTED, "must be one the Edge TPU compiler supports"),
        (_operator("LOGISTIC", 2, 4, 4, 3), UNSPECIFIED, "batch 1"),
        (_operator("SOFTMAX", 1, 4, 10), UNSPECIFIED, "one-dimensional"),
        (_operator("MEAN", 1, 4, 4, 6, axes=(3,)), UNSPECIFIED, "multiple of 4"),
        (_operator("STRIDED_SLICE", 1, 4, strides=(1, 2)), UNSPECIFIED, "strides of 1"),
        (_operator("CONCATENATION", 1, 4, activation="RELU"), UNSPECIFIED, "fused activation"),
        (_operator("RESIZE_BILINEAR", 1, 4, 4, 3, version=1), UNSPECIFIED, "half-pixel"),
    ],
)
def test_a_broken_rule_is_named_in_the_compilers_words(
    operator: Operator, status: str, words: str
) -> None:
    placed = _place_one(operator)
    assert placed.target == "cpu"
    assert placed.is_certain
    assert placed.reason.startswith(status + ":")
    assert words in placed.reason


def test_a_grouped_convolution_is_not_mapped() -> None:
    operator = _convolution()
    grouped = (operator.inputs[0], weights(32, 3, 3, 4, scales=32), operator.inputs[2])
    assert "must not be grouped" in _place_one(replace(operator, inputs=grouped)).reason


def test_computed_weights_are_not_mapped() -> None:
    operator = _convolution()
    computed = (operator.inputs[0], activation("kernels", 32, 3, 3, 16), operator.inputs[2])
    assert "constants stored in the file" in _place_one(replace(operator, inputs=computed)).reason


def test_a_shape_that_is_not_known_is_not_mapped() -> None:
    operator = _operator("LOGISTIC", 1, 8)
    free = replace(operator.outputs[0], is_dynamic=True)
    assert (
        "known when the model is compiled" in _place_one(replace(operator, outputs=(free,))).reason
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("convolutional_per_channel_dense", "one weight scale per unit"),
        ("convolutional_dynamic_batch", "batch must be fixed to 1"),
    ],
)
def test_what_the_compiler_may_decide_either_way_is_marked(name: str, words: str) -> None:
    placed = place(read_network(DATA / f"{name}.tflite"))
    doubtful = [entry for entry in placed if not entry.is_certain]
    assert doubtful
    assert doubtful[0].target == "edgetpu"
    assert words in doubtful[0].reason


def test_a_dilated_strided_convolution_and_a_large_resize_are_in_doubt() -> None:
    assert not _place_one(_convolution(dilation=(2, 2), stride=(2, 2))).is_certain
    builder = Builder((1, 4, 4, 8))
    builder.add_operator("RESIZE_BILINEAR", (builder.input,), (1, 16, 16, 8), 3)
    assert not place(builder.network())[0].is_certain


def test_every_rule_is_one_sentence_and_the_certain_ones_come_first() -> None:
    for rule in RULES:
        assert re.fullmatch(r"[A-Z].*\.", rule.words), rule
    certain = [rule.is_certain for rule in RULES]
    assert certain == sorted(certain, reverse=True)


@needs_shared_data
@pytest.mark.parametrize("row", MODELS, ids=[row["model_file"] for row in MODELS])
def test_as_many_operators_stay_on_the_cpu_as_the_compiler_left_there(row: dict[str, str]) -> None:
    placed = place(read_network(EDGETPU / "models" / row["model_file"]))
    assert sum(entry.target == "cpu" for entry in placed) == float(row["cpu_ops"])
