"""How much noise each layer adds to a network when it is rounded to int8."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nas.quantization.activations import activations, outputs
from nas.quantization.layer_names import layers_of
from nas.quantization.loss import Change
from nas.quantization.rounding import WEIGHTED, Rounding
from nas.quantization.tflite_file import Node, TfliteFile


@dataclass(frozen=True)
class LayerNoise:
    """One operator of the int8 file against the float one.

    Attributes:
        layer: Keras layers that it computes.
        operator: TFLite's name of it.
        sqnr_db: Signal-to-quantization-noise ratio at its output, with the noise of all before it;
            ``None`` without any noise.
        noise_share: Its share of the noise power that the operators cause at the network's end,
            each with it alone in int8, 0 – 1.
        alone: What it alone costs on the validation split; ``None`` was not measured.
    """

    layer: str
    operator: str
    sqnr_db: float | None
    noise_share: float
    alone: Change | None = None


@dataclass
class Power:
    """Power of a signal and of the noise on it, summed over examples."""

    signal: float = 0.0
    noise: float = 0.0

    def add(self, exact: NDArray[np.float32], noisy: NDArray[np.float32]) -> None:
        """Add values without and with noise."""
        signal = exact.astype(np.float64)
        self.signal += float(np.sum(signal**2))
        self.noise += float(np.sum((signal - noisy) ** 2))

    @property
    def sqnr_db(self) -> float | None:
        """``10 log10(Σ x² / Σ (x - x̂)²)``; ``None`` without any noise or signal."""
        if self.noise == 0 or self.signal == 0:
            return None
        return 10 * math.log10(self.signal / self.noise)


def compare(
    rounding: Rounding, nodes: Iterable[Node], inputs: NDArray[np.float32]
) -> Mapping[int, Power]:
    """Compare what operators write in float and in int8.

    Args:
        rounding: Both files.
        nodes: Operators of the float file.
        inputs: Examples in the units of the float model, ``(n, …)``.

    Returns:
        Power at their outputs, by index.
    """
    pairs = {node.index: (node.output, rounding.twins[node.index].output) for node in nodes}
    powers = {index: Power() for index in pairs}
    both = zip(
        activations(rounding.calibrated, inputs), activations(rounding.int8, inputs), strict=True
    )
    for exact, noisy in both:
        for index, (place, twin) in pairs.items():
            powers[index].add(exact[place], noisy[twin])
    return powers


def measure_layers(
    rounding: Rounding, layers: Sequence[str], inputs: NDArray[np.float32]
) -> dict[int, LayerNoise]:
    """Find out which operators the noise comes from.

    Args:
        rounding: Both files.
        layers: Names of the Keras layers they are from.
        inputs: Examples in the units of the float model, ``(n, …)``.

    Returns:
        The float operators that rounding adds noise to, by index, in execution order.
    """
    powers = compare(rounding, rounding.noisy, inputs)
    exact = outputs(until_end(rounding).content(), inputs)
    noise = {}
    for node in rounding.noisy:
        alone = Power()
        alone.add(exact, outputs(alone_in_int8(rounding, node), inputs))
        noise[node.index] = alone.noise
    total = sum(noise.values())
    return {
        node.index: LayerNoise(
            layers_of(rounding.exact.name(node.output), layers),
            node.type,
            powers[node.index].sqnr_db,
            noise[node.index] / total if total else 0.0,
        )
        for node in rounding.noisy
    }


def until_end(rounding: Rounding) -> TfliteFile:
    """Return the float file, ending where noise is measured."""
    file = TfliteFile(rounding.calibrated)
    file.output = rounding.end
    return file


def alone_in_int8(rounding: Rounding, node: Node) -> bytes:
    """Return the float file, ending where noise is measured, with one operator rounded.

    Its weights and its output take the values that they have in the int8 file.
    """
    file = until_end(rounding)
    if node.type in WEIGHTED:
        file.set_constant(node, 1, rounding.weights(node))
    file.round_output(node, *rounding.step(rounding.twins[node.index].output))
    return file.content()
