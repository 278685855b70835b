import csv
from pathlib import Path

import pytest

from nas.view.front import write_front_csv
from objectives import DEFAULT_OBJECTIVES, OBJECTIVES
from tests.view.candidates import HOSTILE, candidate, trade_off

THREE = [OBJECTIVES[name] for name in DEFAULT_OBJECTIVES]


def test_the_table_holds_the_front_and_the_union_of_its_hyperparameters(tmp_path: Path) -> None:
    write_front_csv(tmp_path / "pareto.csv", trade_off(), THREE)
    assert (tmp_path / "pareto.csv").read_bytes().decode() == (
        "candidate_id,accuracy,latency_ms,memory_bytes,act,filters\n"
        "large,0.95,4.0,900000,relu,64\n"
        "middle,0.9,2.0,400000,,32\n"
        "small,0.7,1.0,100000,,8\n"
    )


def test_further_objectives_come_before_the_hyperparameters(tmp_path: Path) -> None:
    objectives = [OBJECTIVES[name] for name in ("macs", "accuracy")]
    record = candidate("a", 0.5, macs=7, hyperparameters={"depth": 2})
    write_front_csv(tmp_path / "pareto.csv", [record], objectives)
    assert (tmp_path / "pareto.csv").read_text() == (
        "candidate_id,accuracy,latency_ms,memory_bytes,macs,depth\na,0.5,,,7,2\n"
    )


def test_without_a_front_the_columns_stand_alone(tmp_path: Path) -> None:
    write_front_csv(tmp_path / "pareto.csv", [], THREE)
    assert (
        tmp_path / "pareto.csv"
    ).read_text() == "candidate_id,accuracy,latency_ms,memory_bytes\n"


def test_a_hyperparameter_called_like_a_column_keeps_apart(tmp_path: Path) -> None:
    record = candidate("a", 0.5, 1.0, 2, hyperparameters={"accuracy": "high"})
    write_front_csv(tmp_path / "pareto.csv", [record], THREE)
    assert (
        (tmp_path / "pareto.csv").read_text().splitlines()[0].endswith("hyperparameters.accuracy")
    )


@pytest.mark.parametrize("formula", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\t=1"])
def test_a_text_that_a_spreadsheet_would_run_is_made_text(tmp_path: Path, formula: str) -> None:
    record = candidate("a", 0.5, 1.0, 2, hyperparameters={formula: formula})
    write_front_csv(tmp_path / "pareto.csv", [record], THREE)
    with (tmp_path / "pareto.csv").open(newline="") as file:
        heads, cells = csv.reader(file)
    assert (heads[-1], cells[-1]) == (f"'{formula}", f"'{formula}")


def test_negative_numbers_stay_numbers(tmp_path: Path) -> None:
    record = candidate("a", 0.5, 1.0, 2, hyperparameters={"shift": -3, "text": "-3.5"})
    write_front_csv(tmp_path / "pareto.csv", [record], THREE)
    assert (tmp_path / "pareto.csv").read_text().splitlines()[1] == "a,0.5,1.0,2,-3,-3.5"


def test_hostile_values_stay_in_their_cells(tmp_path: Path) -> None:
    record = candidate("a", 0.5, 1.0, 2, hyperparameters={text: text for text in HOSTILE})
    write_front_csv(tmp_path / "pareto.csv", [record], THREE)
    with (tmp_path / "pareto.csv").open(newline="", encoding="utf-8") as file:
        heads, cells = csv.reader(file)
    readable = [text.replace("\ud800", "\\ud800") for text in sorted(HOSTILE)]
    assert heads[4:] == cells[4:] == readable
