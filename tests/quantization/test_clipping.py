"""Ranges end at percentiles, and the written file's steps follow."""

import numpy as np
import pytest

from nas.quantization.activations import activations
from nas.quantization.clipping import clip_ranges, measure_ranges
from nas.quantization.rounding import Rounding
from nas.quantization.tflite_file import TfliteFile
from tests.quantization.conftest import Case


def test_a_rare_spike_no_longer_sets_the_step(spiking: Case) -> None:
    clipped, said = clip_ranges(spiking.calibrated, spiking.examples, 99.9)
    before, after = Rounding(spiking.calibrated), Rounding(clipped)
    first = before.exact.nodes[0].index
    coarse, _ = before.step(before.twins[first].output)
    fine, _ = after.step(after.twins[first].output)
    assert fine < coarse / 5
    assert "ranges became narrower" in said


def test_the_input_and_the_answer_keep_their_ranges(plain: Case) -> None:
    clipped, _ = clip_ranges(plain.calibrated, plain.examples, 80.0)
    before, after = TfliteFile(plain.calibrated), TfliteFile(clipped)
    kept = {before.input, before.nodes[-1].inputs[0], before.output}
    changed = {
        node.output
        for node in before.nodes
        if after.limits(node.output) != before.limits(node.output)
    }
    assert changed
    assert all(after.limits(place) == before.limits(place) for place in kept)
    assert not changed & kept


@pytest.mark.parametrize("percentile", [99.0, 90.0])
def test_no_more_values_are_cut_off_than_asked(plain: Case, percentile: float) -> None:
    clipped, _ = clip_ranges(plain.calibrated, plain.examples, percentile)
    file = TfliteFile(clipped)
    place = file.nodes[0].output
    values = np.concatenate([each[place].ravel() for each in activations(clipped, plain.examples)])
    limits = file.limits(place)
    assert limits is not None
    assert 0 < np.mean(values > limits[1]) <= 1 - percentile / 100


def test_ranges_of_the_same_examples_are_those_that_the_converter_found(spiking: Case) -> None:
    measured, said = measure_ranges(spiking.calibrated, spiking.examples)
    before, after = TfliteFile(spiking.calibrated), TfliteFile(measured)
    for place in (before.input, *(node.output for node in before.nodes)):
        expected = before.limits(place)
        assert expected is not None
        assert after.limits(place) == pytest.approx(expected, rel=1e-4, abs=1e-4)
    assert said == f"{len(spiking.examples)} examples from calibration and training"


def test_ranges_of_dark_examples_are_narrower(spiking: Case) -> None:
    dark, _ = measure_ranges(spiking.calibrated, spiking.examples[:1] * 0.1)
    limits = TfliteFile(dark).limits(TfliteFile(dark).input)
    assert limits is not None
    assert limits[1] <= 25.5
