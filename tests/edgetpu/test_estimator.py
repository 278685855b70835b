"""The whole chip model: golden numbers, what is not known, energy, host and compile outcome."""

import json
from pathlib import Path

import pytest

from nas.edgetpu.chip import CHIP
from nas.edgetpu.compilation import predict_compilation
from nas.edgetpu.estimator import Estimator
from nas.edgetpu.interval import latency_interval
from nas.edgetpu.placement import place
from nas.errors import UserError
from nas.network.network import Network
from nas.network.tflite import read_network
from tests.network.networks import Builder, five_convolutions, five_dense_layers, mobilenet_v2

DATA = Path(__file__).parents[1] / "data"
CONTRACT = {
    "latency_ms", "latency_low_ms", "latency_high_ms", "energy_mj", "cpu_latency_ms",
    "cpu_energy_mj", "parameter_bytes", "on_chip_bytes", "off_chip_bytes", "instruction_bytes",
    "peak_activation_bytes", "macs", "ops_total", "ops_mapped", "subgraphs", "compiles",
    "compile_reason", "ops",
}  # fmt: skip


def _unknown() -> Network:
    builder = Builder((1, 8, 8, 4))
    x = builder.conv(builder.input, 8)
    builder.add_operator("L2_NORMALIZATION", (x,), x.shape)
    return builder.network()


def test_golden_numbers_of_mobilenet_v2() -> None:
    estimate = Estimator("usb3").estimate(mobilenet_v2())
    assert estimate.latency_ms == pytest.approx(2.60, abs=0.05)
    assert estimate.macs == 300_775_552
    assert estimate.off_chip_bytes == 0
    assert estimate.peak_activation_bytes == 112 * 112 * 96 + 56 * 56 * 96
    assert (estimate.ops_total, estimate.ops_mapped, estimate.subgraphs) == (65, 65, 1)
    assert estimate.compiles == "yes"
    assert estimate.compile_reason == "all 65 operators are mapped"
    assert estimate.cpu_latency_ms == pytest.approx(54, abs=2)


def test_the_fields_of_the_contract_are_there_and_json() -> None:
    values = json.loads(json.dumps(Estimator().estimate(five_convolutions(8)).as_dict()))
    assert values.keys() >= CONTRACT
    assert values["latency_source"] == "estimate"
    assert "USB Accelerator" in values["energy_source"]
    assert values["link"] == "usb3"
    assert values["ops"][0].keys() == {
        "index", "type", "target", "reason", "macs", "parameter_bytes", "on_chip", "latency_ms",
    }  # fmt: skip


def test_parameters_on_and_off_the_chip_add_up() -> None:
    estimate = Estimator().estimate(five_dense_layers(2020))
    assert estimate.off_chip_bytes == 2 * 2048 * (2020 + 4)
    assert estimate.on_chip_bytes + estimate.off_chip_bytes == estimate.parameter_bytes
    assert [costs.on_chip for costs in estimate.ops] == [True, True, False, False, True]


def test_an_unknown_cost_is_none_and_never_zero() -> None:
    estimate = Estimator().estimate(_unknown())
    assert estimate.ops[1].latency_ms is None
    assert estimate.latency_ms is estimate.latency_low_ms is estimate.latency_high_ms is None
    assert estimate.energy_mj is None
    assert estimate.ops[0].latency_ms is not None


def test_the_interval_holds_the_estimate() -> None:
    estimate = Estimator().estimate(mobilenet_v2())
    assert estimate.latency_ms is not None
    assert estimate.latency_low_ms == pytest.approx(0.84 * estimate.latency_ms)
    assert estimate.latency_high_ms == pytest.approx(1.28 * estimate.latency_ms)


