"""The operators read from a Keras model, by hand."""

from typing import Any

import pytest

from nas.errors import CandidateError
from nas.network.keras_graph import UnreadableLayer, read_keras_model
from nas.network.network import Network
from tests.network.keras_models import Build, convolve, layers, make_model, normalize, signature


def _read(shape: tuple[int | None, ...], build: Build) -> Network:
    return read_keras_model(make_model(shape, build))


def _types(network: Network) -> list[str]:
    return [operator.type for operator in network.operators]


def test_a_convolution_with_normalization_and_relu_is_one_operator() -> None:
    network = _read(
        (16, 16, 3),
        lambda x: layers.ReLU()(normalize(convolve(x, 8, strides=2, use_bias=False))),
    )
    (conv,) = network.operators
    weights, bias = conv.constants
    assert (conv.type, conv.version) == ("CONV_2D", 3)
    assert conv.inputs[0] == network.inputs[0]
    assert network.inputs[0].shape == (1, 16, 16, 3)
    assert network.outputs[0].shape == (1, 8, 8, 8)
    assert (weights.shape, weights.dtype, weights.scales) == ((8, 3, 3, 3), "int8", 8)
    assert (bias.shape, bias.dtype, bias.scales) == ((8,), "int32", 8)
    assert conv.attributes == {
        "padding": "SAME",
        "stride": (2, 2),
        "dilation": (1, 1),
        "activation": "RELU",
        "zero_bias": False,
    }
    assert conv.macs == 8 * 8 * 8 * 27


def test_a_separable_convolution_is_a_depthwise_and_a_pointwise_one() -> None:
    network = _read((8, 8, 4), layers.SeparableConv2D(6, 3, padding="same", activation="relu6"))
    depthwise, pointwise = network.operators
    assert depthwise.type == "DEPTHWISE_CONV_2D"
    assert depthwise.constants[0].shape == (1, 3, 3, 4)
    assert depthwise.constants[0].scales == 4
    assert depthwise.attributes["zero_bias"] is True
    assert depthwise.macs == 8 * 8 * 4 * 9
    assert pointwise.constants[0].shape == (6, 1, 1, 4)
    assert pointwise.attributes["padding"] == "VALID"
    assert pointwise.attributes["activation"] == "RELU6"
    assert pointwise.macs == 8 * 8 * 4 * 6


def test_a_classifier_head_is_mean_dense_and_softmax() -> None:
    def head(x: Any) -> Any:
        x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
        return layers.Dense(10, activation="softmax")(x)

    mean, dense, softmax = _read((4, 4, 32), head).operators
    assert mean.type == "MEAN"
    assert mean.attributes == {"keep_dims": False, "axes": (1, 2)}
    assert dense.type == "FULLY_CONNECTED"
    assert dense.constants[0].shape == (10, 32)
    assert dense.constants[0].scales == 1
    assert dense.macs == 320
    assert (softmax.type, softmax.outputs[0].shape) == ("SOFTMAX", (1, 10))


def test_relu_goes_into_a_sum_that_only_it_reads() -> None:
    network = _read((8, 8, 4), lambda x: layers.ReLU()(layers.Add()([x, convolve(x)])))
    assert _types(network) == ["CONV_2D", "ADD"]
    assert network.operators[1].attributes["activation"] == "RELU"


def test_relu_stays_beside_a_sum_that_others_read() -> None:
    def build(x: Any) -> Any:
        total = layers.Add()([x, convolve(x)])
        return layers.Add()([total, convolve(layers.ReLU()(total))])

    network = _read((8, 8, 4), build)
    assert _types(network) == ["CONV_2D", "ADD", "RELU", "CONV_2D", "ADD"]


def test_two_equal_relus_of_one_value_are_one() -> None:
    network = _read(
        (8, 8, 4), lambda x: layers.Add()([layers.ReLU()(x), convolve(layers.ReLU()(x))])
    )
    assert _types(network) == ["RELU", "CONV_2D", "ADD"]


def test_two_sums_with_constants_in_a_row_are_one() -> None:
    def build(x: Any) -> Any:
        return layers.Activation("hard_sigmoid")(normalize(x))

    product, total, sixth = _read((8, 8, 4), build).operators
    assert [product.type, total.type, sixth.type] == ["MUL", "ADD", "MUL"]
    assert total.constants[0].shape == (4,)
    assert total.attributes["activation"] == "RELU6"


def test_a_transposed_convolution_without_a_bias_takes_no_relu() -> None:
    def build(x: Any) -> Any:
        return layers.ReLU()(layers.Conv2DTranspose(4, 3, 2, padding="same", use_bias=False)(x))

    assert _types(_read((8, 8, 4), build)) == ["TRANSPOSE_CONV", "RELU"]


def test_normalization_without_weights_before_it_is_a_product_and_a_sum() -> None:
    network = _read((8, 8, 4), lambda x: convolve(layers.ReLU()(normalize(x))))
    product, total, _ = network.operators
    assert (product.type, product.constants[0].shape) == ("MUL", (4,))
    assert (total.type, total.attributes["activation"]) == ("ADD", "RELU")


