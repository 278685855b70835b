"""Every layer the stand-in knows, beside Keras' own."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

import pytest

from nas.candidates.network_id import network_id
from nas.network.layer_graph import LayerGraph
from nas.network.shape_layers import LAYERS, ShapeLayer, new_build
from nas.network.shape_model import ShapeModel, count_parameters, shape_input
from nas.network.shape_pattern import KINDS, MERGING, ShapeUnknown

keras: Any = pytest.importorskip("keras")

Settings = Mapping[str, Any]
IMAGE, SEQUENCE, VECTOR = (11, 9, 4), (13, 4), (6,)


def every(**choices: list[Any]) -> list[dict[str, Any]]:
    return [dict(zip(choices, values, strict=True)) for values in product(*choices.values())]


STRIDED = every(kernel_size=[1, 3, (2, 5)], strides=[1, 2], padding=["same", "valid"])
DILATED = every(kernel_size=[3], padding=["same", "valid"], dilation_rate=[2, (1, 3)])
WINDOWS = STRIDED + DILATED
SEQUENCE_WINDOWS = [
    *every(kernel_size=[1, 4], strides=[1, 3], padding=["same", "valid"]),
    *every(kernel_size=[3], dilation_rate=[2], padding=["same", "valid"]),
]
POOLS = every(pool_size=[2, (3, 2)], strides=[None, 1, 2], padding=["same", "valid"])
SEQUENCE_POOLS = every(pool_size=[2, 3], strides=[None, 1], padding=["same", "valid"])

CASES: dict[str, tuple[tuple[int, ...], list[dict[str, Any]]]] = {
    "Activation": (IMAGE, every(activation=["relu", "hard_sigmoid"])),
    "ActivityRegularization": (IMAGE, [{"l2": 0.1}]),
    "AlphaDropout": (IMAGE, [{"rate": 0.1}]),
    "AveragePooling1D": (SEQUENCE, SEQUENCE_POOLS),
    "AveragePooling2D": (IMAGE, POOLS),
    "BatchNormalization": (IMAGE, every(scale=[True, False], center=[True, False])),
    "Conv1D": (SEQUENCE, [{"filters": 6, **window} for window in SEQUENCE_WINDOWS]),
    "Conv2D": (
        IMAGE,
        [{"filters": 6, **window} for window in WINDOWS]
        + [{"filters": 6, "kernel_size": 3, "groups": 2, "use_bias": False}],
    ),
    "Conv2DTranspose": (IMAGE, [{"filters": 6, **window} for window in STRIDED]),
    "Cropping2D": (IMAGE, every(cropping=[1, (0, 2), ((1, 2), (0, 3))])),
    "Dense": (VECTOR, every(units=[3], use_bias=[True, False], activation=[None, "relu"])),
    "DepthwiseConv1D": (SEQUENCE, SEQUENCE_WINDOWS),
    "DepthwiseConv2D": (
        IMAGE, [*WINDOWS, {"kernel_size": 3, "depth_multiplier": 3, "use_bias": False}],
    ),
    "Dropout": (IMAGE, every(rate=[0.0, 0.3])),
    "Flatten": (IMAGE, [{}]),
    "GaussianDropout": (IMAGE, [{"rate": 0.1}]),
    "GaussianNoise": (IMAGE, [{"stddev": 0.1}]),
    "GlobalAveragePooling1D": (SEQUENCE, every(keepdims=[True, False])),
    "GlobalAveragePooling2D": (IMAGE, every(keepdims=[True, False])),
    "GlobalMaxPooling2D": (IMAGE, every(keepdims=[True, False])),
    "Identity": (IMAGE, [{}]),
    "LeakyReLU": (IMAGE, [{"negative_slope": 0.1}]),
    "MaxPooling1D": (SEQUENCE, SEQUENCE_POOLS),
    "MaxPooling2D": (IMAGE, POOLS),
    "Permute": (IMAGE, [{"dims": (3, 1, 2)}]),
    "ReLU": (IMAGE, every(max_value=[None, 6.0])),
    "Rescaling": (IMAGE, every(scale=[1 / 127.5], offset=[0.0, -1.0])),
    "Reshape": (IMAGE, every(target_shape=[(99, 4), (9, -1, 2)])),
    "SeparableConv2D": (
        IMAGE,
        [{"filters": 6, **window} for window in STRIDED]
        + [{"filters": 6, "kernel_size": 3, "depth_multiplier": 2, "use_bias": False}],
    ),
    "Softmax": (IMAGE, [{}]),
    "SpatialDropout1D": (SEQUENCE, [{"rate": 0.1}]),
    "SpatialDropout2D": (IMAGE, [{"rate": 0.1}]),
    "UpSampling2D": (IMAGE, every(size=[2, (1, 3)], interpolation=["nearest", "bilinear"])),
    "ZeroPadding2D": (IMAGE, every(padding=[1, (0, 2), ((1, 2), (0, 3))])),
    **{kind: (IMAGE, [{}]) for kind in MERGING},
}  # fmt: skip


@pytest.fixture(autouse=True)
def build() -> Iterator[None]:
    with new_build():
        yield
    keras.backend.clear_session(free_memory=False)


def alone(kind: str, shape: tuple[int, ...], settings: Settings) -> tuple[LayerGraph, Any]:
    """Build a network of one layer, merging or not, from shapes and by Keras."""
    from keras.src.backend.common.stateless_scope import StatelessScope

    shapes, merges = shape_input(shape), kind in MERGING
    with StatelessScope(initialize_variables=False):
        image = keras.Input(shape)
        layer = getattr(keras.layers, kind)(**settings)
        model = keras.Model(image, layer([image, image] if merges else image))
    output = LAYERS[kind](**settings)([shapes, shapes] if merges else shapes)
    return ShapeModel(shapes, output).graph, model


def test_every_known_layer_has_cases() -> None:
    assert set(CASES) == set(KINDS) == set(LAYERS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_layer_has_keras_shape_parameters_and_identity(kind: str) -> None:
    shape, choices = CASES[kind]
    for settings in choices:
        graph, model = alone(kind, shape, settings)
        assert graph.calls[-1].shape == model.outputs[0].shape, settings
        assert count_parameters(graph) == model.count_params(), settings
        assert network_id(graph) == network_id(model), settings


@pytest.mark.parametrize("shape", [(None, None, 4), (8, 8, 4)])
def test_sizes_may_be_unknown(shape: tuple[int | None, ...]) -> None:
    image, shapes = keras.Input(shape), shape_input(shape)
    settings: Any = {"filters": 5, "kernel_size": 3, "strides": 2}
    model = keras.Model(image, keras.layers.Conv2D(**settings)(image))
    graph = ShapeModel(shapes, LAYERS["Conv2D"](**settings)(shapes)).graph
    assert network_id(graph) == network_id(model)


def test_layers_are_named_as_keras_names_them() -> None:
    keras.backend.clear_session(free_memory=False)
    for kind in sorted(KINDS):
        settings = CASES[kind][1][0]
        for _ in range(2):
            assert LAYERS[kind](**settings).name == getattr(keras.layers, kind)(**settings).name
    assert LAYERS["ReLU"](name="mine").name == "mine"
    assert shape_input((8,)).name == "input_layer"


def test_settings_that_differ_in_type_only_are_told_apart() -> None:
    whole, fraction = LAYERS["Rescaling"](1), LAYERS["Rescaling"](1.0)
    assert type(whole.scale) is int
    assert type(fraction.scale) is float
    assert LAYERS["Rescaling"](1).settings_key is whole.settings_key


def test_objects_among_the_settings_are_kept() -> None:
    image, shapes = keras.Input((4,)), shape_input((4,))
    settings = {"kernel_regularizer": keras.regularizers.L2(0.1)}
    model = keras.Model(image, keras.layers.Dense(3, **settings)(image))
    graph = ShapeModel(shapes, LAYERS["Dense"](3, **settings)(shapes)).graph
    assert network_id(graph) == network_id(model)


def _layer(kind: str, *args: Any, **settings: Any) -> ShapeLayer:
    return LAYERS[kind](*args, **settings)


@pytest.mark.parametrize(
    "use",
    [
        lambda: _layer("Conv2D", 8, 3)(shape_input((9,))),
        lambda: _layer("Conv2D", 8, 3, groups=4)(shape_input((8, 8, 3))),
        lambda: _layer("BatchNormalization", axis=1)(shape_input((8, 8, 3))),
        lambda: _layer("Add")(shape_input((8,))),
        lambda: _layer("ReLU")([shape_input((8,))]),
        lambda: _layer("ReLU")(3.0),
        lambda: _layer("Dense", 3, lora_rank=2)(shape_input((8,))),
        lambda: _layer("ReLU", name="a/b"),
        lambda: bool(shape_input((8,))),
        lambda: shape_input((0, 8)),
        lambda: _twice(_layer("Dense", 3), shape_input((8,)), shape_input((4,))),
    ],
)
def test_what_keras_would_refuse_or_do_otherwise_is_not_guessed(use: Callable[[], Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ShapeUnknown):
            use()


def _twice(layer: ShapeLayer, first: Any, second: Any) -> None:
    layer(first)
    layer(second)


def test_what_keras_refuses_by_itself_is_refused_in_its_words() -> None:
    with pytest.raises(ValueError, match="shape"):
        _layer("Add")([shape_input((8, 8, 3)), shape_input((7, 8, 3))])
    with pytest.raises(ValueError, match="smaller than"):
        _layer("Cropping2D", 2)(shape_input((4, 8, 3)))
    with pytest.raises(ValueError, match="zero or negative"):
        _layer("Conv2D", 8, 5)(shape_input((4, 4, 3)))


def test_a_layer_keeps_settings_only() -> None:
    layer = _layer("Dense", 3)
    assert layer.units == 3
    with pytest.raises(AttributeError, match="kernel"):
        layer.kernel  # noqa: B018
    with pytest.raises(AttributeError):
        layer.trainable = False  # type: ignore[attr-defined]
