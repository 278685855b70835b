"""Four disjoint, stratified splits, the same on every machine."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.data.collection import Collection
from nas.data.group_splits import deal_groups
from nas.errors import UserError

MAX_CLASSES = 1000
HELD_OUT_PERCENT = 15
CALIBRATION_PERCENT = 10
MAX_CALIBRATION = 200
GROUP_SHARES = {"test": 0.15, "validation": 0.15, "calibration": 0.07, "train": 0.63}
"""The same shares where whole groups are dealt."""

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Share:
    """The examples of one split: ``indices`` into the collection's part ``part``."""

    part: str
    indices: Indices


def _shuffled(values: Indices, seed: int, *, stream: int) -> Indices:
    """Shuffle by the generator's raw bits, which NumPy keeps the same in every version."""
    bits = np.random.PCG64(np.random.SeedSequence((seed, stream)))
    return values[np.argsort(bits.random_raw(len(values)), kind="stable")]


def _held_out_counts(sizes: Indices) -> Indices:
    """Examples by class for a validation or test split carved from train."""
    return np.maximum(1, (sizes * HELD_OUT_PERCENT + 50) // 100)


def _calibration_counts(sizes: Indices) -> Indices:
    """Examples by class, in proportion, at least one each, for the calibration split."""
    total = int(sizes.sum())
    wanted = min(MAX_CALIBRATION, total * CALIBRATION_PERCENT // 100)
    counts, remainders = np.divmod(sizes * wanted, total)
    most_due = np.argsort(-remainders, kind="stable")[: wanted - int(counts.sum())]
    counts[most_due] += 1
    return np.asarray(np.maximum(1, counts), dtype=np.int64)


def _class_sizes(collection: Collection) -> dict[str, Indices]:
    count = len(collection.class_names)
    return {
        name: np.bincount(part.labels, minlength=count).astype(np.int64)
        for name, part in collection.parts.items()
    }


def _check_class_count(collection: Collection) -> None:
    count = len(collection.class_names)
    if count < 2:
        only = f", only {collection.class_names[0]!r}" if count else ""
        raise UserError(
            f"{collection.name}: a data set needs at least 2 classes, found {count}{only}; "
            "give one folder or label to each class"
        )
    if count > MAX_CLASSES:
        raise UserError(
            f"{collection.name}: at most {MAX_CLASSES} classes are supported, found {count}; "
            "leave some out"
        )


def _check_given_part(collection: Collection, part: str, sizes: Mapping[str, Indices]) -> None:
    """A part the source gives must hold exactly the classes of train."""
    for label, class_name in enumerate(collection.class_names):
        in_train, in_part = int(sizes["train"][label]), int(sizes[part][label])
        if in_part and not in_train:
            raise UserError(
                f"{collection.name}: every class must be in train, but {class_name!r} is only in "
                f"{part}; add it to train or remove it from {part}"
            )
        if in_train and not in_part:
            raise UserError(
                f"{collection.name}: every class must be in {part}, but {class_name!r} is not; "
                f"add some of it, or remove {part} to have it taken from train"
            )


def _check_train_sizes(collection: Collection, sizes: Indices, needed: int) -> None:
    for class_name, size in zip(collection.class_names, sizes, strict=True):
        if size < needed:
            raise UserError(
                f"{collection.name}: class {class_name!r} needs at least {needed} training "
                f"examples to be in every split, found {size}; add some or remove it"
            )


def _check(collection: Collection) -> None:
    _check_class_count(collection)
    sizes = _class_sizes(collection)
    given = [part for part in ("validation", "test") if part in sizes]
    for part in given:
        _check_given_part(collection, part, sizes)
    if collection.parts["train"].groups is None:  # of groups it is told when they are dealt
        # Training and calibration take one example each, a split carved from train one more.
        _check_train_sizes(collection, sizes["train"], needed=4 - len(given))


def _carve(labels: NDArray[np.int32], counts: Mapping[str, Indices], seed: int) -> dict[str, Any]:
    """Deal each class's examples to the splits by count, the rest to train."""
    dealt: dict[str, list[Indices]] = {split: [] for split in (*counts, "train")}
    by_label = np.argsort(labels, kind="stable")
    bounds = np.searchsorted(labels[by_label], np.arange(int(labels.max()) + 2))
    for label, (start, stop) in enumerate(pairwise(bounds)):
        members, taken = _shuffled(by_label[start:stop], seed, stream=label), 0
        for split, by_class in counts.items():
            dealt[split].append(members[taken : taken + int(by_class[label])])
            taken += int(by_class[label])
        dealt["train"].append(members[taken:])
    return {split: np.concatenate(pieces) for split, pieces in dealt.items()}


def assign_splits(collection: Collection, seed: int) -> dict[str, Share]:
    """Decide which example goes to which split.

    A ``validation`` or ``test`` part of the source is kept; one that is missing is carved from
    ``train`` (15 % of each class). Calibration is carved from what is left (10 %, at most 200).
    Where the source knows groups, whole groups are dealt, near these shares.

    Args:
        collection: What to split.
        seed: Seed of the choice, 0 or more.

    Returns:
        The share of each split: disjoint, every class in each, in shuffled order.

    Raises:
        UserError: A class is missing from a split or has too few examples or groups, or there are
            too few or too many classes.
    """
    _check(collection)
    dealt = _dealt(collection, seed)
    shares = {split: Share("train", indices) for split, indices in dealt.items()}
    for part in ("validation", "test"):
        if part in collection.parts:
            shares[part] = Share(part, np.arange(len(collection.parts[part]), dtype=np.int64))
    return {
        split: Share(share.part, _shuffled(share.indices, seed, stream=MAX_CLASSES + number))
        for number, (split, share) in enumerate(sorted(shares.items()))
    }


def _dealt(collection: Collection, seed: int) -> dict[str, Indices]:
    """Deal the examples of ``train`` to the splits that the source does not give."""
    part = collection.parts["train"]
    if part.groups is not None:
        return deal_groups(part.labels, part.groups, GROUP_SHARES, name=collection.name, seed=seed)
    train = part.labels
    sizes = np.bincount(train, minlength=len(collection.class_names)).astype(np.int64)
    counts: dict[str, Indices] = {}
    for split in ("test", "validation"):
        if split not in collection.parts:
            counts[split] = _held_out_counts(sizes)
    left = sizes - sum(counts.values(), start=np.zeros_like(sizes))
    counts["calibration"] = _calibration_counts(left)
    return _carve(train, counts, seed)
