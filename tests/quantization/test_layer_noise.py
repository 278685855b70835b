"""Noise by layer."""

import numpy as np
import pytest

from nas.quantization.layer_names import layer_names
from nas.quantization.layer_noise import LayerNoise, Power, measure_layers
from nas.quantization.rounding import Rounding
from tests.quantization.conftest import Case


def measured(case: Case) -> list[LayerNoise]:
    names = layer_names(case.model)
    return list(measure_layers(Rounding(case.calibrated), names, case.examples).values())


def test_the_ratio_is_that_of_the_powers() -> None:
    power = Power()
    power.add(np.array([3.0, 4.0], np.float32), np.array([3.0, 4.5], np.float32))
    assert power.sqnr_db == pytest.approx(20.0)
    power.add(np.array([0.0], np.float32), np.array([1.5], np.float32))
    assert power.sqnr_db == pytest.approx(10.0)


@pytest.mark.parametrize("signal", [0.0, 2.0])
def test_without_noise_there_is_no_ratio(signal: float) -> None:
    power = Power()
    power.add(np.array([signal], np.float32), np.array([signal], np.float32))
    assert power.sqnr_db is None


def test_every_layer_that_rounds_is_measured(plain: Case) -> None:
    layers = measured(plain)
    assert [(each.layer, each.operator) for each in layers] == [
        ("widen + rectify", "CONV_2D"),
        ("look + rectify_again", "DEPTHWISE_CONV_2D"),
        ("mix", "CONV_2D"),
        ("pool", "MEAN"),
        ("decide", "FULLY_CONNECTED"),
    ]
    assert sum(each.noise_share for each in layers) == pytest.approx(1.0)
    assert all(each.sqnr_db is not None and each.sqnr_db > 20 for each in layers)


def test_the_layer_that_suffers_is_found(uneven: Case) -> None:
    layers = measured(uneven)
    worst = max(layers, key=lambda each: each.noise_share)
    assert worst.layer == "widen + rectify"
    assert worst.noise_share > 0.9
