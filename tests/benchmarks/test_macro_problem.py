"""NAS-Bench-Macro: its networks as Keras builds them, and a tiny file as a problem."""

import json
import math
from pathlib import Path
from typing import Any

import optuna
import pytest

from benchmarks.macro_network import BLOCKS, STAGES, macro_network, parse_stages
from benchmarks.macro_problem import macro_problem
from nas.candidates.features import network_features
from nas.errors import UserError


def keras_model(architecture: str) -> Any:
    import keras
    from keras import layers

    def normalized(x: Any, layer: Any, *, rectified: bool) -> Any:
        x = layers.BatchNormalization()(layer(x))
        return layers.ReLU()(x) if rectified else x

    def block(x: Any, kind: str, width: int, stride: int) -> Any:
        window = {"padding": "same", "use_bias": False}
        if kind == "0":
            if stride == 1:
                return x
            pointwise = layers.Conv2D(width, 1, strides=stride, **window)
            return normalized(x, pointwise, rectified=False)
        kernel, expansion = {"1": (3, 3), "2": (5, 6)}[kind]
        inside = normalized(x, layers.Conv2D(expansion * x.shape[-1], 1, **window), rectified=True)
        depthwise = layers.DepthwiseConv2D(kernel, strides=stride, **window)
        inside = normalized(inside, depthwise, rectified=True)
        inside = normalized(inside, layers.Conv2D(width, 1, **window), rectified=False)
        return inside if stride == 2 else layers.Add()([inside, x])

    inputs = keras.Input((32, 32, 3))
    stem = layers.Conv2D(32, 3, padding="same", use_bias=False)
    x, kinds = normalized(inputs, stem, rectified=True), iter(architecture)
    for blocks in STAGES:
        x = block(x, next(kinds), 2 * x.shape[-1], 2)
        for _ in range(blocks - 1):
            x = block(x, next(kinds), x.shape[-1], 1)
    x = normalized(x, layers.Conv2D(1280, 1, use_bias=False), rectified=True)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


@pytest.mark.parametrize("architecture", ["01210200", "12021021"])
def test_the_operators_are_those_of_the_keras_model(architecture: str) -> None:
    from nas.network.keras_graph import read_keras_model
    from search_spaces.weightless import without_weights

    with without_weights():
        model = keras_model(architecture)
    written = macro_network(parse_stages(architecture))
    read = read_keras_model(model)
    assert [each.type for each in written.operators] == [each.type for each in read.operators]
    assert network_features(written) == pytest.approx(network_features(read), rel=1e-3)


def test_the_published_parameters_are_those_of_the_keras_model() -> None:
    """890,666 and 2,181,386, as the published file has them."""
    for architecture, published in (("02012100", 890_666), ("11111221", 2_181_386)):
        model = keras_model(architecture)
        assert sum(math.prod(weight.shape) for weight in model.trainable_weights) == published


ROWS = {"00000000": 50.0, "10000000": 80.0, "01000000": 70.0, "22222222": 93.0, "10101100": 85.0}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "macro.json"
    rows = {name: {"mean_acc": accuracy, "params": 1e5} for name, accuracy in ROWS.items()}
    path.write_text(json.dumps(rows))
    return path


def test_identities_change_nothing_and_what_is_not_listed_is_barred(file: Path) -> None:
    problem = macro_problem(file, with_params=True)
    assert problem.losses[:, 0].tolist() == pytest.approx([0.5, 0.2, 0.3, 0.07, 0.15])
    assert list(problem.choices.values()) == [tuple(BLOCKS)] * 8
    assert problem.places[tuple("10110100")] == problem.places[tuple("10101100")] == 4
    unlisted = {f"block_{number}": "1" for number in range(8)}
    assert problem.place(optuna.trial.FixedTrial(unlisted)) is None


@pytest.mark.parametrize("text", ["[]", "{}", '{"0123": {}}', '{"00000000": {"params": 1}}', "x"])
def test_another_file_is_refused_in_one_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(UserError):
        macro_problem(path, with_params=False)
