"""How activations are laid on the tiles, by hand and as the convolution sweep shows it."""

from dataclasses import replace

import pytest

from nas.edgetpu.calibration import CALIBRATION
from nas.edgetpu.chip import CHIP
from nas.edgetpu.compute import compute_ms
from nas.edgetpu.tiling import cuts, has_uneven_patches, touched_bytes
from nas.network.network import Operator
from tests.network.networks import Builder, five_convolutions, five_dense_layers


def _convolution(height: int, width: int, filters: int) -> Operator:
    builder = Builder((1, height, width, filters))
    builder.conv(builder.input, filters)
    return builder.operators[0]


def test_patches_are_even_where_four_divides_both_sides() -> None:
    sides = ((64, 64), (64, 62), (7, 7), (1, 1))
    assert [has_uneven_patches(_convolution(*pair, 8)) for pair in sides] == [
        False, True, True, False,
    ]  # fmt: skip


def test_touched_bytes_pad_channels_to_four() -> None:
    assert touched_bytes(_convolution(8, 8, 5)) == 2 * 8 * 8 * 8


def test_the_sweep_is_cut_where_its_latency_steps_up() -> None:
    widths = (282, 302, 372, 392, 632, 642)
    assert [cuts(five_convolutions(width).operators[2]) for width in widths] == [0, 1, 1, 2, 2, 3]


def test_borders_count_only_while_the_activations_fit_without() -> None:
    filters = CHIP.narrow_bytes // (2 * 64 * 64)
    assert [cuts(_convolution(64, 64, filters + more)) for more in (0, 4)] == [1, 2]


def test_a_dense_layer_is_never_cut() -> None:
    assert cuts(five_dense_layers(2_020).operators[1]) == 0


def test_every_cut_takes_the_same_share_more() -> None:
    whole = replace(CALIBRATION, cut_share=0.0)
    ratios = []
    for width in (282, 302, 392, 642):
        operator = five_convolutions(width).operators[2]
        ratios.append(
            (compute_ms(operator, 500.0) or 0) / (compute_ms(operator, 500.0, whole) or 1)
        )
    assert ratios == pytest.approx([1 + cut * CALIBRATION.cut_share for cut in range(4)])
