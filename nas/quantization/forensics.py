"""Why an int8 network is less accurate than the float one, and which remedy helps."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from nas.data.dataset import Dataset, Split
from nas.quantization.activations import activations, outputs
from nas.quantization.conversion import to_int8
from nas.quantization.float_network import FloatNetwork
from nas.quantization.layer_noise import LayerNoise, Power, alone_in_int8, measure_layers
from nas.quantization.loss import Change, compare_answers, int8_answers
from nas.quantization.remedies import REMEDIES, Patient
from nas.quantization.rounding import Rounding
from nas.quantization.tflite_file import TfliteFile

NOISE_EXAMPLES = 100
"""Noise is measured on as many examples of the validation split, which nothing is fitted to."""

WORST = 3
"""As many layers are tried alone on the validation split."""


@dataclass(frozen=True)
class Trial:
    """One remedy.

    Attributes:
        remedy: Its name.
        said: What was done, in words.
        change: From the plain int8 file to this one, on the validation split.
        sqnr_db: Signal-to-quantization-noise ratio at the network's end, on unseen examples;
            ``None`` without any noise.
        content: The int8 file.
    """

    remedy: str
    said: str
    change: Change
    sqnr_db: float | None
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Forensics:
    """What became of a network when it was rounded to int8.

    Attributes:
        loss: From the float network to the plain int8 file, on the validation split.
        sqnr_db: Ratio at the network's end in the plain int8 file, as in ``Trial``.
        layers: Operators in execution order.
        trials: Remedies; none where nothing was tried.
        plain: The plain int8 file.
        is_restored: Whether the float network has the weights of the int8 file, so that what
            rounding the weights costs is not in it.
    """

    loss: Change
    sqnr_db: float | None
    layers: tuple[LayerNoise, ...]
    trials: tuple[Trial, ...]
    plain: bytes = field(repr=False)
    is_restored: bool = False

    @property
    def content(self) -> bytes:
        """The int8 file to ship."""
        return self.plain if self.chosen is None else self.chosen.content

    @property
    def chosen(self) -> Trial | None:
        """The most accurate remedy on the validation split, of those that chance does not explain.

        Of equally accurate ones, that with the least noise.
        """
        better = [trial for trial in self.trials if trial.change.is_gain]
        return max(better, key=lambda t: (t.change.after, t.sqnr_db or 0.0), default=None)


def examine(
    network: FloatNetwork,
    dataset: Dataset,
    content: bytes,
    *,
    always: bool = False,
    say: Callable[[str], None] = lambda _line: None,
) -> Forensics:
    """Where int8 loses accuracy, find the layers that lose it, and try every remedy.

    The remedies are fitted to inputs for calibration and training, without labels; the validation
    split compares them.

    Args:
        network: The float network.
        dataset: Data at its input size; the test split is not read.
        content: Its plain int8 file.
        always: Whether to look even if chance explains what is lost.
        say: Told what is done.

    Raises:
        CandidateError: The network cannot be converted.
    """
    right = network.answers(dataset.validation)
    answers = int8_answers(content, dataset.validation)
    loss = compare_answers(right, answers)
    if not (always or loss.is_loss):
        return Forensics(loss, None, (), (), content, network.is_restored)
    say("Quantization: measuring the noise of every layer …")
    calibrated = network.calibrated(dataset.calibration)
    patient, rounding = Patient(dataset, calibrated), Rounding(calibrated)
    unseen = dataset.validation.inputs[:NOISE_EXAMPLES].astype(np.float32)
    layers = measure_layers(rounding, network.layers, unseen)
    end = _End(rounding, unseen)
    trials = []
    for name in REMEDIES:
        say(f"Quantization: trying {name} …")
        trials.append(_try(name, patient, answers, end))
    return Forensics(
        loss=loss,
        sqnr_db=end.sqnr_db(rounding.int8),
        layers=_with_worst_alone(layers, rounding, dataset.validation, right),
        trials=tuple(trials),
        plain=content,
        is_restored=network.is_restored,
    )


def _try(name: str, patient: Patient, plain: NDArray[np.bool_], end: "_End") -> Trial:
    calibrated, said = REMEDIES[name](patient)
    content = to_int8(calibrated)
    change = compare_answers(plain, int8_answers(content, patient.dataset.validation))
    sqnr_db = end.sqnr_db(content)
    return Trial(name, said, change, sqnr_db, content)


class _End:
    """What the float network says in the end; int8 files are held against it."""

    def __init__(self, rounding: Rounding, inputs: NDArray[np.float32]) -> None:
        self._name = rounding.exact.name(rounding.end)
        self._inputs = inputs
        self._exact = self._values(rounding.calibrated)

    def sqnr_db(self, content: bytes) -> float | None:
        power = Power()
        power.add(self._exact, self._values(content))
        return power.sqnr_db

    def _values(self, content: bytes) -> NDArray[np.float32]:
        place = TfliteFile(content).place(self._name)
        return np.stack([values[place] for values in activations(content, self._inputs)])


def _with_worst_alone(
    layers: dict[int, LayerNoise], rounding: Rounding, validation: Split, right: NDArray[np.bool_]
) -> tuple[LayerNoise, ...]:
    """Measure what the noisiest layers cost on the validation split, each alone in int8."""
    worst = sorted(layers, key=lambda index: -layers[index].noise_share)[:WORST]
    measured = dict(layers)
    for index in worst:
        variant = alone_in_int8(rounding, rounding.exact.nodes[index])
        answers = outputs(variant, validation.inputs).argmax(axis=1) == validation.labels
        measured[index] = replace(layers[index], alone=compare_answers(right, answers))
    return tuple(measured.values())