def test_waiting_for_streamed_parameters_is_half_as_uncertain() -> None:
    assert latency_interval(10.0, 0.0) == pytest.approx((8.4, 12.8))
    assert latency_interval(10.0, 10.0) == pytest.approx((10 * 0.84**0.5, 10 * 1.28**0.5))
    assert latency_interval(10.0, 4.0) == pytest.approx((10 * 0.84**0.8, 10 * 1.28**0.8))


def test_a_network_without_operators_has_an_interval_of_nothing() -> None:
    assert latency_interval(0.0, 0.0) == (0.0, 0.0)


def test_the_estimate_s_interval_knows_what_is_streamed() -> None:
    estimate = Estimator("usb2").estimate(five_dense_layers(2_500))
    assert estimate.latency_ms is not None
    streaming = estimate.latency.streaming_ms
    assert streaming > 0.9 * estimate.latency_ms
    ends = (estimate.latency_low_ms, estimate.latency_high_ms)
    assert ends == latency_interval(estimate.latency_ms, streaming)


def test_a_network_on_the_cpu_needs_no_edge_tpu() -> None:
    estimate = Estimator().estimate(read_network(DATA / "convolutional_float.tflite"))
    assert estimate.compiles == "no"
    assert estimate.compile_reason.startswith("Model not quantized")
    assert estimate.latency_ms == pytest.approx(estimate.cpu_latency_ms)
    assert (estimate.parameter_bytes, estimate.instruction_bytes, estimate.subgraphs) == (0, 0, 0)


def test_doubt_about_one_operator_makes_the_outcome_uncertain() -> None:
    estimate = Estimator().estimate(read_network(DATA / "convolutional_per_channel_dense.tflite"))
    assert estimate.compiles == "uncertain"
    assert estimate.compile_reason.startswith("operator 6 (FULLY_CONNECTED): ")


def test_operators_left_on_the_cpu_are_named_with_their_place() -> None:
    estimate = Estimator().estimate(read_network(DATA / "late_unsupported_int8.tflite"))
    assert estimate.compiles == "yes"
    assert estimate.compile_reason.startswith(
        "1 of 3 operators are mapped; operator 1 (LEAKY_RELU): Operation not supported"
    )


def test_large_activations_held_by_a_skip_are_uncertain() -> None:
    builder = Builder((1, 256, 256, 3))
    x = builder.conv(builder.input, 32)
    builder.add(builder.conv(builder.conv(x, 32), 32), x)
    network = builder.network()
    assert network.operators[0].outputs[0].size_bytes < CHIP.narrow_bytes
    compilation = predict_compilation(network, place(network))
    assert compilation.outcome == "uncertain"
    assert "large activation tensors" in compilation.reason


def test_a_chain_with_large_activations_compiles() -> None:
    assert Estimator().estimate(five_convolutions(500)).compiles == "yes"


def test_energy_is_that_of_the_data_sheet() -> None:
    estimate = Estimator("pcie").estimate(mobilenet_v2())
    assert estimate.energy_mj is not None
    assert estimate.latency_ms is not None
    assert estimate.energy_source == "estimate: M.2 module + desktop host"
    module_mj = estimate.energy_mj - 2.0 * estimate.latency_ms
    assert module_mj == pytest.approx(3.36, rel=0.05)


def test_a_slower_host_takes_longer_for_what_is_not_mapped() -> None:
    network = read_network(DATA / "late_unsupported_int8.tflite")
    desktop, board = (Estimator(host=host).estimate(network) for host in ("desktop", "a53"))
    assert board.latency.cpu_ms > desktop.latency.cpu_ms


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"link": "wifi"}, "link must be one of pcie, usb3, usb2, got 'wifi'"),
        ({"clock_mhz": 400.0}, "clock_mhz must be one of 500.0, 250.0, 125.0, 62.5, got 400.0"),
        ({"host": "pi9"}, "host must be one of desktop, a53, pi4, got 'pi9'"),
    ],
)
def test_an_impossible_setup_is_told(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Estimator(**arguments)  # type: ignore[arg-type]
