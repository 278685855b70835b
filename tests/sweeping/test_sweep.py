"""Sweeps of small networks on the estimator."""

import keras
import pytest
from keras import layers

from nas.edgetpu.estimator import Estimator
from nas.errors import UserError
from nas.sweeping.adjustments import RANGES, AdjustmentName, choose_adjustment
from nas.sweeping.step import estimated
from nas.sweeping.sweep import Sweep, cost_steps
from tests.adjustment.models import residual
from tests.sweeping.steps import step

MEASURE = estimated(Estimator())


def _swept(model: keras.Model, name: AdjustmentName, *values: float) -> Sweep:
    adjustment = choose_adjustment(model, name, None, values or None)
    return Sweep("net", {}, adjustment, tuple(cost_steps(model, adjustment, MEASURE)))


@pytest.mark.parametrize("name", ["depth", "width", "columns", "image", "vector", "classes"])
def test_every_adjustment_has_the_network_itself_among_its_steps(name: AdjustmentName) -> None:
    sweep = _swept(residual(), name, 4)
    assert [each.reason for each in sweep.steps] == [None, None]
    assert sweep.baseline is not None
    assert sweep.baseline.parameters == residual().count_params()
    assert sum(each.value == 4 for each in sweep.steps) == 1


def test_causes_add_up_to_the_latency() -> None:
    for each in _swept(residual(), "width", 2, 9).steps:
        assert each.causes_ms is not None
        assert sum(each.causes_ms.values()) == pytest.approx(each.latency_ms)


def test_the_65th_channel_is_a_step() -> None:
    inputs = keras.Input((64, 64, 64))
    x = layers.Conv2D(60, 3, padding="same")(inputs)
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(8, 1)(x))
    sweep = _swept(keras.Model(inputs, x), "width", *(1 + n / 60 for n in range(10)))
    assert [each.mechanism for each in sweep.cliffs] == ["64-channel step"]
    assert round(60 * sweep.cliffs[0].last_good) == 64


def test_a_stack_of_dense_layers_spills() -> None:
    inputs = keras.Input((1024,))
    x = layers.Dense(1024, activation="relu", name="block")(inputs)
    model = keras.Model(inputs, layers.Dense(10)(x))
    sweep = _swept(model, "depth", *range(12))
    assert [each.mechanism for each in sweep.cliffs] == ["parameters spill"]
    good = next(s for s in sweep.steps if s.value == sweep.cliffs[0].last_good)
    bad = next(s for s in sweep.steps if s.value == sweep.cliffs[0].first_bad)
    assert (good.off_chip_bytes, (bad.off_chip_bytes or 0) > 0) == (0, True)


def test_symmetry_is_relative_cost_over_relative_size() -> None:
    adjustment = choose_adjustment(residual(), "depth", None, None)
    steps = (
        step(0, 100, computing=2.0, cpu_ms=10.0),
        step(1, 150, computing=4.0, cpu_ms=15.0),
        step(2, 100, computing=4.0, cpu_ms=15.0),
    )
    sweep = Sweep("net", {}, adjustment, steps)
    assert sweep.symmetry(steps[1], "latency_ms") == pytest.approx(2.0)
    assert sweep.symmetry(steps[1], "cpu_latency_ms") == pytest.approx(1.0)
    assert sweep.symmetry(steps[0], "latency_ms") is None
    assert sweep.symmetry(steps[2], "latency_ms") is None
    assert sweep.median_symmetry("latency_ms") == pytest.approx(2.0)


def test_a_value_that_cannot_be_built_is_a_step_with_its_reason() -> None:
    sweep = _swept(residual(), "image", 0.01, 2)
    assert [each.reason is None for each in sweep.steps] == [False, True, True]
    assert "has no pixels" in (sweep.steps[0].reason or "")


def test_an_adjustment_that_no_value_allows_is_refused() -> None:
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, name="before")(inputs)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, name="odd")(x)
    model = keras.Model(inputs, layers.Dense(2)(layers.GlobalMaxPooling2D()(x)))
    with pytest.raises(UserError, match="`before`: its width is fixed by `odd`"):
        _swept(model, "width", 2, 3)


def test_ranges_are_those_of_the_study() -> None:
    assert (RANGES["depth"][0], RANGES["depth"][-1], len(RANGES["depth"])) == (0, 50, 51)
    assert (RANGES["width"][0], RANGES["width"][-1]) == (1.0, 4.0)
    assert (RANGES["columns"][0], RANGES["columns"][-1]) == (0, 11)
    assert (RANGES["image"][0], RANGES["image"][-1]) == (0.125, 8.0)
    assert {10, 100, 1000} <= set(RANGES["vector"])


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("depth", (1.5,), "whole numbers from 0, got 1.5"),
        ("columns", (12,), "there are 11 rounds, got 12"),
        ("width", (0,), "width multiplier is above 0, got 0"),
        ("classes", (1,), "whole numbers from 2, got 1"),
    ],
)
def test_values_that_make_no_sense(
    name: AdjustmentName, values: tuple[float, ...], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        choose_adjustment(residual(), name, None, values)
