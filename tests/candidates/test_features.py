"""Features of networks worked out by hand, and of settings."""

import math

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from nas.candidates.features import network_features, setting_features, standardized
from nas.network.keras_graph import read_keras_model


@pytest.fixture(scope="module")
def residual() -> dict[str, float]:
    """3x3 convolution with 8 channels, 1x1 and 3x3 beside it, added; pooled and classified."""
    import keras
    from keras import layers

    inputs = keras.Input((16, 16, 3))
    stem = layers.Conv2D(8, 3, strides=2, padding="same")(inputs)
    side = layers.Conv2D(8, 3, padding="same")(layers.Conv2D(8, 1, activation="relu")(stem))
    x = layers.Add()([layers.Add()([stem, side]), layers.Conv2D(8, 1)(stem)])
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, layers.Dense(2)(x))
    return dict(network_features(read_keras_model(model)))


def test_live_operators_are_counted_by_kind(residual: dict[str, float]) -> None:
    counted = {name: n for name, n in residual.items() if name.startswith("log_count_") and n}
    counts = {name[10:]: round(math.expm1(n)) for name, n in counted.items()}
    assert counts == {
        "convolution_3x3": 2, "convolution_1x1": 2, "dense": 1, "add": 2, "other": 1,
    }  # fmt: skip
    assert residual["log_nonlinearities"] == pytest.approx(math.log(2))


def test_shares_of_the_macs_are_those_of_the_kinds(residual: dict[str, float]) -> None:
    spatial, pointwise = 64 * 9 * (3 * 8 + 8 * 8), 64 * 2 * 8 * 8
    total = spatial + pointwise + 8 * 2
    assert residual["macs_share_convolution_3x3"] == pytest.approx(spatial / total)
    assert residual["log_macs"] == pytest.approx(math.log1p(total))


def test_paths_run_from_input_to_output(residual: dict[str, float]) -> None:
    """Three paths: stem-dense, stem-1x1-3x3-dense, stem-1x1-dense."""
    paths = {"longest": 4, "shortest": 2, "mean": (2 + 4 + 3) / 3,
             "longest_spatial": 2, "mean_spatial": (1 + 2 + 1) / 3}  # fmt: skip
    for name, length in paths.items():
        assert residual[f"log_{name}_path"] == pytest.approx(math.log1p(length)), name
    assert residual["log_paths"] == pytest.approx(math.log(3))


def test_the_receptive_field_grows_by_the_stride_before(residual: dict[str, float]) -> None:
    """3x3 with stride 2 sees 3 pixels, another 3x3 then 3 + 2 * 2."""
    assert residual["log_receptive_field"] == pytest.approx(math.log(7))


def test_shortcuts_have_kinds(residual: dict[str, float]) -> None:
    kinds = ("identity", "projection", "deep")
    numbers = [round(math.expm1(residual[f"log_shortcuts_{kind}"])) for kind in kinds]
    assert numbers == [1, 1, 0]


def test_ordered_settings_are_positions_and_others_one_hot() -> None:
    params = {"depth": 4, "rate": 0.01, "kind": "b", "fixed": 3}
    distributions = {
        "depth": IntDistribution(0, 8),
        "rate": FloatDistribution(1e-4, 1, log=True),
        "kind": CategoricalDistribution(("a", "b")),
        "fixed": IntDistribution(3, 3),
    }
    described = setting_features(params, distributions)
    assert described == pytest.approx({"depth": 0.5, "rate": 0.5, "kind=b": 1.0, "fixed": 0.0})


def test_distances_do_not_depend_on_units_or_on_the_number_of_features() -> None:
    rng = np.random.default_rng(0)
    rows = [{"a": a, "b": 1e6 * b, "same": 5.0} for a, b in rng.normal(size=(50, 2))]
    table = standardized(rows)
    assert table.shape == (50, 2)
    assert table.mean(axis=0) == pytest.approx([0, 0])
    assert (table**2).sum(axis=1).mean() == pytest.approx(1.0)
    assert (standardized(rows, 0.1) ** 2).sum(axis=1).mean() == pytest.approx(0.1)


def test_a_feature_that_a_candidate_lacks_counts_as_nothing() -> None:
    assert standardized([{"a": 1.0}, {}])[:, 0] == pytest.approx([1.0, -1.0])
