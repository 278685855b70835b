from pathlib import Path
from typing import Any

import keras
import pytest

from examples.study_b import (
    STUDY_COLUMNS,
    STUDY_VECTOR_WEIGHTS,
    column_count,
    draw,
    make_parser,
    redo,
    thinned,
)
from nas.errors import UserError
from nas.sweeping.adjustments import choose_adjustment
from nas.sweeping.sweep import Sweep
from tests.sweeping.steps import step


def _network() -> Any:
    inputs = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(8, 3, name="wide")(inputs)
    x = keras.layers.Conv2D(4, 3)(x)
    return keras.Model(inputs, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(x)))


def test_ranges_are_thinned_evenly() -> None:
    assert thinned(range(51), 3) == (0, 25, 50)
    assert thinned(range(5), 1) == (0,)
    assert thinned(range(5), 9) == thinned(range(5), None) == (0, 1, 2, 3, 4)


def test_columns_are_counted_in_the_network() -> None:
    model = _network()
    words, study, found = column_count(model, choose_adjustment(model, "columns", None, None))
    assert "`wide`" in words
    assert study == found == " ".join(f"{times:g}" for times in STUDY_COLUMNS)


def test_the_adapter_s_weights_are_the_vector_s_times_its_outputs() -> None:
    assert all(weights == values * 588 for values, weights in STUDY_VECTOR_WEIGHTS.items())


def test_the_picture_has_a_panel_for_each_adjustment() -> None:
    model = _network()
    steps = (step(1, 100, computing=1.0), step(2, 200, computing=1.0, streamed_parameters=9.0))
    sweep = Sweep("net", {}, choose_adjustment(model, "width", None, (1, 2)), steps)
    figure = draw("net", [sweep, sweep])
    assert [plot.get_title(loc="left") for plot in figure.axes] == ["width multiplier"] * 2
    labels = {text.get_text() for text in figure.legends[0].get_texts()}
    assert labels == {"Edge TPU", "CPU", "in proportion", "last good before a cliff"}


def test_unknown_adjustments_are_refused() -> None:
    with pytest.raises(UserError, match="--adjust depth,hue"):
        make_parser().parse_args(["--adjust", "depth,hue"])


@pytest.mark.slow
def test_study_b_counts_as_the_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--adjust", "columns,vector", "--steps", "2", "--out", str(tmp_path)]
    redo(make_parser().parse_args(words))
    said = capsys.readouterr().out
    assert said.count("588, 5,880") == said.count("588, 588,000") == 2
    assert said.count("9.19 MiB") == 2
    assert "prefer the TPU for CNNs" in said
    assert (tmp_path / "study_b.png").stat().st_size > 10_000
