from pathlib import Path
from typing import Any

import pytest

from nas.view.charts import draw_front, front_figure
from objectives import DEFAULT_OBJECTIVES, OBJECTIVES
from tests.view.candidates import HOSTILE, candidate, many, trade_off

THREE = [OBJECTIVES[name] for name in DEFAULT_OBJECTIVES]


def _figure(records: Any, objectives: Any = THREE, **settings: Any) -> Any:
    return front_figure(records, objectives, **{"title": "t", "is_synthetic": False, **settings})


def _points(figure: Any, label: str) -> list[list[float]]:
    found = [each for each in figure.axes[0].collections if each.get_label() == label]
    return [list(map(float, place)) for each in found for place in each.get_offsets()]


def test_the_front_is_drawn_where_its_values_are() -> None:
    figure = _figure(trade_off())
    assert _points(figure, "on the front, estimated") == [[4.0, 95.0], [2.0, 90.0], [1.0, 70.0]]


def test_every_complete_candidate_is_faint_and_no_other_is_drawn() -> None:
    assert _points(_figure(trade_off()), "candidate") == [
        [1.0, 70.0],
        [4.0, 95.0],
        [2.0, 90.0],
        [3.0, 80.0],
    ]


def test_estimates_and_measurements_have_marks_of_their_own() -> None:
    records = [
        candidate("a", 0.5, 1.0, 1),
        candidate("b", 0.75, 2.0, 2, latency_source="device"),
    ]
    figure = _figure(records)
    assert _points(figure, "on the front, estimated") == [[1.0, 50.0]]
    assert _points(figure, "on the front, measured") == [[2.0, 75.0]]


def test_presets_are_ringed_and_named() -> None:
    figure = _figure(trade_off())
    assert _points(figure, "hand-made preset") == [[2.0, 90.0]]
    assert "default" in [text.get_text() for text in figure.axes[0].texts]


def test_intervals_are_drawn_and_named() -> None:
    record = candidate("a", 0.5, 2.0, 1, latency_low_ms=1.5, latency_high_ms=2.75)
    (bars,) = [
        each
        for each in _figure([record]).axes[0].collections
        if each.get_label() == "latency_ms, 80 % interval"
    ]
    assert bars.get_segments()[0].tolist() == [[1.5, 50.0], [2.75, 50.0]]


@pytest.mark.parametrize(("sources", "kind"), [
    (["device", "device"], "quartiles"), (["estimate", "device"], "80 % interval or quartiles"),
])  # fmt: skip
def test_the_bars_of_measurements_are_quartiles(sources: list[str], kind: str) -> None:
    records = [
        candidate(source + str(at), 0.5 + at, 1.0 + at, 1, latency_low_ms=1.0 + at,
                  latency_high_ms=1.5 + at, latency_source=source)
        for at, source in zip((0.0, 0.25), sources, strict=True)
    ]  # fmt: skip
    labels = {each.get_label() for each in _figure(records).axes[0].collections}
    assert f"latency_ms, {kind}" in labels


def test_synthetic_data_and_a_fourth_objective_are_said_in_the_heading() -> None:
    objectives = [*THREE, OBJECTIVES["macs"]]
    records = [candidate("a", 0.5, 1.0, 1, macs=5)]
    heading = _figure(records, objectives, title="Front", is_synthetic=True).axes[0]
    assert heading.get_title(loc="left") == (
        "Front\nsynthetic data, drawn by this project\nthe front also pursues macs"
    )


@pytest.mark.parametrize("count", [0, 1])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_picture_is_drawn_for_any_front(tmp_path: Path, count: int, number: int) -> None:
    draw_front(tmp_path / "pareto.png", many(count), THREE[:number])
    assert (tmp_path / "pareto.png").read_bytes().startswith(b"\x89PNG")


def test_without_a_complete_candidate_the_picture_says_so() -> None:
    texts = [text.get_text() for text in _figure([]).axes[0].texts]
    assert texts == ["no complete candidate yet"]


def test_hostile_names_are_drawn_as_they_are_or_as_question_marks(tmp_path: Path) -> None:
    records = [
        candidate(str(index), 0.5, 1.0 + index, 1, preset=text)
        for index, text in enumerate((*HOSTILE, "$\\frac{", "表"))
    ]
    draw_front(tmp_path / "pareto.png", records, THREE, title=HOSTILE[3] + HOSTILE[5])
    texts = [text.get_text() for text in _figure(records).axes[0].texts]
    assert texts[-2:] == ["$\\frac{", "?"]