@pytest.mark.parametrize(
    ("offset", "padding", "expected"),
    [
        (0, "same", ["CONV_2D"]),
        (-1, "valid", ["CONV_2D"]),
        (-1, "same", ["MUL", "ADD", "CONV_2D"]),
    ],
)
def test_rescaling_goes_into_the_convolution_unless_padding_would_see_its_offset(
    offset: float, padding: str, expected: list[str]
) -> None:
    def build(x: Any) -> Any:
        return layers.Conv2D(4, 3, padding=padding)(layers.Rescaling(1 / 127.5, offset)(x))

    assert _types(_read((8, 8, 3), build)) == expected


@pytest.mark.parametrize(
    ("size", "padding", "expected"),
    [
        (16, ((0, 1), (0, 1)), ["DEPTHWISE_CONV_2D"]),
        (15, ((0, 1), (0, 1)), ["PAD", "DEPTHWISE_CONV_2D"]),
        (15, ((1, 1), (1, 1)), ["DEPTHWISE_CONV_2D"]),
        (16, ((1, 1), (1, 1)), ["PAD", "DEPTHWISE_CONV_2D"]),
    ],
)
def test_zero_padding_goes_into_a_strided_convolution_only_where_same_would_add_it(
    size: int, padding: Any, expected: list[str]
) -> None:
    def build(x: Any) -> Any:
        return layers.DepthwiseConv2D(3, 2)(layers.ZeroPadding2D(padding)(x))

    network = _read((size, size, 4), build)
    assert _types(network) == expected
    assert (network.operators[-1].attributes["padding"] == "SAME") == (len(expected) == 1)


def test_flatten_is_a_reshape_and_disappears_for_one_pixel() -> None:
    wide = _read((4, 4, 3), lambda x: layers.Dense(5)(layers.Flatten()(x)))
    pixel = _read((1, 1, 3), lambda x: layers.Dense(5)(layers.Flatten()(x)))
    assert _types(wide) == ["RESHAPE", "FULLY_CONNECTED"]
    assert _types(pixel) == ["FULLY_CONNECTED"]
    assert pixel.operators[0].activations[0].shape == (1, 1, 1, 3)


def test_the_second_addend_of_two_vectors_is_reshaped() -> None:
    network = _read((8,), lambda x: layers.Add()([x, layers.Dense(8)(x)]))
    assert _types(network) == ["FULLY_CONNECTED", "RESHAPE", "ADD"]
    assert network.operators[1].outputs[0].shape == (8,)


def test_nearest_upsampling_is_reshapes_and_tiles() -> None:
    network = _read((8, 8, 4), layers.UpSampling2D(2))
    assert _types(network) == ["RESHAPE", "TILE", "RESHAPE", "TILE", "RESHAPE"]


def test_a_model_inside_a_model_is_read_through() -> None:
    inner = make_model((8, 8, 4), lambda x: layers.ReLU()(normalize(convolve(x))))
    network = _read((8, 8, 4), lambda x: layers.GlobalAveragePooling2D()(inner(inner(x))))
    assert _types(network) == ["CONV_2D", "CONV_2D", "MEAN"]


def test_tensor_names_are_unique_and_every_operator_reads_what_is_made() -> None:
    shared = layers.Conv2D(4, 3, padding="same")
    network = _read((8, 8, 4), lambda x: layers.Add()([shared(shared(x)), x]))
    made = [tensor.name for tensor in network.inputs]
    for index, operator in enumerate(network.operators):
        assert operator.index == index
        assert {tensor.name for tensor in operator.activations} <= set(made)
        made += [tensor.name for tensor in operator.outputs]
    assert len(made) == len(set(made))
    assert (network.subgraphs, network.file_bytes) == (1, None)


def test_a_model_without_weights_is_read() -> None:
    from keras.src.backend.common.stateless_scope import StatelessScope

    def build(x: Any) -> Any:
        return layers.Dense(3)(layers.Flatten()(layers.ReLU()(normalize(convolve(x)))))

    with StatelessScope(initialize_variables=False):
        bare = make_model((8, 8, 3), build)
    assert signature(read_keras_model(bare)) == signature(_read((8, 8, 3), build))


@pytest.mark.parametrize(
    ("shape", "build", "message"),
    [
        ((8, 8, 4), layers.LayerNormalization(name="norm"), "`norm`.*LayerNormal"),
        ((8, 8, 4), layers.Activation("elu", name="act"), "`act`.*elu"),
        ((8, 8, 4), layers.ReLU(1.0, name="cap"), "`cap`.*max_value=1.0"),
        ((None, None, 4), layers.ReLU(), "static"),
        ((8, 8, 4), layers.BatchNormalization(axis=1, name="bn"), "`bn`.*axis 1"),
        ((8,), lambda x: 1.0 - x, "Subtract with a number"),
        (
            (8,),
            lambda x: layers.Dense(8, name="last")(layers.Add()([x, layers.Dense(8)(x)])),
            "`last`.*sum of two vectors",
        ),
    ],
)
def test_what_is_not_known_is_refused_by_name(
    shape: tuple[int | None, ...], build: Build, message: str
) -> None:
    with pytest.raises(UnreadableLayer, match=message):
        _read(shape, build)
    assert issubclass(UnreadableLayer, CandidateError)


def test_a_users_own_layer_is_refused_even_under_a_known_name() -> None:
    class Conv2D(layers.Conv2D):  # type: ignore[misc]
        pass

    with pytest.raises(UnreadableLayer, match="Conv2D is not read"):
        _read((8, 8, 3), Conv2D(4, 3))
