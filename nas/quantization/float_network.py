"""The float network that an int8 file is held against."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.data.dataset import Split
from nas.evaluation.quantization import CALIBRATION_EXAMPLES
from nas.quantization.activations import outputs
from nas.quantization.conversion import calibrate
from nas.quantization.layer_names import layer_names
from nas.quantization.loss import float_answers
from nas.quantization.restoring import restore


@dataclass(frozen=True)
class FloatNetwork:
    """A network before it is rounded.

    Attributes:
        layers: Names of its Keras layers in the model's order.
        answers: Tells which examples it gets right, ``(n,)``.
        calibrated: Gives its float file, with ranges from the first calibration examples.
        is_restored: Whether only the int8 file was left, so that its weights are rounded already.
    """

    layers: tuple[str, ...]
    answers: Callable[[Split], NDArray[np.bool_]]
    calibrated: Callable[[Split], bytes]
    is_restored: bool = False


def trained(model: Any) -> FloatNetwork:
    """Return the network of a trained Keras model."""
    return FloatNetwork(
        layer_names(model),
        partial(float_answers, model),
        lambda calibration: calibrate(model, calibration.inputs[:CALIBRATION_EXAMPLES]),
    )


def restored(content: bytes, layers: tuple[str, ...]) -> FloatNetwork:
    """Return what an int8 file tells of the network that it was rounded from.

    Args:
        content: The file; its ranges were calibrated when it was made.
        layers: Names of the Keras layers that it was made from, as far as they are known.
    """
    float_file = restore(content)

    def answers(split: Split) -> NDArray[np.bool_]:
        return np.asarray(outputs(float_file, split.inputs).argmax(axis=1) == split.labels)

    return FloatNetwork(layers, answers, lambda _: float_file, is_restored=True)
