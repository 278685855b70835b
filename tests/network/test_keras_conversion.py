"""The operators read from a Keras model against what TensorFlow's converter writes."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from nas.network.keras_graph import read_keras_model
from nas.network.tflite import parse_network
from tests.network.keras_models import NETWORKS, keras, signature


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


@pytest.fixture
def clean_session() -> Iterator[None]:
    yield
    keras.backend.clear_session(free_memory=False)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Statistics for quantized inputs were expected:UserWarning")
@pytest.mark.usefixtures("clean_session")
@pytest.mark.parametrize("build", NETWORKS.values(), ids=NETWORKS.keys())
def test_the_operators_are_those_of_the_converted_file(build: Callable[[], Any]) -> None:
    model = build()
    read, converted = read_keras_model(model), parse_network(_convert(model))
    assert signature(read) == signature(converted)
    assert read.macs == converted.macs
