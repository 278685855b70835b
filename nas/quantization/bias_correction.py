"""Bias correction: what rounding adds to a layer on average is taken off its bias.

Reference:
    Nagel et al., Data-Free Quantization, ICCV 2019, arXiv 1906.04721, section 4.2. There the mean
    input comes from batch normalization; here it is measured, position by position.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from nas.quantization.activations import activations
from nas.quantization.rounding import WEIGHTED, Rounding
from nas.quantization.tflite_file import Node, TfliteFile

Values = NDArray[Any]


def correct_biases(calibrated: bytes, inputs: NDArray[np.float32]) -> tuple[bytes, str]:
    """Correct the bias of every convolution and dense layer.

    A layer is linear up to its activation, so the mean of what it computes follows from the mean of
    what it reads.

    Args:
        calibrated: A float file with ranges.
        inputs: Calibration examples, ``(n, …)``.

    Returns:
        The file with other biases, and what was done in words.

    Raises:
        CandidateError: It cannot be rounded to int8.
    """
    file, rounding = TfliteFile(calibrated), Rounding(calibrated)
    nodes = [node for node in file.nodes if node.type in WEIGHTED and node.index in rounding.twins]
    biased = [node for node in nodes if len(node.inputs) > 2 and node.inputs[2] >= 0]
    means = _mean_inputs(rounding, biased, inputs)
    for node in biased:
        exact, rounded = means[node.inputs[0]]
        added = _mean_output(node, rounded, rounding.weights(node))
        added -= _mean_output(node, exact, file.constant(node, 1))
        file.set_constant(node, 2, file.constant(node, 2) - added)
    return file.content(), f"{len(biased)} of {len(nodes)} biases were corrected"


def _mean_inputs(
    rounding: Rounding, nodes: Sequence[Node], inputs: NDArray[np.float32]
) -> Mapping[int, tuple[Values, Values]]:
    """Return the mean of what nodes read, over examples, before and after it is rounded."""
    steps = {n.inputs[0]: rounding.step(rounding.twins[n.index].inputs[0]) for n in nodes}
    sums: dict[int, tuple[Values, Values]] = {}
    for values in activations(rounding.calibrated, inputs):
        for place, (scale, zero_point) in steps.items():
            exact = values[place].astype(np.float64)
            levels = np.clip(np.round(exact / scale) + zero_point, -128, 127)
            before = sums.get(place, (0.0, 0.0))
            sums[place] = before[0] + exact, before[1] + scale * (levels - zero_point)
    return {place: (e / len(inputs), r / len(inputs)) for place, (e, r) in sums.items()}


def _mean_output(node: Node, mean_input: Values, weights: NDArray[np.float32]) -> Values:
    """Return the mean over positions of what a layer computes, by channel, without its bias."""
    source = mean_input.astype(np.float32)
    if node.type == "FULLY_CONNECTED":
        return np.asarray((source.reshape(-1, weights.shape[1]) @ weights.T).mean(axis=0))
    attributes = node.operator.attributes
    settings = {"padding": attributes["padding"], "dilations": attributes["dilation"]}
    height, width = attributes["stride"]
    if node.type == "CONV_2D":
        kernel = weights.transpose(1, 2, 3, 0)
        computed = tf.nn.conv2d(source, kernel, strides=(height, width), **settings)
    else:
        multiplier = attributes["depth_multiplier"]
        kernel = weights.reshape(*weights.shape[1:3], -1, multiplier)
        computed = tf.nn.depthwise_conv2d(source, kernel, strides=(1, height, width, 1), **settings)
    return np.asarray(computed.numpy().mean(axis=(0, 1, 2)))
