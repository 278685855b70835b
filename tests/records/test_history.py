import pytest

from nas.records.history import box, growth
from objectives import OBJECTIVES
from tests.view.candidates import candidate

TWO = [OBJECTIVES["accuracy"], OBJECTIVES["latency_ms"]]
RECORDS = [
    candidate("worst", 0.5, 5.0),
    candidate("middle", 0.7, 3.0),
    candidate("broken", status="failed"),
    candidate("fast", 0.5, 1.0),
    candidate("good", 0.9, 3.0),
]


def test_the_share_grows_with_the_front() -> None:
    bounds = box([RECORDS], TWO)
    assert bounds is not None
    # The box spans 0.5 - 0.9 and 1 - 5: "middle" dominates half of each side.
    assert growth(RECORDS, TWO, bounds) == pytest.approx([0.0, 0.25, 0.25, 0.25, 0.5])


def test_runs_share_a_box() -> None:
    bounds = box([RECORDS[:2], RECORDS[3:]], TWO)
    assert bounds is not None
    assert [each.tolist() for each in bounds] == [[-0.9, 1.0], [-0.5, 5.0]]


def test_without_a_complete_candidate_there_is_no_box() -> None:
    assert box([RECORDS[2:3], []], TWO) is None
