"""Reads a Keras model into the network its int8 conversion would give, without converting it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nas.edgetpu.keras_activations import (
    read_activation,
    read_leaky_relu,
    read_prelu,
    read_relu,
    read_softmax,
)
from nas.edgetpu.keras_call import Call, UnreadableLayer
from nas.edgetpu.keras_convolutions import (
    read_convolution,
    read_dense,
    read_depthwise,
    read_separable,
    read_transposed,
)
from nas.edgetpu.keras_layers import (
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
from nas.edgetpu.keras_node import INPUT, Graph, Node, Shape
from nas.edgetpu.keras_operators import to_network
from nas.edgetpu.keras_rewriting import rewrite
from nas.edgetpu.network import Network

__all__ = ["UnreadableLayer", "read_keras_model"]

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
    functional = _as_functional(model)
    graph = Graph()
    inputs = [
        graph.add(Node(INPUT, (), _shape(tensor, model), str(tensor.name), value=position))
        for position, tensor in enumerate(functional.inputs)
    ]
    graph.finish(_read_functional(functional, inputs, graph))
    return to_network(rewrite(graph))


def _as_functional(model: Any) -> Any:
    functional = getattr(model, "_functional", model)
    if not hasattr(functional, "_nodes_by_depth"):
        raise UnreadableLayer(
            f"`{getattr(model, 'name', model)}`: {type(model).__name__} is no functional Keras "
            "model; build it from keras.Input or convert it"
        )
    return functional


def _read_functional(model: Any, inputs: list[int], graph: Graph) -> list[int]:
    values = {id(tensor): place for tensor, place in zip(model.inputs, inputs, strict=True)}
    for node in _calls(model):
        places = tuple(values[id(tensor)] for tensor in node.input_tensors)
        for tensor, place in zip(node.outputs, _read_call(node, places, graph), strict=True):
            values[id(tensor)] = place
    return [values[id(tensor)] for tensor in model.outputs]


def _calls(model: Any) -> Iterator[Any]:
    """Yield the calls of layers in the order in which Keras runs them."""
    depths: Mapping[int, list[Any]] = model._nodes_by_depth
    for depth in sorted(depths, reverse=True):
        yield from (node for node in depths[depth] if not node.is_input)


def _read_call(node: Any, inputs: tuple[int, ...], graph: Graph) -> list[int]:
    operation = node.operation
    if hasattr(operation, "_functional") or hasattr(operation, "_nodes_by_depth"):
        return _read_functional(_as_functional(operation), list(inputs), graph)
    shape = _shape(node.outputs[0], operation)
    call = Call(operation, inputs, shape, graph, _scalars(node))
    is_known = type(operation).__module__.startswith("keras.") and len(node.outputs) == 1
    reader = _READERS.get(type(operation).__name__) if is_known else None
    if reader is None:
        raise call.unreadable("is not read")
    return [reader(call)]


def _scalars(node: Any) -> tuple[float, ...]:
    return tuple(float(value) for value in node.arguments.args if isinstance(value, int | float))


def _shape(tensor: Any, owner: Any) -> Shape:
    _, *sizes = tensor.shape
    if None in sizes:
        raise UnreadableLayer(
            f"`{owner.name}`: shapes must be static on the Edge TPU, got {tuple(tensor.shape)}; "
            "give keras.Input every size but the batch"
        )
    return (1, *(int(size) for size in sizes))
