"""The relative whose weights a candidate starts from."""

import pytest

from nas.records.record import Record, Status
from nas.study.ancestry import closest_relative, shared_settings


def finished(name: str, accuracy: float | None, **settings: object) -> Record:
    status: Status = "failed" if accuracy is None else "complete"
    return Record(name, "own", settings, status, accuracy=accuracy)


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        ({}, {}, 1.0),
        ({"width": 8}, {"width": 8}, 1.0),
        ({"width": 8, "depth": 2}, {"width": 8, "depth": 3}, 0.5),
        ({"width": 8, "depth": 2}, {"width": 8}, 0.5),
        ({"width": None}, {"depth": None}, 0.0),
    ],
)
def test_settings_that_only_one_has_are_not_shared(
    one: dict[str, object], other: dict[str, object], share: float
) -> None:
    assert shared_settings(one, other) == shared_settings(other, one) == share


def test_the_relative_shares_most_settings_and_of_equals_is_the_most_accurate() -> None:
    near = finished("near", 0.6, width=8, depth=2, kernel=3)
    better = finished("better", 0.7, width=8, depth=2, kernel=5)
    far = finished("far", 0.99, width=4, depth=2, kernel=1)
    new = {"width": 8, "depth": 2, "kernel": 1}
    assert closest_relative(new, [near, better]) is better
    assert closest_relative({**new, "kernel": 3}, [near, better, far]) is near


def test_strangers_and_networks_that_were_not_trained_hand_nothing_down() -> None:
    untrained = finished("untrained", None, width=8, depth=2)
    stranger = finished("stranger", 0.9, width=4, depth=3)
    assert closest_relative({"width": 8, "depth": 2}, [untrained, stranger]) is None
    assert closest_relative({"width": 8, "depth": 2}, []) is None
