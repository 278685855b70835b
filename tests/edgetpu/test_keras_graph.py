from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from nas.edgetpu.keras_graph import UnreadableLayer, read_keras_model
from nas.edgetpu.network import Network, Operator
from nas.edgetpu.tflite import parse_network
from nas.errors import CandidateError

keras: Any = pytest.importorskip("keras")
layers = keras.layers

Build = Callable[[Any], Any]


def _model(shape: tuple[int | None, ...], build: Build) -> Any:
    image = keras.Input(shape)
    return keras.Model(image, build(image))


def _read(shape: tuple[int | None, ...], build: Build) -> Network:
    return read_keras_model(_model(shape, build))


def _types(network: Network) -> list[str]:
    return [operator.type for operator in network.operators]


def _conv(x: Any, filters: int = 4, kernel: int = 3, **settings: Any) -> Any:
    return layers.Conv2D(filters, kernel, padding="same", **settings)(x)


def _normalized(x: Any) -> Any:
    return layers.BatchNormalization()(x)


# --- what the fast tests know by hand -------------------------------------------------------


def test_a_convolution_with_normalization_and_relu_is_one_operator() -> None:
    network = _read(
        (16, 16, 3),
        lambda x: layers.ReLU()(_normalized(_conv(x, 8, strides=2, use_bias=False))),
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
    network = _read((8, 8, 4), lambda x: layers.ReLU()(layers.Add()([x, _conv(x)])))
    assert _types(network) == ["CONV_2D", "ADD"]
    assert network.operators[1].attributes["activation"] == "RELU"


def test_relu_stays_beside_a_sum_that_others_read() -> None:
    def build(x: Any) -> Any:
        total = layers.Add()([x, _conv(x)])
        return layers.Add()([total, _conv(layers.ReLU()(total))])

    network = _read((8, 8, 4), build)
    assert _types(network) == ["CONV_2D", "ADD", "RELU", "CONV_2D", "ADD"]


def test_two_equal_relus_of_one_value_are_one() -> None:
    network = _read((8, 8, 4), lambda x: layers.Add()([layers.ReLU()(x), _conv(layers.ReLU()(x))]))
    assert _types(network) == ["RELU", "CONV_2D", "ADD"]


def test_two_sums_with_constants_in_a_row_are_one() -> None:
    def build(x: Any) -> Any:
        return layers.Activation("hard_sigmoid")(_normalized(x))

    product, total, sixth = _read((8, 8, 4), build).operators
    assert [product.type, total.type, sixth.type] == ["MUL", "ADD", "MUL"]
    assert total.constants[0].shape == (4,)
    assert total.attributes["activation"] == "RELU6"


def test_a_transposed_convolution_without_a_bias_takes_no_relu() -> None:
    def build(x: Any) -> Any:
        return layers.ReLU()(layers.Conv2DTranspose(4, 3, 2, padding="same", use_bias=False)(x))

    assert _types(_read((8, 8, 4), build)) == ["TRANSPOSE_CONV", "RELU"]


def test_normalization_without_weights_before_it_is_a_product_and_a_sum() -> None:
    network = _read((8, 8, 4), lambda x: _conv(layers.ReLU()(_normalized(x))))
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
    inner = _model((8, 8, 4), lambda x: layers.ReLU()(_normalized(_conv(x))))
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
        return layers.Dense(3)(layers.Flatten()(layers.ReLU()(_normalized(_conv(x)))))

    with StatelessScope(initialize_variables=False):
        bare = _model((8, 8, 3), build)
    assert _signature(read_keras_model(bare)) == _signature(_read((8, 8, 3), build))


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
    class Conv2D(layers.Conv2D):  # type: ignore[misc, name-defined]
        pass

    with pytest.raises(UnreadableLayer, match="Conv2D is not read"):
        _read((8, 8, 3), Conv2D(4, 3))


# --- what the converter says ----------------------------------------------------------------


def _signature(network: Network) -> Counter[Any]:
    return Counter(map(_operator_signature, network.operators))


def _operator_signature(operator: Operator) -> Any:
    tensors = tuple(
        tensor and (tensor.shape, tensor.dtype, tensor.is_constant, tensor.scales)
        for tensor in (*operator.inputs, *operator.outputs)
    )
    attributes = tuple(sorted(operator.attributes.items()))
    return operator.type, operator.version, tensors, attributes, operator.macs


def _train_a_little(model: Any) -> None:
    """Give biases and normalizations values as training would, lest the converter drop them."""
    random = np.random.default_rng(0)
    for variable in model.variables:
        if variable.dtype == "float32" and len(variable.shape) < 2:
            variable.assign(random.uniform(0.5, 1.5, variable.shape))


def _convert(model: Any) -> bytes:
    tf: Any = pytest.importorskip("tensorflow")
    _train_a_little(model)
    shape = (1, *model.inputs[0].shape[1:])
    function = tf.function(lambda x: model(x, training=False))
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [function.get_concrete_function(tf.TensorSpec(shape))]
    )
    random = np.random.default_rng(0)
    images = [[random.uniform(0, 1, shape).astype(np.float32)] for _ in range(5)]
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: iter(images)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    return bytes(converter.convert())


