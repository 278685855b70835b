"""Parameter, activation and program memory, by hand and against the compiler."""

import pytest

from nas.edgetpu.chip import MIB
from nas.edgetpu.memory import (
    held_activation_bytes,
    parameter_bytes,
    peak_activation_bytes,
    place_parameters,
)
from nas.edgetpu.placement import place
from nas.edgetpu.program import instruction_bytes
from nas.network.network import Operator
from nas.network.tflite import read_network
from tests.edgetpu.shared_data import EDGETPU, needs_shared_data, read_rows
from tests.network.networks import Builder, five_convolutions, five_dense_layers

MODELS = [row for row in read_rows("compiled_models.csv") if row["model_file"]]
CLASSIFIERS_OF_OLD_COMPILERS = ("edgetpu__mobilenet_v1_0.", "edgetpu__mobilenet_v2_")
KEPT_ZERO_BIASES = "Accelerating-RLlib"


def test_a_convolution_pads_filters_and_input_channels() -> None:
    builder = Builder((1, 8, 8, 3))
    x = builder.conv(builder.input, 65)
    x = builder.conv(x, 20, 1, per_channel=False)
    builder.conv(x, 20, 1)
    sizes = [parameter_bytes(operator) for operator in builder.operators]
    assert sizes == [128 * (9 * 4 + 12), 32 * (68 + 4), 32 * (20 + 12)]


def test_a_narrow_convolution_without_a_bias_takes_all_rows_of_the_cells() -> None:
    builder = Builder((1, 8, 8, 20))
    builder.conv(builder.conv(builder.input, 20, 1, zero_bias=True), 1, 1, per_channel=False)
    sizes = [parameter_bytes(operator) for operator in builder.operators]
    assert sizes == [64 * (20 + 8), 4 * 20 + 16 * 4]


def test_depthwise_dense_softmax_and_the_rest() -> None:
    builder = Builder((1, 4, 4, 6))
    x = builder.pool(builder.depthwise(builder.input), 4)
    builder.softmax(builder.dense(x, 1001))
    sizes = [parameter_bytes(operator) for operator in builder.operators]
    assert sizes == [8 * (36 + 12), 0, 1024 * (8 + 4), 48_256]


def test_peak_activations_count_what_is_alive_together() -> None:
    builder = Builder((1, 8, 8, 4))
    x = builder.conv(builder.input, 16)
    y = builder.conv(x, 8)
    builder.add(builder.conv(y, 16), x)
    kept, small, out = 8 * 8 * 16, 8 * 8 * 8, 8 * 8 * 16
    network = builder.network()
    assert peak_activation_bytes(network) == kept + out + max(small, out)
    assert held_activation_bytes(network) == kept


def test_a_chain_holds_nothing_beside_its_operators() -> None:
    network = five_convolutions(32)
    assert held_activation_bytes(network) == 0
    assert peak_activation_bytes(network) == 2 * 64 * 64 * 32


def test_layers_that_do_not_fit_are_streamed_whole() -> None:
    network = five_dense_layers(2020)
    memory = place_parameters(network.operators, program_bytes=9_000, activation_bytes=4_040)
    assert memory.streamed == {2, 3}
    assert memory.on_chip_bytes + memory.off_chip_bytes == sum(memory.bytes_by_operator.values())
    assert memory.on_chip_bytes <= memory.capacity_bytes


def test_no_operator_needs_no_program() -> None:
    assert instruction_bytes(()) == 0
    network = five_dense_layers(100)
    assert instruction_bytes(network.operators) == 3_500 + 5 * 1_100


def _images(side: int) -> tuple[Operator, ...]:
    builder = Builder((1, side, side, 16))
    x = builder.input
    for _ in range(5):
        x = builder.conv(x, 16)
    return builder.network().operators


def test_uneven_patches_and_cuts_need_more_program() -> None:
    even, uneven, large = (instruction_bytes(_images(side)) for side in (64, 62, 448))
    assert uneven == even + 5 * 1_150
    assert large > 2 * even


def test_a_dense_layer_wider_than_a_tile_is_streamed() -> None:
    builder = Builder((1, 16_384))
    builder.dense(builder.input, 1)
    assert place_parameters(builder.operators, 0, 0).streamed == {0}


@needs_shared_data
@pytest.mark.parametrize("row", MODELS, ids=[row["model_file"] for row in MODELS])
def test_parameter_memory_agrees_with_the_compiler(row: dict[str, str]) -> None:
    placed = place(read_network(EDGETPU / "models" / row["model_file"]))
    needed = sum(parameter_bytes(e.operator) for e in placed if e.target == "edgetpu")
    compiled = float(row["cached_param_bytes"]) + float(row["streamed_param_bytes"])
    assert abs(needed - compiled) <= _allowed_bytes(row["model_file"], compiled)


def _allowed_bytes(name: str, compiled: float) -> float:
    """What is known to differ: older compilers' softmax and zero biases, tables."""
    if name.startswith(CLASSIFIERS_OF_OLD_COMPILERS):
        return 49_280
    if KEPT_ZERO_BIASES in name:
        return 0.14 * compiled + 1_600
    return 2_600


@needs_shared_data
@pytest.mark.parametrize("row", read_rows("conv_sweep.csv"), ids=lambda row: row["width"])
def test_the_convolution_sweep_is_cached_as_the_compiler_did(row: dict[str, str]) -> None:
    network = five_convolutions(int(row["width"]))
    program, peak = instruction_bytes(network.operators), peak_activation_bytes(network)
    memory = place_parameters(network.operators, program, peak)
    assert memory.on_chip_bytes / MIB == pytest.approx(float(row["on_chip_mib"]), abs=0.011)
    assert memory.off_chip_bytes / MIB == pytest.approx(float(row["off_chip_mib"]), abs=0.011)


@needs_shared_data
@pytest.mark.parametrize("row", read_rows("fc_sweep.csv"), ids=lambda row: row["width"])
def test_the_dense_sweep_streams_the_layers_the_compiler_did(row: dict[str, str]) -> None:
    network = five_dense_layers(int(row["width"]))
    program, peak = instruction_bytes(network.operators), peak_activation_bytes(network)
    memory = place_parameters(network.operators, program, peak)
    # The compiler takes up to 50 bytes a unit more, in total; what for is not known.
    missing_bytes = float(row["on_chip_mib"]) * MIB - memory.on_chip_bytes
    assert -0.006 * MIB <= missing_bytes <= 50 * int(row["width"]) + 0.006 * MIB
    assert memory.off_chip_bytes / MIB == pytest.approx(float(row["off_chip_mib"]), rel=0.005)
