"""The text form of an estimate, and the edits it proposes."""

from pathlib import Path

from nas.edgetpu.edits import suggest_edits
from nas.edgetpu.estimator import Estimator
from nas.edgetpu.table import WIDTH, find_bottleneck, render_estimate
from nas.network.network import Network
from nas.network.tflite import read_network
from tests.network.networks import Builder, five_convolutions, five_dense_layers

DATA = Path(__file__).parents[1] / "data"


def _render(network: Network) -> str:
    estimate = Estimator().estimate(network)
    return render_estimate("model.tflite", estimate, suggest_edits(network, estimate))


def test_channels_just_above_a_multiple_of_64_are_told() -> None:
    network = five_convolutions(72)
    edits = suggest_edits(network, Estimator().estimate(network))
    assert edits[0].words == (
        "operator 1 (CONV_2D): 72 -> 64 channels; the cells take 64 at a time"
    )
    assert edits[0].gain_ms == max(edit.gain_ms for edit in edits)


def test_a_multiple_of_64_channels_needs_no_edit() -> None:
    network = five_convolutions(64)
    assert suggest_edits(network, Estimator().estimate(network)) == []


def test_streamed_layers_are_the_bottleneck_and_the_first_edit() -> None:
    network = five_dense_layers(2020)
    estimate = Estimator().estimate(network)
    assert find_bottleneck(estimate).startswith("streamed parameters, ")
    assert find_bottleneck(estimate).endswith("the slowest operator is 2 (FULLY_CONNECTED)")
    edit = suggest_edits(network, estimate)[0]
    assert "7.91 MiB (operators 2, 3) are sent on every inference" in edit.words
    assert edit.gain_ms == estimate.latency.streaming_ms


def test_operators_on_the_cpu_are_told_with_the_reason() -> None:
    builder = Builder((1, 128, 128, 32))
    x = builder.add_operator("LEAKY_RELU", (builder.input,), (1, 128, 128, 32))
    builder.conv(x, 32)
    text = _render(builder.network())
    assert "replace operator 0 (LEAKY_RELU), so that 2 operators leave the CPU" in text
    assert "bottleneck        CPU operators" in text


def test_every_line_fits_and_every_operator_has_one() -> None:
    network = read_network(DATA / "late_unsupported_int8.tflite")
    lines = _render(network).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert [line.split()[:3] for line in lines[-3:]] == [
        ["0", "CONV_2D", "edgetpu"], ["1", "LEAKY_RELU", "cpu"], ["2", "CONV_2D", "cpu"],
    ]  # fmt: skip


def test_what_is_not_known_is_said() -> None:
    builder = Builder((1, 8, 8, 4))
    builder.add_operator("L2_NORMALIZATION", (builder.input,), (1, 8, 8, 4))
    text = _render(builder.network())
    assert "latency           not known: no cost is known for operator 0 (L2_NORMALIZATION)" in text
    assert text.splitlines()[-1].endswith("?")
