import random

import pytest

from nas.records.importance import knob_importance
from nas.records.record import Record
from objectives import OBJECTIVES
from tests.view.candidates import candidate

TWO = [OBJECTIVES["accuracy"], OBJECTIVES["latency_ms"]]


def _records(count: int) -> list[Record]:
    draw = random.Random(3)  # noqa: S311 - made-up data
    made = []
    for index in range(count):
        width, rate, noise = draw.choice([1, 2, 3]), draw.random(), draw.gauss(0, 0.2)
        settings = {"width": width, "rate": rate, "noise": noise, "fixed": 7}
        made.append(candidate(str(index), rate, 2.0 * width, hyperparameters=settings))
    return made


def test_what_decides_explains_all_and_what_does_not_nothing() -> None:
    found = knob_importance(_records(400), TWO)
    assert list(found)[:2] == ["width", "rate"]
    assert found["width"][1] == pytest.approx(1.0)
    assert found["width"][0] == pytest.approx(0.0, abs=0.03)
    # Quintiles of a uniform variable leave 1/25 of its variance within.
    assert found["rate"][0] == pytest.approx(0.96, abs=0.01)
    assert found["noise"] == pytest.approx([0.0, 0.0], abs=0.03)


def test_what_never_varies_is_left_out() -> None:
    assert "fixed" not in knob_importance(_records(400), TWO)


def test_few_candidates_tell_nothing() -> None:
    assert knob_importance(_records(9), TWO) == {}


def test_what_chance_explains_is_no_share() -> None:
    """Of many hyperparameters, some seem to explain what they know nothing of."""
    draw = random.Random(5)  # noqa: S311 - made-up data
    records = [
        candidate(str(index), draw.random(), 1.0 + width, hyperparameters={
            "width": width, **{f"idle_{each}": draw.randrange(4) for each in range(24)}})
        for index, width in enumerate([0, 1, 2] * 10)
    ]  # fmt: skip
    found = knob_importance(records, TWO)
    assert found["width"][1] == pytest.approx(1.0)
    idle = [share for name, shares in found.items() if name != "width" for share in shares]
    assert sum(share != 0.0 for share in idle) <= 2