def _separable_block(x: Any, filters: int) -> Any:
    shortcut = _normalized(_conv(x, filters, 1, strides=2, use_bias=False))
    for _ in range(2):
        x = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False)(layers.ReLU()(x))
        x = _normalized(x)
    return layers.Add()([layers.MaxPooling2D(3, 2, padding="same")(x), shortcut])


def _xception_like(x: Any) -> Any:
    x = _conv(layers.Rescaling(1 / 127.5, -1)(x), 8, strides=2, use_bias=False)
    x = layers.ReLU()(_normalized(x))
    for filters in (16, 24):
        x = _separable_block(x, filters)
    x = layers.Dropout(0.3)(layers.GlobalAveragePooling2D()(layers.ReLU()(x)))
    return layers.Dense(5, activation="softmax")(x)


def _inverted_bottleneck(x: Any, filters: int, stride: int) -> Any:
    y = layers.ReLU(6.0)(_normalized(_conv(x, 4 * x.shape[-1], 1, use_bias=False)))
    y = layers.ZeroPadding2D(((0, 1), (0, 1)))(y) if stride == 2 else y
    padding = "valid" if stride == 2 else "same"
    y = layers.DepthwiseConv2D(3, stride, padding=padding, use_bias=False)(y)
    y = _normalized(_conv(layers.ReLU(6.0)(_normalized(y)), filters, 1, use_bias=False))
    return layers.Add()([x, y]) if stride == 1 and x.shape[-1] == filters else y


def _mobilenet_like(x: Any) -> Any:
    for filters, stride in ((8, 2), (8, 1), (16, 2), (16, 1)):
        x = _inverted_bottleneck(x, filters, stride)
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    return layers.Softmax()(layers.Flatten()(layers.Conv2D(5, 1)(x)))


def _plain(x: Any) -> Any:
    x = layers.MaxPooling2D()(_conv(x, 8, activation="relu"))
    x = layers.AveragePooling2D(2)(_conv(x, 8, activation="relu"))
    x = layers.Dense(16, activation="relu")(layers.Flatten()(x))
    return layers.Dense(1, activation="sigmoid")(x)


def _mlp(x: Any) -> Any:
    for _ in range(2):
        x = layers.Dropout(0.1)(layers.ReLU()(_normalized(layers.Dense(16, use_bias=False)(x))))
    return layers.Dense(3)(layers.Dense(8)(x))


def _squeezed(x: Any) -> Any:
    x = layers.Activation("swish")(_normalized(_conv(x, 8)))
    gate = layers.Dense(2, activation="relu")(layers.GlobalAveragePooling2D()(x))
    gate = layers.Reshape((1, 1, 8))(layers.Dense(8, activation="sigmoid")(gate))
    return _conv(layers.Multiply()([x, gate]), 4)


def _cell(x: Any) -> Any:
    """A cell as in NAS-Bench-201: every edge applies its own ReLU."""
    a = _normalized(_conv(layers.ReLU()(x), use_bias=False))
    b = _normalized(_conv(layers.ReLU()(x), kernel=1, use_bias=False))
    pooled = layers.AveragePooling2D(3, 1, padding="same")(x)
    return layers.ReLU()(_normalized(layers.Add()([a, b, pooled, x])))


def _decoder(x: Any) -> Any:
    x = layers.Conv2DTranspose(4, 3, 2, padding="same", use_bias=False)(x)
    x = layers.ReLU()(_normalized(x))
    x = _conv(layers.UpSampling2D(2, interpolation="bilinear")(x))
    return layers.UpSampling2D(2)(layers.LeakyReLU(0.1)(x))


def _sequence(x: Any) -> Any:
    x = layers.MaxPooling1D(2)(layers.ReLU()(_normalized(layers.Conv1D(4, 3, padding="same")(x))))
    x = layers.Conv1D(8, 3, strides=2, padding="same", activation="relu")(x)
    return layers.Dense(3)(layers.GlobalAveragePooling1D()(x))


_NETWORKS: dict[str, Callable[[], Any]] = {
    "xception": lambda: _model((32, 32, 3), _xception_like),
    "mobilenet": lambda: _model((32, 32, 3), _mobilenet_like),
    "plain": lambda: _model((16, 16, 3), _plain),
    "mlp": lambda: _model((12,), _mlp),
    "squeeze and excite": lambda: _model((8, 8, 3), _squeezed),
    "cell": lambda: _model((8, 8, 4), _cell),
    "decoder": lambda: _model((8, 8, 4), _decoder),
    "sequence": lambda: _model((16, 4), _sequence),
    "keras mobilenet v2": lambda: keras.applications.MobileNetV2(
        weights=None, input_shape=(96, 96, 3), classes=7
    ),
}


@pytest.fixture
def clean_session() -> Iterator[None]:
    yield
    keras.backend.clear_session(free_memory=False)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Statistics for quantized inputs were expected:UserWarning")
@pytest.mark.usefixtures("clean_session")
@pytest.mark.parametrize("build", _NETWORKS.values(), ids=_NETWORKS.keys())
def test_the_operators_are_those_of_the_converted_file(build: Callable[[], Any]) -> None:
    model = build()
    read, converted = read_keras_model(model), parse_network(_convert(model))
    assert _signature(read) == _signature(converted)
    assert read.macs == converted.macs
