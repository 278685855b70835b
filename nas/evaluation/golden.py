"""A few examples and what the network says of them, to compare with wherever it runs."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from nas.evaluation.interpreter import quantized_outputs

GOLDEN_EXAMPLES = 8


@dataclass(frozen=True)
class Golden:
    """Examples as the network takes them, and what it says of them.

    Attributes:
        inputs: Quantized examples, ``(n, …)``.
        outputs: Quantized outputs by the reference kernels, ``(n, classes)``.
    """

    inputs: NDArray[Any]
    outputs: NDArray[Any]


def make_golden(content: bytes, examples: NDArray[Any]) -> Golden:
    """Run a network on a few examples.

    Args:
        content: The int8 ``.tflite`` file.
        examples: In the units of the float model, at the network's input size, ``(n, …)``.
    """
    return Golden(*quantized_outputs(content, examples))
