"""A network that suffers is examined, and the remedy that helps is chosen."""

import numpy as np
import pytest

from nas.evaluation.quantization import quantize
from nas.quantization.float_network import restored, trained
from nas.quantization.forensics import Forensics, examine
from nas.quantization.layer_names import layer_names
from nas.quantization.remedies import REMEDIES
from tests.quantization.conftest import Case

pytestmark = pytest.mark.slow


def found(case: Case, *, always: bool = True) -> Forensics:
    plain = quantize(case.model, case.dataset.calibration)
    return examine(trained(case.model), case.dataset, plain, always=always)


@pytest.fixture(scope="module")
def of_uneven(uneven: Case) -> Forensics:
    return found(uneven, always=False)


def gain(forensics: Forensics, remedy: str) -> tuple[float, float]:
    """Gain in accuracy, and in decibels at the network's end."""
    (trial,) = [each for each in forensics.trials if each.remedy == remedy]
    assert trial.sqnr_db is not None
    assert forensics.sqnr_db is not None
    return trial.change.after - trial.change.before, trial.sqnr_db - forensics.sqnr_db


def test_a_network_that_loses_nothing_is_left_alone(plain: Case) -> None:
    forensics = found(plain, always=False)
    assert not forensics.loss.is_loss
    assert (forensics.layers, forensics.trials, forensics.chosen) == ((), (), None)
    assert forensics.content == forensics.plain


def test_it_is_looked_at_all_the_same_when_asked(plain: Case) -> None:
    forensics = found(plain)
    assert [each.remedy for each in forensics.trials] == list(REMEDIES)
    assert len(forensics.layers) == 5


def test_equalisation_brings_back_what_uneven_channels_lose(of_uneven: Forensics) -> None:
    assert of_uneven.loss.is_loss
    accuracy, decibels = gain(of_uneven, "cross-layer equalisation")
    assert accuracy > 0.1
    assert decibels > 10


def test_more_examples_bring_back_what_dark_ones_lose(dark: Case) -> None:
    accuracy, decibels = gain(found(dark), "more calibration examples")
    assert accuracy > 0.2
    assert decibels > 10


def test_clipping_brings_back_what_a_spike_loses(spiking: Case) -> None:
    accuracy, decibels = gain(found(spiking), "clipping at 99.9 %")
    assert accuracy > 0.05
    assert decibels > 10


def test_bias_correction_takes_noise_off(plain: Case) -> None:
    _, decibels = gain(found(plain), "bias correction")
    assert decibels > 2


def test_the_most_accurate_remedy_is_chosen(of_uneven: Forensics) -> None:
    best = max(trial.change.after for trial in of_uneven.trials)
    assert of_uneven.chosen is not None
    assert of_uneven.chosen.change.after == best
    assert of_uneven.content == of_uneven.chosen.content


def test_the_noisiest_layers_are_tried_alone(of_uneven: Forensics) -> None:
    alone = [layer for layer in of_uneven.layers if layer.alone is not None]
    worst = max(of_uneven.layers, key=lambda layer: layer.noise_share)
    assert len(alone) == 3
    assert worst in alone
    assert worst.alone is not None
    assert worst.alone.is_loss


def test_the_same_network_gives_the_same_answer(uneven: Case, of_uneven: Forensics) -> None:
    again = found(uneven)
    assert again.layers == of_uneven.layers
    assert again.trials == of_uneven.trials


def test_labels_are_not_what_remedies_are_fitted_to(uneven: Case, of_uneven: Forensics) -> None:
    for split in (uneven.dataset.train, uneven.dataset.calibration):
        split.labels[:] = np.random.default_rng(0).integers(0, 4, len(split.labels))
    again = found(uneven)
    assert [each.content for each in again.trials] == [each.content for each in of_uneven.trials]


def test_a_network_of_which_only_the_int8_file_is_left_is_examined_too(
    uneven: Case, of_uneven: Forensics
) -> None:
    """Equalisation helps it as well: what uneven channels lose is lost by the activations."""
    network = restored(of_uneven.plain, layer_names(uneven.model))
    forensics = examine(network, uneven.dataset, of_uneven.plain)
    assert forensics.is_restored
    assert forensics.loss.is_loss
    assert [layer.layer for layer in forensics.layers] == [
        layer.layer for layer in of_uneven.layers
    ]
    assert forensics.sqnr_db == pytest.approx(of_uneven.sqnr_db, abs=1.0)
    accuracy, decibels = gain(forensics, "cross-layer equalisation")
    assert accuracy > 0.1
    assert decibels > 10
