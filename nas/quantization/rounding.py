"""A calibrated float file beside the int8 file that it is rounded to."""

from collections.abc import Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nas.quantization.conversion import to_int8
from nas.quantization.tflite_file import Node, TfliteFile

WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
"""Operators with weights as their second and a bias as their third input."""

_ENDS = ("SOFTMAX", "LOGISTIC")


class Rounding:
    """Both files of one network; their operators are matched by the name of what they write.

    Args:
        calibrated: The float file.

    Raises:
        CandidateError: It cannot be rounded to int8.
    """

    def __init__(self, calibrated: bytes) -> None:
        self.calibrated = calibrated
        self.int8 = to_int8(calibrated)
        self.exact, self.rounded = TfliteFile(calibrated), TfliteFile(self.int8)

    @cached_property
    def twins(self) -> Mapping[int, Node]:
        """The int8 operator of each float one, by its index."""
        written = {self.rounded.name(node.output): node for node in self.rounded.nodes}
        names = {node.index: self.exact.name(node.output) for node in self.exact.nodes}
        return {index: written[name] for index, name in names.items() if name in written}

    @property
    def end(self) -> int:
        """The float tensor that noise is measured at in the end: what a closing softmax reads.

        Probabilities would hide it: where the network is sure they are 0 and 1, whatever the noise.
        """
        last = self.exact.nodes[-1]
        return last.inputs[0] if last.type in _ENDS else self.exact.output

    @cached_property
    def noisy(self) -> tuple[Node, ...]:
        """The float operators that rounding adds noise to, up to the end."""
        return tuple(
            node
            for node in self.exact.nodes
            if node.index in self.twins and node.type not in _ENDS and self._rounds(node)
        )

    def _rounds(self, node: Node) -> bool:
        """Tell an operator that computes from one that only picks values, as a maximum does."""
        twin = self.twins[node.index]
        return node.type in WEIGHTED or self.step(twin.output) != self.step(twin.inputs[0])

    def step(self, place: int) -> tuple[float, int]:
        """Return the step and the level of zero of an int8 tensor."""
        (scale,) = self.rounded.scales(place)
        return float(scale), self.rounded.zero_point(place)

    def weights(self, node: Node) -> NDArray[np.float32]:
        """Return the weights of a float operator as they are after rounding."""
        twin = self.twins[node.index]
        levels, scales = self.rounded.constant(twin, 1), self.rounded.scales(twin.inputs[1])
        axis = 3 if node.type == "DEPTHWISE_CONV_2D" else 0
        along = [-1 if each == axis else 1 for each in range(levels.ndim)]
        return np.asarray(levels * (scales.reshape(along) if len(scales) > 1 else scales))
