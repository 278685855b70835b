from typing import Any

import plotly.graph_objects as go
import pytest

from nas.view.figure import front_2d, front_3d, hover_text
from objectives import DEFAULT_OBJECTIVES, OBJECTIVES
from tests.view.candidates import HOSTILE, candidate, many, trade_off

THREE = [OBJECTIVES[name] for name in DEFAULT_OBJECTIVES]


def _trace(figure: Any, role: str) -> Any:
    (found,) = [trace for trace in figure["data"] if trace["meta"] == role]
    return found


def test_the_front_and_its_staircase_are_where_the_values_are() -> None:
    figure = front_2d(trade_off(), THREE)
    front = _trace(figure, "front")
    assert (front["x"], front["y"]) == ([4.0, 2.0, 1.0], [95.0, 90.0, 70.0])
    assert front["marker"]["color"] == [size / 1024 for size in (900_000, 400_000, 100_000)]
    stairs = _trace(figure, "staircase")
    assert stairs["x"] == [1.0, 2.0, 2.0, 4.0, 4.0]
    assert stairs["y"] == [70.0, 70.0, 90.0, 90.0, 95.0]


def test_each_point_knows_the_row_of_its_record() -> None:
    figure = front_2d(trade_off(), THREE)
    assert _trace(figure, "front")["customdata"] == [1, 2, 0]
    assert _trace(figure, "candidates")["customdata"] == [3]
    assert _trace(figure, "presets")["customdata"] == [2]


def test_estimates_are_outlined_and_measurements_filled() -> None:
    records = [
        candidate("a", 0.5, 1.0, 1),
        candidate("b", 0.75, 2.0, 2, latency_source="device"),
    ]
    traces = [each for each in front_2d(records, THREE)["data"] if each["meta"] == "front"]
    assert {trace["name"]: trace["marker"]["symbol"] for trace in traces} == {
        "on the front, estimated": "circle-open",
        "on the front, measured": "square",
    }


def test_an_interval_becomes_bars_to_both_sides() -> None:
    record = candidate("a", 0.5, 2.0, 1, latency_low_ms=1.5, latency_high_ms=2.75)
    bars = _trace(front_2d([record], THREE), "front")["error_x"]
    assert (bars["array"], bars["arrayminus"]) == ([0.75], [0.5])


def test_three_objectives_stand_in_space_and_two_do_not() -> None:
    figure = front_3d(trade_off(), THREE)
    assert figure is not None
    front = _trace(figure, "front")
    assert (front["x"], front["z"]) == ([4.0, 2.0, 1.0], [95.0, 90.0, 70.0])
    assert front["y"] == [size / 1024 for size in (900_000, 400_000, 100_000)]
    assert front_3d(trade_off(), THREE[:2]) is None


@pytest.mark.parametrize("count", [0, 1, 40])
def test_plotly_knows_every_property(count: int) -> None:
    records = many(count, measured=0.5)
    objectives = [*THREE, OBJECTIVES["macs"]]
    for number in (1, 2, 3, 4):
        go.Figure(front_2d(records, objectives[:number]))
    go.Figure(front_3d(records, objectives))


def test_the_details_name_value_interval_and_source() -> None:
    record = candidate(
        "a1",
        0.9,
        2.0,
        2048,
        latency_low_ms=1.5,
        latency_high_ms=2.5,
        off_chip_bytes=0,
        hyperparameters={"depth": 3},
    )
    assert hover_text(record).split("<br>") == [
        "a1",
        "int8 accuracy 90.0 %",
        "latency 2.00 ms (1.50 - 2.50 ms), estimate",
        "memory 2.00 KiB",
        "off-chip 0 B",
        "depth = 3",
    ]


def test_the_details_hold_no_markup_but_line_breaks() -> None:
    record = candidate("<a href=x>", 0.5, 1.0, 1, preset=None, hyperparameters={"<b>": HOSTILE[0]})
    assert "<" not in hover_text(record).replace("<br>", "")


def test_very_many_hyperparameters_are_counted() -> None:
    record = candidate("a", hyperparameters={str(index): index for index in range(50)})
    assert hover_text(record).endswith("and 36 more hyperparameters")
