"""Layers found in the names that the converter gives to tensors."""

from types import SimpleNamespace

import pytest

from nas.quantization.layer_names import layer_names, layers_of

NAMES = (
    "conv2d", "batch_normalization", "re_lu", "conv2d_1", "conv2d_2", "inner", "separable_conv2d",
)  # fmt: skip
MODEL = SimpleNamespace(_flatten_layers=lambda **_: [SimpleNamespace(name=name) for name in NAMES])


@pytest.mark.parametrize(
    ("tensor", "layers"),
    [
        ("functional_1/conv2d_1/convolution", "conv2d"),
        ("functional_1/conv2d_1_2/convolution", "conv2d_1"),
        (
            "functional_1/re_lu_1/Relu;functional_1/batch_normalization_1/batchnorm/add_1;"
            "functional_1/conv2d_1/convolution",
            "conv2d + batch_normalization + re_lu",
        ),
        (
            "functional_1/separable_conv2d_1/separable_conv2d/depthwise;"
            "functional_1/batch_normalization_1/batchnorm/sub1",
            "separable_conv2d",
        ),
        ("functional_1/inner_1/conv2d_2_1/BiasAdd", "conv2d_2 + inner"),
        ("Identity", "Identity"),
    ],
)
def test_layers_are_named_in_the_order_of_the_model(tensor: str, layers: str) -> None:
    assert layers_of(tensor, layer_names(MODEL)) == layers
