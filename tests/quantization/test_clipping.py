"""Ranges end at percentiles, and the written file's steps follow."""

import numpy as np
import pytest

from nas.quantization.activations import activations
from nas.quantization.clipping import clip_ranges
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
