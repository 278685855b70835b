"""What may bring an int8 network back to the float one without training it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nas.data.dataset import Dataset
from nas.quantization.bias_correction import correct_biases
from nas.quantization.clipping import clip_ranges, measure_ranges
from nas.quantization.conversion import calibration_examples
from nas.quantization.equalisation import equalise

MORE_EXAMPLES = 500


@dataclass(frozen=True)
class Patient:
    """The network that remedies are tried on; labels are not among what they see.

    Attributes:
        dataset: Data at its input size; only inputs for calibration and training are read.
        calibrated: Its float file with ranges.
    """

    dataset: Dataset
    calibrated: bytes

    @cached_property
    def examples(self) -> NDArray[np.float32]:
        """What remedies are fitted to: all calibration inputs, and training inputs up to 500.

        As the converter is shown them, ``(n, …)``.
        """
        calibration, train = self.dataset.calibration.inputs, self.dataset.train.inputs
        further = train[: max(0, MORE_EXAMPLES - len(calibration))]
        return calibration_examples(np.concatenate([calibration, further]))


Remedy = Callable[[Patient], tuple[bytes, str]]
"""Gives another float file with ranges, and what was done in words."""


def _equalise_and_correct(patient: Patient) -> tuple[bytes, str]:
    equalised, said = equalise(patient.calibrated, patient.examples)
    corrected, said_too = correct_biases(equalised, patient.examples)
    return corrected, f"{said}; {said_too}"


REMEDIES: Mapping[str, Remedy] = {
    "more calibration examples": lambda p: measure_ranges(p.calibrated, p.examples),
    "clipping at 99.99 %": lambda p: clip_ranges(p.calibrated, p.examples, 99.99),
    "clipping at 99.9 %": lambda p: clip_ranges(p.calibrated, p.examples, 99.9),
    "cross-layer equalisation": lambda p: equalise(p.calibrated, p.examples),
    "bias correction": lambda p: correct_biases(p.calibrated, p.examples),
    "equalisation + correction": _equalise_and_correct,
}
