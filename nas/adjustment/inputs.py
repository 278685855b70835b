"""Adapters before a network: a vector of values, or images of another size."""

from typing import Any

from nas.adjustment.graph import Copies, Graph, finish, read_graph, run
from nas.errors import UserError

_COARSENESS = 16


def vector_input(model: Any, values: int, *, copy_weights: bool = True) -> Any:
    """Let a network of images read a vector: dense layer, reshape, resize.

    The dense layer has no bias and makes a picture of a sixteenth of the network's side, as in
    DeLozier et al., Symmetry 2024, 16(1), 91: 588 outputs for 224 × 224 × 3.

    Args:
        model: A functional Keras model of one image input.
        values: Length of the vector.
        copy_weights: Whether the new model gets the weights of the old one.

    Raises:
        UserError: The model has no such input.
    """
    import keras

    if values < 1:
        raise UserError(f"a vector input needs 1 value or more, got {values}")
    graph = read_graph(model, copy_weights=copy_weights)
    height, width, channels = graph.image_input()
    coarse = (-(-height // _COARSENESS), -(-width // _COARSENESS), channels)
    vector = keras.Input((values,), name="vector")
    dense = keras.layers.Dense(
        coarse[0] * coarse[1] * channels, use_bias=False, name="vector_adapter"
    )
    picture = keras.layers.Reshape(coarse, name="vector_reshape")(dense(vector))
    resized = keras.layers.Resizing(height, width, name="vector_resize")(picture)
    return _behind(graph, vector, resized, copy_weights=copy_weights)


def image_input(model: Any, scale: float, *, copy_weights: bool = True) -> Any:
    """Let a network read images of another size, which are resized inside.

    Args:
        model: A functional Keras model of one image input.
        scale: Side of the images over the network's; 1 adds nothing.
        copy_weights: Whether the new model gets the weights of the old one.

    Raises:
        UserError: The model has no such input.
    """
    import keras

    graph = read_graph(model, copy_weights=copy_weights)
    height, width, channels = graph.image_input()
    shape = (round(height * scale), round(width * scale), channels)
    if min(shape) < 1:
        raise UserError(f"an image of {height} x {width} scaled by {scale:g} has no pixels")
    image = keras.Input(shape, name="image")
    if scale == 1:
        return _behind(graph, image, image, copy_weights=copy_weights)
    resized = keras.layers.Resizing(height, width, name="image_resize")(image)
    return _behind(graph, image, resized, copy_weights=copy_weights)


def _behind(graph: Graph, source: Any, adapted: Any, *, copy_weights: bool) -> Any:
    copies, values = Copies(), {0: adapted}
    run(graph.calls, values, copies)
    return finish(graph, {0: source}, values, copies, copy_weights=copy_weights)
