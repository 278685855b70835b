"""The command ``python -m nas.platform``."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nas.errors import UserError
from nas.platform import main
from nas.platforms.chart import make_chart
from nas.platforms.contest import SETUPS
from nas.platforms.placed_model import place_model
from nas.view.platform_figure import chart_figure
from nas.view.platform_text import spans
from tests.adjustment.models import residual

ROOT = Path(__file__).parents[1]
MODEL = Path(__file__).parent / "data" / "convolutional_int8.tflite"


def test_the_chart_in_words_names_who_competes_and_what_was_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "Dev Board against its Cortex-A53 (pcie, 500 MHz, host a53): estimated" in text
    assert "USB Accelerator against its desktop (usb3, 500 MHz, host desktop)" in text
    assert "16,384 never" in text
    assert "unverified" in text


def test_json_holds_curves_crossovers_and_the_models(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(MODEL), "--link", "usb2", "--host", "pi4", "--measure-cpu", "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert {(curve["link"], curve["host"]) for curve in values["curves"]} == {("usb2", "pi4")}
    crossed = next(curve for curve in values["curves"] if curve["crossovers"])
    assert set(crossed["crossovers"][0]) == {"parameters", "before", "after", "low", "high"}
    (model,) = values["models"]
    assert (model["kind"], model["size"]) == ("convolutional", 16)
    (standing,) = model["standings"]
    assert standing["latency_ms"]["edgetpu"]["low"] < standing["latency_ms"]["edgetpu"]["value"]
    assert "CPU" in standing["advice"]
    measured = model["this_cpu"]
    assert 0 < measured["latency_low_ms"] <= measured["latency_ms"] <= measured["latency_high_ms"]
    assert measured["runs"] >= 20


def test_a_keras_file_is_placed_like_its_int8_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "net.keras"
    model = residual()
    model.save(path)
    assert main([str(path), "--json"]) == 0
    (placed,) = json.loads(capsys.readouterr().out)["models"]
    assert (placed["name"], placed["kind"], placed["size"]) == ("net.keras", "convolutional", 12)
    biases = 8 + 8 + 3
    normalizations = 2 * 4 * 8
    assert placed["parameters"] == model.count_params() - biases - normalizations


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--link", "pcie"], "give both or none"),
        (["--measure-cpu"], "needs a model"),
        (["net.keras", "--measure-cpu"], "convert net.keras first"),
        (["missing.keras"], "missing.keras: there is no such file"),
        (["--picture", "chart.jpg"], r"must end in \.png"),
        (["--picture", "nowhere/chart.png"], "no folder nowhere"),
        (["missing.tflite"], "missing.tflite"),
    ],
)
def test_wrong_options_are_refused_in_one_line(words: list[str], message: str) -> None:
    with pytest.raises((UserError, FileNotFoundError), match=message):
        main(words)


def test_the_chart_needs_no_tensorflow() -> None:
    code = (
        "import sys; from nas.platform import main; main(['--json']); "
        "sys.exit('tensorflow' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0


def test_the_picture_has_a_panel_for_each_question_and_a_letter_for_each_model() -> None:
    chart, model = make_chart(SETUPS[:1]), place_model(MODEL, SETUPS[:1])
    figure = chart_figure(chart, [model, model])
    panels = [axes for axes in figure.axes if axes.get_yticklabels() and axes.collections]
    assert len(panels) >= 4
    letters = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert letters == ["A", "B"] * 2  # in the convolutional panels, for latency and for energy
    dense = figure.axes[0]
    drawn = {round(line.get_xdata()[0]) for line in dense.lines}
    known = {round(c.parameters) for curve in chart.of(SETUPS[0], "dense", "latency_ms")
             for c in curve.crossovers}  # fmt: skip
    assert drawn == known


@pytest.mark.slow
def test_the_picture_is_written(tmp_path: Path) -> None:
    assert main(["--picture", str(tmp_path / "chart.png")]) == 0
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")


def test_spans_begin_and_end_where_the_leader_changes() -> None:
    chart = make_chart(SETUPS[1:])
    always = next(c for c in chart.curves if c.points[0].contest.ratio > 1 and not c.crossovers)
    never = next(c for c in chart.curves if c.points[0].contest.ratio < 1 and not c.crossovers)
    assert spans(always) == [("the smallest", "the largest")]
    assert spans(never) == []
    twice = next(c for c in chart.curves if len(c.crossovers) == 2)
    ((begin, end),) = spans(twice)
    assert begin[0].isdigit()
    assert end[0].isdigit()
