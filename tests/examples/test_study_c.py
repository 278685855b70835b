from pathlib import Path

import pytest

from examples.study_c import (
    SMALLEST,
    WIDER,
    Row,
    contests,
    draw,
    make_parser,
    mnist_network,
    networks,
    redo,
    threshold_rows,
)
from nas.platforms.chart import Chart, make_chart
from nas.platforms.contest import SETUPS
from nas.platforms.families import dense_network, weights_of
from search_spaces import load_space


@pytest.fixture(scope="module")
def chart() -> Chart:
    return make_chart(SETUPS)


def test_thresholds_are_those_of_the_chart(chart: Chart) -> None:
    rows = list(threshold_rows(chart))
    assert len(rows) == 2 * len(SETUPS)
    firsts = [
        each
        for curve in chart.of(SETUPS[0], "dense", "latency_ms")
        for each in curve.crossovers[:1]
        if each.after == "edgetpu"
    ]
    places, low = [each.parameters for each in firsts], min(each.low or 0 for each in firsts)
    assert f"{min(places) / 1e6:.2g} - {max(places) / 1e6:.2g} M ({low / 1e6:.2g}-" in rows[0][3]
    assert rows[0][3].endswith("no change with 16,384 inputs")


def test_the_networks_lie_on_both_sides_of_the_threshold() -> None:
    space = load_space("spectrogram_mlp", input_shape=(256, 3), classes=7)
    chosen = networks(space)
    assert list(chosen) == [SMALLEST, *WIDER]
    assert chosen["dense-1024x4"]["layers"] == 4
    assert {values["window"] for values in chosen.values()} == {64}


def test_the_timed_network_has_784_128_10() -> None:
    assert weights_of(mnist_network()) == 784 * 128 + 128 * 10


def test_the_picture(chart: Chart) -> None:
    network = dense_network(672, 1e6)
    assert network is not None
    row = Row("net", weights_of(network), (0.8, 0.75, 0.85), contests(network, SETUPS[0]))
    left, right = draw([row], chart).axes
    assert [text.get_text() for text in left.texts] == ["net"]
    assert right.get_xscale() == "log"


@pytest.mark.slow
def test_study_c_trains_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("examples.study_c.WIDER", {})
    options = make_parser().parse_args(["--seeds", "1", "--epochs", "1", "--out", str(tmp_path)])
    redo(options)
    said = capsys.readouterr()
    assert said.err.count("training ") == 1
    assert "Where the leader changes" in said.out
    assert (tmp_path / "study_c.png").stat().st_size > 10_000
    redo(options)
    again = capsys.readouterr()
    assert "training" not in again.err
    assert again.out == said.out
