import argparse
from collections.abc import Callable
from pathlib import Path

import pytest

from examples.common import (
    StudyParser,
    difference,
    over_seeds,
    percent,
    points,
    run_study,
    same_settings,
    span,
)
from nas.errors import UserError
from nas.evaluation.interval import accuracy_interval


def test_more_seeds_do_not_make_the_test_set_larger() -> None:
    middle, low, high = over_seeds([0.7, 0.8, 0.9], 100)
    assert middle == pytest.approx(0.8)
    assert (low, high) == pytest.approx(accuracy_interval(0.8, 100))


def test_the_difference_is_newcombe_s() -> None:
    # 56 of 70 and 48 of 80: example (a) of the paper's table II, method 10.
    one, other = over_seeds([56 / 70], 70), over_seeds([48 / 80], 80)
    assert difference(one, other) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    middle, low, high = difference(other, one)
    assert (middle, low, high) == pytest.approx((-0.2, -0.3339, -0.0524), abs=5e-5)


def test_figures_in_words() -> None:
    assert percent((0.762, 0.731, 0.79)) == "76.2 % (73.1-79.0)"
    assert points((0.012, -0.031, 0.054)) == "+1.2 points (95 % interval -3.1 to +5.4)"
    assert span([0.5, 0.25], lambda value: f"{value:.1f}") == "0.2 - 0.5"
    assert span([0.51, 0.52], lambda value: f"{value:.1f}") == "0.5"


def test_a_study_is_not_mixed_with_another() -> None:
    same_settings({"epochs": 5, "seeds": 3}, {"epochs": 5}, Path("out"))
    with pytest.raises(UserError, match="out holds a study with epochs 5, not 6"):
        same_settings({"epochs": 5}, {"epochs": 6}, Path("out"))


def _ended_with(capsys: pytest.CaptureFixture[str], redo: Callable[..., None]) -> str:
    with pytest.raises(SystemExit) as ended:
        run_study(StudyParser("study_x", "words"), redo, [])
    return f"{ended.value.code} {capsys.readouterr().err}"


def test_errors_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def fails(_: argparse.Namespace) -> None:
        raise UserError("no such data")

    def is_interrupted(_: argparse.Namespace) -> None:
        raise KeyboardInterrupt

    assert _ended_with(capsys, fails) == "python -m examples.study_x: no such data "
    assert _ended_with(capsys, is_interrupted).startswith("130 python -m examples.study_x: inter")


def test_unknown_options_are_refused_before_anything_is_done(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        run_study(StudyParser("study_x", "words"), lambda _: pytest.fail(), ["--nothing"])
    assert capsys.readouterr().err.startswith("python -m examples.study_x: unrecognized")
