from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from nas.sweeping.step import Step
from nas.sweeping.sweep import Sweep
from nas.view.sweep import print_sweep
from tests.sweeping.steps import step
from tests.view.candidates import HOSTILE
from tests.view.sweeps import made_up_sweep, with_steps


def _printed(sweep: Sweep) -> str:
    out = StringIO()
    print_sweep(Console(file=out, width=100), sweep)
    return out.getvalue()


def test_the_cliff_and_the_last_good_value_are_told() -> None:
    text = " ".join(_printed(made_up_sweep(layer="add_3")).split())
    assert "net: copies of the block of `add_3`, 30 steps" in text
    assert "every cost is an estimate" in text
    assert "Cliff behind 3: parameters spill. 2.15 -> 4.2 ms at 4 (x 1.95, size x 1.04)" in text
    assert "contradicted: prefer depth - see net" in text


def test_rows_beside_the_cliff_are_shown_and_others_left_out() -> None:
    lines = _printed(made_up_sweep()).splitlines()
    marks = {line.split()[0]: line.split()[-1] for line in lines if line.strip()[:1].isdigit()}
    assert (marks["3"], marks["4"]) == ("good", "cliff")
    assert any("steps between these are left out here" in line for line in lines)


def test_a_table_fits_its_width() -> None:
    assert max(map(len, _printed(made_up_sweep()).splitlines())) <= 100


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    sweep = with_steps(made_up_sweep(), Step(0, reason="no `odd`"), Step(1, reason="no"))
    text = _printed(sweep)
    assert "unknown" in text
    assert "copies of the block 0: no `odd`" in text
    assert "Cliffs: none" in text


def test_accuracy_has_a_column_where_it_was_measured() -> None:
    trained = step(0, 100, computing=2.0).trained(0.875, 0.8, 0.93)
    text = " ".join(_printed(with_steps(made_up_sweep(), trained)).split())
    assert "87.5 %" in text
    assert "95 % interval +/- 6.5 points or less" in text
    assert "accuracy" not in _printed(made_up_sweep())


def test_measured_latency_is_told_from_estimates() -> None:
    measured = step(0, 100, computing=2.0).measured(1.8, 1.9, 2.1)
    lost = step(1, 100, computing=2.0).unmeasured("no device is left")
    text = " ".join(_printed(with_steps(made_up_sweep(), measured, lost)).split())
    assert "latency with the Edge TPU is measured, with quartiles; every other cost" in text
    assert "1.8-2.1" in text
    assert "copies of the block 1: no device is left" in text
    assert "80 %" not in text


def test_doubt_is_told() -> None:
    doubtful = replace(step(0, 100, computing=2.0), in_doubt="operator 0 (RESIZE_BILINEAR)")
    text = " ".join(_printed(with_steps(made_up_sweep(), doubtful)).split())
    assert (
        "In doubt at 1 of 1 steps, as at 0: operator 0 (RESIZE_BILINEAR); if the compiler" in text
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_names_change_nothing_around_them(name: str) -> None:
    assert "\x1b" not in _printed(made_up_sweep(name, layer=name, count=2))
