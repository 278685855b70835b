"""Rank correlations with known answers, and what is made of them."""

from pathlib import Path

import numpy as np
import pytest

from nas.errors import UserError
from nas.records.fidelity import (
    Comparison,
    append_comparison,
    choose,
    compare,
    kendall,
    read_comparisons,
    spearman_interval,
)
from tests.records.records import record


def comparisons(brief: list[float], longer: list[float | None]) -> list[Comparison]:
    pairs = zip(brief, longer, strict=True)
    return [Comparison(str(n), 5, b, 25, after) for n, (b, after) in enumerate(pairs)]


def test_a_textbook_example() -> None:
    """Ten pairs with differences of ranks whose squares add up to 194: 1 - 6 * 194 / 990."""
    iq = [106.0, 100, 86, 101, 99, 103, 97, 113, 112, 110]
    hours: list[float | None] = [7.0, 27, 2, 50, 28, 29, 20, 12, 6, 17]
    fidelity = compare(comparisons(iq, hours))
    assert fidelity is not None
    assert fidelity.spearman == pytest.approx(-29 / 165)
    assert fidelity.kendall == pytest.approx(-5 / 45)


def test_ties_share_their_rank_and_are_left_out_of_kendall() -> None:
    left, right = np.array([1.0, 2.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0, 4.0])
    assert kendall(left, right) == pytest.approx(5 / (5 * 6) ** 0.5)
    fidelity = compare(comparisons([1, 2, 2, 3], [1, 2, 3, 4]))
    assert fidelity is not None
    assert fidelity.spearman == pytest.approx(0.9486832980505138)


def test_the_interval_is_that_of_fishers_transformation() -> None:
    low, high = spearman_interval(0.684848, 10)
    reach = 1.959964 * ((1 + 0.684848**2 / 2) / 7) ** 0.5
    assert low == pytest.approx(np.tanh(np.arctanh(0.684848) - reach))
    assert high == pytest.approx(np.tanh(np.arctanh(0.684848) + reach))
    assert spearman_interval(0.9, 3) == (None, None)


@pytest.mark.parametrize(
    ("longer", "warning"),
    [
        ([1, 2, 3, 4, 5, 6, 7, 8], None),
        ([1, 4, 2, 3], "4 candidates are too few to tell whether 5 epochs rank networks"),
        ([5, 3, 8, 1, 7, 2, 6, 4], "5 epochs cannot rank these networks"),
        ([8, 7, 6, 5, 4, 3, 2, 1], "5 epochs cannot rank these networks"),
        ([1, 1, 1, 1], "5 epochs cannot rank these networks"),
    ],
)
def test_a_warning_says_why_the_order_is_not_to_be_trusted(
    longer: list[float | None], warning: str | None
) -> None:
    brief = [float(number) for number in range(len(longer))]
    fidelity = compare(comparisons(brief, longer))
    assert fidelity is not None
    assert (fidelity.warning is None) if warning is None else warning in str(fidelity.warning)


def test_failed_trainings_are_left_out() -> None:
    fidelity = compare(comparisons([0.1, 0.2, 0.3, 0.4], [0.1, None, 0.3, 0.4]))
    assert fidelity is not None
    assert fidelity.candidates == 3
    assert fidelity.spearman == pytest.approx(1.0)
    assert compare(comparisons([0.1], [None])) is None


def test_candidates_are_chosen_evenly_from_the_best_to_the_worst() -> None:
    records = [record(str(number), accuracy=number / 100) for number in range(11)]
    stopped = [record("stopped", status="stopped", accuracy=None)]
    assert [r.candidate_id for r in choose([*records, *stopped], 3)] == ["10", "5", "0"]
    assert len(choose(records, 50)) == 11
    assert choose(stopped, 3) == []


def test_lines_are_read_as_they_were_written_and_a_cut_off_one_is_left_out(tmp_path: Path) -> None:
    path, written = tmp_path / "fidelity.jsonl", comparisons([0.7, 0.6], [0.8, None])
    assert read_comparisons(path) == []
    for each in written:
        append_comparison(path, each)
    with path.open("a") as file:
        file.write('{"candidate_id": "cut')
    assert read_comparisons(path) == written
    path.write_text('{"candidate_id": "x"}\n')
    with pytest.raises(UserError, match=r"fidelity.jsonl:1: no comparison"):
        read_comparisons(path)
