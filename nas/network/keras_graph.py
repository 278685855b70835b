"""Reads a Keras model into the network its int8 conversion would give, without converting it."""

from collections.abc import Callable, Mapping
from typing import Any

from nas.network.keras_activations import (
    read_activation,
    read_leaky_relu,
    read_prelu,
    read_relu,
    read_softmax,
)
from nas.network.keras_call import Call, UnreadableLayer
from nas.network.keras_convolutions import (
    read_convolution,
    read_dense,
    read_depthwise,
    read_separable,
    read_transposed,
)
from nas.network.keras_layers import (
    read_concatenation,
    read_cropping,
    read_global_pooling,
    read_merge,
    read_normalization,
    read_padding,
    read_permutation,
    read_pooling,
    read_rescaling,
    read_reshape,
    read_resizing,
    read_upsampling,
    skip,
)
from nas.network.keras_node import INPUT, Graph, Node, Shape
from nas.network.keras_operators import to_network
from nas.network.keras_rewriting import rewrite
from nas.network.layer_graph import LayerCall, LayerGraph, Sizes, layer_graph
from nas.network.network import Network
from nas.network.replacements import instead_of_layer

__all__ = ["UnreadableLayer", "read_keras_model", "read_layer_graph"]

_READERS: Mapping[str, Callable[[Call], int]] = {
    "Activation": read_activation,
    "ReLU": read_relu,
    "LeakyReLU": read_leaky_relu,
    "PReLU": read_prelu,
    "Softmax": read_softmax,
    "Conv1D": read_convolution,
    "Conv2D": read_convolution,
    "DepthwiseConv1D": read_depthwise,
    "DepthwiseConv2D": read_depthwise,
    "SeparableConv2D": read_separable,
    "Conv2DTranspose": read_transposed,
    "Dense": read_dense,
    "BatchNormalization": read_normalization,
    "Rescaling": read_rescaling,
    "Resizing": read_resizing,
    "Cropping2D": read_cropping,
    "ZeroPadding2D": read_padding,
    "MaxPooling1D": read_pooling,
    "MaxPooling2D": read_pooling,
    "AveragePooling1D": read_pooling,
    "AveragePooling2D": read_pooling,
    "GlobalAveragePooling1D": read_global_pooling,
    "GlobalAveragePooling2D": read_global_pooling,
    "GlobalMaxPooling2D": read_global_pooling,
    "Flatten": read_reshape,
    "Reshape": read_reshape,
    "Permute": read_permutation,
    "UpSampling2D": read_upsampling,
    "Concatenate": read_concatenation,
    "Add": read_merge,
    "Average": read_merge,
    "Maximum": read_merge,
    "Minimum": read_merge,
    "Multiply": read_merge,
    "Subtract": read_merge,
    "ActivityRegularization": skip,
    "AlphaDropout": skip,
    "Dropout": skip,
    "GaussianDropout": skip,
    "GaussianNoise": skip,
    "Identity": skip,
    "RandomBrightness": skip,
    "RandomContrast": skip,
    "RandomFlip": skip,
    "RandomRotation": skip,
    "RandomTranslation": skip,
    "RandomZoom": skip,
    "SpatialDropout1D": skip,
    "SpatialDropout2D": skip,
}


def read_keras_model(model: Any) -> Network:
    """Read the operators that full-integer int8 conversion of a Keras model gives.

    The conversion meant is TensorFlow 2.20's through a concrete function of batch 1, with int8
    input and output and dense layers quantized per tensor. Weights are taken as trained: a bias
    or a normalization is there although it may still be zero.

    Args:
        model: A functional or sequential Keras 3 model with static input shapes. Only its
            configuration and shapes are read, so it may be built without weights.

    Returns:
        The network in execution order; ``file_bytes`` is ``None``.

    Raises:
        UnreadableLayer: A layer whose operators are only known by converting the model.
    """
    return read_layer_graph(layer_graph(model))


def read_layer_graph(layers: LayerGraph) -> Network:
    """Read the operators of a network from the calls of its layers.

    Args:
        layers: The network with static input shapes, as :func:`read_keras_model` means it.

    Returns:
        The network in execution order; ``file_bytes`` is ``None``.

    Raises:
        UnreadableLayer: A layer whose operators are only known by converting the model.
    """
    graph = Graph()
    inputs = [
        graph.add(Node(INPUT, (), _static(tensor.shape, tensor.name), tensor.name, value=place))
        for place, tensor in enumerate(layers.inputs)
    ]
    graph.finish(_read_calls(layers, inputs, graph))
    return to_network(rewrite(graph))


def _read_calls(layers: LayerGraph, inputs: list[int], graph: Graph) -> list[int]:
    """Append the operators of a graph of layers to those read so far; return its outputs."""
    values = dict(enumerate(inputs))
    for call in layers.calls:
        places = tuple(values[place] for place in call.inputs)
        values.update(zip(call.outputs, _read_call(call, places, graph), strict=True))
    return [values[place] for place in layers.outputs]


def _read_call(layer_call: LayerCall, inputs: tuple[int, ...], graph: Graph) -> list[int]:
    if layer_call.inner is not None:
        return _read_calls(layer_call.inner, list(inputs), graph)
    layer = layer_call.layer
    shape = _static(layer_call.shape, layer.name)
    call = Call(layer, inputs, shape, graph, _scalars(layer_call))
    is_known = layer_call.is_known and len(layer_call.outputs) == 1
    reader = _READERS.get(layer_call.kind) if is_known else None
    if reader is None:
        raise call.unreadable(f"is not read{instead_of_layer(layer_call.kind)}")
    return [reader(call)]


def _scalars(call: LayerCall) -> tuple[float, ...]:
    args, _ = call.arguments
    return tuple(float(value) for value in args if isinstance(value, int | float))


def _static(shape: Sizes, name: str) -> Shape:
    sizes = shape[1:]
    if None in sizes:
        raise UnreadableLayer(
            f"`{name}`: shapes must be static on the Edge TPU, got {shape}; "
            "give keras.Input every size but the batch"
        )
    return (1, *(int(size) for size in sizes if size is not None))
