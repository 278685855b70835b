"""Cross-layer equalisation: channels of one tensor brought to one range, the function kept.

A tensor has one scale, so a channel of small values gets few of its levels. What a convolution
writes is divided by a factor for each channel, and the weights that read it are multiplied by the
same factor; ReLU and pooling pass it on.

Weights of convolutions have a scale for each output channel. Dividing an output channel therefore
costs nothing, and the factors weigh the range of the activations, not of the weights that make
them, against the weights that read them.

References:
    Nagel et al., Data-Free Quantization, ICCV 2019, arXiv 1906.04721, equation 11 for weights.
    Xiao et al., SmoothQuant, ICML 2023, arXiv 2211.10438, equation 4 for activations.
"""

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from nas.quantization.activations import activations
from nas.quantization.channel_pairs import Pair, find_pairs
from nas.quantization.tflite_file import Node, TfliteFile

_BOUND = 6.0
LEVELS = 256
"""No channel is scaled up by more than a tensor has levels."""

Channels = NDArray[np.float64]


def equalise(calibrated: bytes, inputs: NDArray[np.float32]) -> tuple[bytes, str]:
    """Scale channels wherever that is possible.

    With ReLU6 between the layers, the function is kept on the calibration examples, and channels
    that reach 6 are left as they are; elsewhere one may saturate earlier or later than at 6.

    Args:
        calibrated: A float file with ranges.
        inputs: Calibration examples as the converter is shown them, ``(n, …)``.

    Returns:
        The file with other weights and ranges, and what was done in words.
    """
    file = TfliteFile(calibrated)
    pairs, refused = find_pairs(file)
    limits = _channel_limits(calibrated, inputs, [t for pair in pairs for t in pair.tensors])
    for pair in pairs:
        _scale(file, pair, limits)
    reasons = "".join(f"; {count}: {reason}" for reason, count in refused.most_common())
    convolutions = len(pairs) + refused.total()
    return file.content(), f"{len(pairs)} of {convolutions} convolutions were scaled{reasons}"


def _scale(file: TfliteFile, pair: Pair, limits: Mapping[int, tuple[Channels, Channels]]) -> None:
    lows = [limits[place][0] for place in pair.tensors]
    highs = [limits[place][1] for place in pair.tensors]
    reach = np.max(np.abs([*lows, *highs]), axis=0)
    factors = _factors(file, pair, reach)
    _divide_outputs(file, pair.producer, factors)
    for consumer in pair.consumers:
        _multiply_inputs(file, consumer, factors)
    for place, low, high in zip(pair.tensors, lows, highs, strict=True):
        file.set_limits(place, float((low / factors).min()), float((high / factors).max()))


def _factors(file: TfliteFile, pair: Pair, reach: Channels) -> Channels:
    """Return what each channel is divided by; the tensor's range stays as it was.

    Args:
        file: The network.
        pair: Who writes the tensor, and who reads it.
        reach: Greatest absolute value of each channel.
    """
    if not reach.any():
        return np.ones_like(reach)
    weight = _input_reach(file, pair, reach.size)
    factors = np.sqrt(np.divide(reach, weight, out=reach**2, where=weight > 0))
    used = factors > 0
    factors[used] *= np.max(reach[used] / factors[used]) / reach.max()
    factors = np.maximum(factors, 1 / LEVELS)
    factors[~used] = 1.0
    if pair.is_bounded:
        factors = np.where(reach < _BOUND, np.minimum(factors, 1.0), 1.0)
    return np.asarray(factors)


def _input_reach(file: TfliteFile, pair: Pair, channels: int) -> Channels:
    """Return how far the weights of each input channel reach, of those that share their scale.

    0 where only depthwise convolutions read, whose every channel has its own.
    """
    reach = np.zeros(channels)
    for consumer in pair.consumers:
        if consumer.type != "DEPTHWISE_CONV_2D":
            weights = np.abs(file.constant(consumer, 1).astype(np.float64))
            outputs = weights.reshape(len(weights), -1, channels).max(axis=1)
            share = outputs.max(axis=1 if consumer.type == "CONV_2D" else None, keepdims=True)
            relative = np.divide(outputs, share, out=np.zeros_like(outputs), where=share > 0)
            reach = np.maximum(reach, relative.max(axis=0))
    return reach


def _divide_outputs(file: TfliteFile, producer: Node, factors: Channels) -> None:
    weights, bias = file.constant(producer, 1), file.constant(producer, 2)
    by_output = factors if producer.type == "DEPTHWISE_CONV_2D" else factors.reshape(-1, 1, 1, 1)
    file.set_constant(producer, 1, weights / by_output)
    file.set_constant(producer, 2, bias / factors)


def _multiply_inputs(file: TfliteFile, consumer: Node, factors: Channels) -> None:
    weights = file.constant(consumer, 1)
    # A depthwise convolution has a few output channels in a row for each input channel.
    file.set_constant(consumer, 1, weights * np.repeat(factors, weights.shape[-1] // factors.size))


def _channel_limits(
    calibrated: bytes, inputs: NDArray[np.float32], places: Collection[int]
) -> Mapping[int, tuple[Channels, Channels]]:
    """Return the least and greatest value of each channel of some tensors."""
    limits: dict[int, tuple[Channels, Channels]] = {}
    for values in activations(calibrated, inputs):
        for place in places:
            flat = values[place].reshape(-1, values[place].shape[-1]).astype(np.float64)
            low, high = flat.min(axis=0), flat.max(axis=0)
            if place in limits:
                low, high = np.minimum(low, limits[place][0]), np.maximum(high, limits[place][1])
            limits[place] = low, high
    return limits
