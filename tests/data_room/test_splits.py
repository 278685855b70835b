import numpy as np
import pytest

from nas.data.dataset import SPLITS
from nas.data.splits import assign_splits
from nas.errors import UserError
from tests.data_room.pictures import make_collection


def labels_of(*counts: int) -> list[int]:
    return [label for label, count in enumerate(counts) for _ in range(count)]


def test_splits_are_disjoint_and_together_hold_every_example() -> None:
    shares = assign_splits(make_collection(train=labels_of(700, 333)), seed=3)
    assert set(shares) == set(SPLITS)
    dealt = np.concatenate([share.indices for share in shares.values()])
    assert sorted(dealt) == list(range(1033))


def test_every_split_has_each_class_in_proportion() -> None:
    labels = np.array(labels_of(800, 200))
    shares = assign_splits(make_collection(train=labels), seed=0)
    counts = {split: np.bincount(labels[share.indices]).tolist() for split, share in shares.items()}
    assert counts == {
        "test": [120, 30],
        "validation": [120, 30],
        "calibration": [56, 14],
        "train": [504, 126],
    }


def test_calibration_stops_at_200_examples() -> None:
    shares = assign_splits(make_collection(train=labels_of(3000, 3000)), seed=0)
    assert len(shares["calibration"].indices) == 200


def test_four_images_of_a_class_put_one_in_each_split() -> None:
    labels = np.array(labels_of(4, 4, 4))
    shares = assign_splits(make_collection(("a", "b", "c"), train=labels), seed=0)
    for share in shares.values():
        assert sorted(labels[share.indices]) == [0, 1, 2]


def test_many_small_classes_beside_a_large_one_leave_training_images_to_each() -> None:
    labels = np.array(labels_of(*[4] * 50, 1000))
    names = tuple(f"c{number:02d}" for number in range(51))
    shares = assign_splits(make_collection(names, train=labels), seed=0)
    for share in shares.values():
        assert np.bincount(labels[share.indices], minlength=51).min() >= 1


def test_given_validation_and_test_parts_are_kept_whole() -> None:
    collection = make_collection(
        train=labels_of(20, 20), validation=labels_of(3, 4), test=labels_of(5, 6)
    )
    shares = assign_splits(collection, seed=0)
    assert (shares["validation"].part, sorted(shares["validation"].indices)) == (
        "validation",
        list(range(7)),
    )
    assert (shares["test"].part, sorted(shares["test"].indices)) == ("test", list(range(11)))
    assert len(shares["train"].indices) + len(shares["calibration"].indices) == 40


@pytest.mark.parametrize(("given", "carved"), [("test", "validation"), ("validation", "test")])
def test_a_missing_part_is_carved_from_train_at_15_percent(given: str, carved: str) -> None:
    shares = assign_splits(
        make_collection(("a", "b"), train=labels_of(100, 100), **{given: labels_of(5, 5)}), seed=0
    )
    assert (shares[carved].part, len(shares[carved].indices)) == ("train", 30)
    assert (shares[given].part, len(shares[given].indices)) == (given, 10)


def test_the_seed_alone_decides() -> None:
    collection = make_collection(train=labels_of(50, 50))
    first, again, other = (assign_splits(collection, seed=seed) for seed in (1, 1, 2))
    assert first["train"].indices.tolist() == again["train"].indices.tolist()
    assert first["train"].indices.tolist() != other["train"].indices.tolist()


def test_the_choice_is_the_same_on_every_machine() -> None:
    shares = assign_splits(make_collection(train=labels_of(6, 6)), seed=0)
    assert {split: share.indices.tolist() for split, share in shares.items()} == {
        "train": [9, 4, 0, 6, 5, 8],
        "validation": [2, 11],
        "calibration": [1, 7],
        "test": [10, 3],
    }


def test_classes_are_mixed_within_a_split() -> None:
    labels = np.array(labels_of(500, 500))
    shares = assign_splits(make_collection(train=labels), seed=0)
    for share in shares.values():
        assert 0.2 < labels[share.indices][: len(share.indices) // 2].mean() < 0.8


def test_a_class_with_too_few_images_is_named() -> None:
    with pytest.raises(UserError, match=r"made: class 'b' needs at least 4 .* found 3; add"):
        assign_splits(make_collection(train=labels_of(9, 3)), seed=0)


def test_given_parts_lower_the_images_a_class_needs() -> None:
    held_out = {"validation": labels_of(1, 1), "test": labels_of(1, 1)}
    assign_splits(make_collection(("a", "b"), train=labels_of(2, 2), **held_out), seed=0)
    with pytest.raises(UserError, match="class 'a' needs at least 2 training examples"):
        assign_splits(make_collection(("a", "b"), train=labels_of(1, 2), **held_out), seed=0)


def test_a_class_missing_from_validation_is_named() -> None:
    collection = make_collection(train=labels_of(9, 9), validation=[0, 0])
    with pytest.raises(UserError, match="must be in validation, but 'b' is not; add some of it"):
        assign_splits(collection, seed=0)


def test_a_class_only_in_test_is_named() -> None:
    collection = make_collection(("a", "b", "c"), train=labels_of(9, 9), test=[0, 1, 2])
    with pytest.raises(UserError, match="must be in train, but 'c' is only in test; add it"):
        assign_splits(collection, seed=0)


def test_one_class_is_refused() -> None:
    with pytest.raises(UserError, match="at least 2 classes, found 1, only 'a'"):
        assign_splits(make_collection(("a",), train=[0] * 9), seed=0)


def test_more_than_a_thousand_classes_are_refused() -> None:
    names = tuple(str(number) for number in range(1001))
    with pytest.raises(UserError, match="at most 1000 classes are supported, found 1001"):
        assign_splits(make_collection(names, train=labels_of(*[4] * 1001)), seed=0)
