"""The benchmark of samplers: a tiny table, its figures by hand, and its JSON."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import optuna
import pytest

from benchmarks.nasbench201_network import cell_network
from benchmarks.nasbench201_problem import table_problem
from benchmarks.nasbench201_table import Columns, read_table
from benchmarks.search_courses import ENOUGH, Course
from benchmarks.search_efficiency import (
    ASKS,
    make_score,
    not_worse,
    run_search,
    summarize,
)
from benchmarks.search_efficiency_plot import _common
from benchmarks.search_problem import Problem
from nas.errors import CandidateError
from search_spaces.nasbench201 import EDGES

ROOT = Path(__file__).parents[2]
CELLS = {
    "|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|": (90.0, 2.0),
    "|none~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|": (85.0, 1.0),
    "|none~0|+|none~0|none~1|+|avg_pool_3x3~0|none~1|none~2|": (60.0, 0.5),
    "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|nor_conv_3x3~2|": (92.0, 4.0),
    "|nor_conv_1x1~0|+|none~0|nor_conv_1x1~1|+|none~0|none~1|nor_conv_1x1~2|": (84.0, 3.0),
}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tables") / "table.csv"
    rows = [f"{cell},{accuracy},{latency}" for cell, (accuracy, latency) in CELLS.items()]
    path.write_text("\n".join(["arch_str,top1,ms", *rows]) + "\n")
    return path


@pytest.fixture(scope="module")
def problem(table: Path) -> Problem:
    return table_problem(read_table(table, Columns("top1", "ms")), with_params=True)


def test_every_setting_of_a_listed_network_stands_for_it(problem: Problem) -> None:
    assert set(problem.places.values()) == set(range(5))
    assert problem.losses[0].tolist() == pytest.approx([0.10, 2.0, 73_306 + 243_040])
    # A dead convolution changes nothing.
    dead = ("nor_conv_3x3", "none", "none", "nor_conv_1x1", "none", "none")
    assert problem.places[dead] == 1


def test_a_cell_that_is_not_listed_is_barred(problem: Problem) -> None:
    unlisted = dict.fromkeys(EDGES, "none") | {"op_3": "skip_connect"}
    assert problem.place(optuna.trial.FixedTrial(unlisted)) is None
    with pytest.raises(CandidateError, match="does not list"):
        problem.describe(optuna.trial.FixedTrial(unlisted))


def test_a_cell_s_operators_are_those_of_its_keras_model() -> None:
    """Reading Keras takes half a second a network; the benchmark writes the operators itself."""
    from nas.candidates.candidate import build_candidate
    from nas.candidates.features import network_features
    from nas.candidates.hyperparameters import fixed_hyperparameters
    from nas.network.keras_graph import read_keras_model
    from search_spaces.nasbench201 import NasBench201, live_steps, parse_architecture

    cell = parse_architecture(
        "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"
    )
    model = build_candidate(NasBench201(), fixed_hyperparameters(cell)).model
    steps = [(step.operation, step.sources) for step in live_steps(cell)]
    read, written = network_features(read_keras_model(model)), network_features(cell_network(steps))
    assert written == pytest.approx(read, rel=1e-3)


def test_the_score_is_the_share_of_the_true_front_s_hypervolume() -> None:
    """Normalized front (0, 1), (1, 0): 0.1 * 1.1 + 1.0 * 0.1 = 0.21; one of the two has 0.11."""
    score = make_score(np.array([[2.0, 30.0], [4.0, 10.0], [4.0, 30.0]]))
    assert score.whole == pytest.approx(0.21)
    assert score.ratio([0]) == pytest.approx(0.11 / 0.21)
    assert score.ratio([2]) == pytest.approx(0.01 / 0.21)
    assert score.ratio([0, 1]) == pytest.approx(1.0)


def test_figures_are_medians_over_searches_and_unreached_is_null() -> None:
    fast, slow = Course((0.5, 0.96, 1.0), 0, 1, 0.1), Course((0.5, 0.6, 0.95), 4, 3, 0.2)
    figures = summarize([fast, slow, slow])
    assert (figures["to_95"], figures["to_98"], figures["duplicates"]) == (3, None, 4)
    assert (figures["barred"], figures["trainings"]) == (3, 3)
    assert summarize([fast, slow])["to_95"] == 2.5
    assert not_worse([fast, slow], [slow, fast], 95) == 0.5


def test_the_picture_ends_where_a_search_was_cut_short() -> None:
    found, cut = (0.5, 0.99), (0.4, 0.6, 0.7)
    assert _common([found, cut], 0.99, length=4).tolist() == [[0.5, 0.99, 0.99], [0.4, 0.6, 0.7]]
    assert _common([found], 0.99, length=4).tolist() == [[0.5, 0.99, 0.99, 0.99]]


def test_ours_finds_the_front_of_a_tiny_table_and_asks_for_nothing_twice(problem: Problem) -> None:
    course = run_search("cost_aware", 0, problem=problem, budget=5, noise=0.0)
    assert course.ratios[-1] >= ENOUGH
    assert (course.repeats, course.barred) == (0, 0)


@pytest.mark.parametrize("name", ["tpe", "nsga2", "nsga2_default", "random"])
def test_optuna_s_samplers_are_told_what_is_barred(name: str, problem: Problem) -> None:
    course = run_search(name, 0, problem=problem, budget=5, noise=0.0)
    assert course.barred > 0
    assert len(course.ratios) + course.repeats + course.barred <= ASKS * 5
    assert all(0 <= ratio <= 1 + 1e-9 for ratio in course.ratios)


@pytest.mark.slow
def test_the_command_prints_one_json_object(table: Path, tmp_path: Path) -> None:
    picture = tmp_path / "courses.png"
    options = ["--table", str(table), "--accuracy", "top1", "--latency", "ms", "--params",
               "--seeds", "2", "--budget", "5", "--samplers", "cost_aware,random", "--json",
               "--picture", str(picture), "--keep", str(tmp_path / "kept.jsonl")]  # fmt: skip
    command = [sys.executable, "-m", "benchmarks.search_efficiency", *options]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    figures = json.loads(done.stdout)
    again = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert json.loads(again.stdout) == figures
    assert "done" in done.stderr
    assert "done" not in again.stderr  # all searches were kept
    ours = figures[figures["default"]]
    assert {"to_90", "to_95", "to_98", "to_99", "hv_at", "duplicates"} <= set(ours)
    assert ours["duplicates"] == ours["most_duplicates"] == 0
    assert "random" in figures
    assert picture.read_bytes().startswith(b"\x89PNG")
