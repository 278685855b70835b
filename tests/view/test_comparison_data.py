from pathlib import Path

import pytest

from nas.errors import UserError
from nas.records.record import Record
from nas.records.run import RunDirectory
from nas.view.axis import front_axes
from nas.view.comparison import Run
from nas.view.comparison_data import attained, comparison_data
from nas.view.comparison_page import write_comparison
from objectives import DEFAULT_OBJECTIVES, OBJECTIVES
from tests.view.candidates import HOSTILE, candidate, configuration

THREE = [OBJECTIVES[name] for name in DEFAULT_OBJECTIVES]
TWO = THREE[:2]
A = [candidate("a1", 0.5, 1.0), candidate("a2", 0.8, 4.0), candidate("worst", 0.4, 5.0)]
B = [candidate("b1", 0.6, 2.0), candidate("b2", 0.9, 4.0)]


def _run(name: str, records: list[Record], **values: object) -> Run:
    return Run(RunDirectory(Path(name)), configuration(**values), records, TWO)


def test_each_run_tells_what_it_adds_to_the_joint_front() -> None:
    first, second = comparison_data([_run("a", A), _run("b", B, sampler="random")])["runs"]
    # The joint front is a1, b1 and b2 in a box of 0.4 - 0.9 and 1 - 5.
    assert (first["front"], first["joint"], first["jointSize"]) == (2, 1, 3)
    assert first["share"] == pytest.approx((0.2 * 3 + 0.8 * 1) / 4)
    assert second["share"] == pytest.approx((0.4 * 2 + 1.0 * 1) / 4)
    assert first["adds"] == pytest.approx(0.2 * 1 / 4)
    assert first["shares"][-1] == pytest.approx(first["share"])


def test_only_runs_that_differ_in_their_seed_alone_are_repetitions() -> None:
    others: tuple[dict[str, object], ...]
    others = {"sampler": "random"}, {"batch_size": 8}, {"augment": ("flip",)}
    runs = [_run("a", A, seed=1), _run("b", B, seed=2), *(_run("c", A, **each) for each in others)]
    assert [each["runs"] for each in comparison_data(runs)["attainment"]] == [[0, 1]]


def test_the_median_is_what_half_of_the_runs_reach() -> None:
    up, right = front_axes([*A, *B], TWO)
    fronts = [A[:2], B, [candidate("c", 0.7, 3.0)]]
    assert attained(fronts, right, up) == [
        (2.0, 50.0), (3.0, 50.0), (3.0, 60.0), (4.0, 60.0), (4.0, 80.0),
    ]  # fmt: skip
    assert attained([A[:2], [], []], right, up) == []


def test_runs_without_common_objectives_or_candidates_are_refused() -> None:
    other = Run(RunDirectory(Path("b")), configuration(), B, THREE[:1])
    with pytest.raises(UserError, match="share fewer than two objectives"):
        comparison_data([_run("a", A), other])
    with pytest.raises(UserError, match="no complete candidate"):
        comparison_data([_run("a", []), _run("b", [])])


@pytest.mark.parametrize("name", HOSTILE[:5])
def test_hostile_names_are_text(name: str, tmp_path: Path) -> None:
    config = {"space": name, "sampler": name, "device": name}
    runs = [_run("a", A, **config), _run("b", B, **config)]
    write_comparison(tmp_path / "c.html", runs)
    assert name not in (tmp_path / "c.html").read_text()
