from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from nas.auditing.audit import audit
from nas.auditing.audit_sample import Knob, Sample
from nas.view.audit_figure import audit_figure, draw_audit
from tests.auditing.audits import costed, full_sample, made_up_audit, question, unbuilt, unread
from tests.view.candidates import HOSTILE

SETTINGS = {"a": 0, "b": 0, "idle": 0, "name": 0}


def _points(figure: Any, label: str) -> list[list[float]]:
    found = [each for each in figure.axes[0].collections if each.get_label() == label]
    return sorted(list(map(float, place)) for each in found for place in each.get_offsets())


def _texts(figure: Any) -> list[str]:
    return [text.get_text() for plot in figure.axes for text in plot.texts]


def test_networks_are_drawn_where_their_costs_are() -> None:
    figure = audit_figure(made_up_audit("latency_ms<=4"))
    assert _points(figure, "all parameters on the chip") == [[1, 1], [1, 1], [2, 1], [2, 1]]
    assert _points(figure, "streams parameters") == [[4, 2], [4, 2]]
    assert _points(figure, "not trained: breaks a constraint") == [[5, 2], [5, 2]]
    assert _points(figure, "hand-made preset") == [[4, 2]]
    assert "hand" in _texts(figure)


def test_knobs_have_their_effects() -> None:
    figure = audit_figure(made_up_audit())
    knobs = figure.axes[-1]
    assert [label.get_text() for label in knobs.get_yticklabels()][:2] == ["a", "b"]
    assert next(text.get_text() for text in knobs.texts) == "130 %"
    assert "without effect: idle" in knobs.get_title(loc="left")


def test_histograms_have_all_that_was_drawn() -> None:
    (latency, *_), *_ = (plot.patches for plot in audit_figure(made_up_audit()).axes[1:4])
    assert sum(latency.get_data().values) == 16


def test_a_space_of_which_nothing_is_known_is_drawn_without_points(tmp_path: Path) -> None:
    for drawn in ([unbuilt(SETTINGS)], [unread(SETTINGS)]):
        found = audit(question(), Sample(drawn=drawn))
        assert "no network with known costs" in _texts(audit_figure(found))
    draw_audit(tmp_path / "audit.png", found)


@pytest.mark.slow
def test_any_name_can_be_drawn(tmp_path: Path) -> None:
    sample = full_sample([costed(SETTINGS, preset=hostile) for hostile in HOSTILE])
    for pair, hostile in zip(list(sample.pairs), HOSTILE, strict=False):
        sample.knobs[hostile] = Knob(hostile, (0, 1), is_range=False)
        sample.pairs.append(replace(pair, knob=hostile))
    space = " ".join(HOSTILE[:5])
    draw_audit(tmp_path / "audit.png", audit(question(space=space), sample))


def test_the_picture_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "audit.png"
    draw_audit(path, made_up_audit())
    with Image.open(path) as image:
        assert image.size[0] == 1680
    assert [each.name for each in tmp_path.iterdir()] == ["audit.png"]
