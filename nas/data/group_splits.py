"""Splits that keep every group whole: what a network is tested on comes from subjects it never met.

Reference: J. Gholamiangonabadi et al., Deep Neural Networks for Human Activity Recognition With
Wearable Sensors: Leave-One-Subject-Out Cross-Validation for Model Selection, IEEE Access 8 (2020),
doi:10.1109/ACCESS.2020.3010715, on what random splits hide.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from nas.errors import UserError

TRIES = 300
"""Deals that are compared; the one closest to the wanted shares is taken."""

Indices = NDArray[np.int64]


def deal_groups(
    labels: NDArray[np.int32],
    groups: NDArray[np.int32],
    wanted: Mapping[str, float],
    *,
    name: str,
    seed: int,
) -> dict[str, Indices]:
    """Deal whole groups to the splits.

    Args:
        labels: Class of each example, ``(n,)``.
        groups: Group of each example, ``(n,)``, from 0.
        wanted: Share of the examples each split should get; the shares sum to 1.
        name: What the user named, for the message.
        seed: Seed of the choice, 0 or more.

    Returns:
        Examples of each split, ascending, with every class in each.

    Raises:
        UserError: There are too few groups for that.
    """
    counts = _count_table(labels, groups)
    needed = len(wanted)
    if len(counts) < needed:
        raise UserError(
            f"{name}: a group is never divided between splits, so that {needed} groups are "
            f"needed, found {len(counts)}; record more subjects, or name sessions as groups"
        )
    shares = np.array(list(wanted.values()))
    deals = (_deal(counts, shares, seed, stream) for stream in range(TRIES))
    complete = [deal for deal in deals if _is_complete(counts, deal, needed)]
    if not complete:
        raise UserError(
            f"{name}: no deal of {len(counts)} groups to {needed} splits has every class in each; "
            "record more subjects for the rare classes, or remove these"
        )
    best = min(complete, key=lambda deal: _distance(counts, deal, shares))
    owners = best[groups]
    return {split: np.flatnonzero(owners == number) for number, split in enumerate(wanted)}


def _count_table(labels: NDArray[np.int32], groups: NDArray[np.int32]) -> Indices:
    """Examples by group and class; groups without examples are left in as zeros."""
    classes = int(labels.max()) + 1
    flat = np.bincount(groups.astype(np.int64) * classes + labels, minlength=classes)
    rows = -(-len(flat) // classes)
    return np.asarray(np.pad(flat, (0, rows * classes - len(flat))).reshape(rows, classes))


def _deal(counts: Indices, shares: NDArray[np.float64], seed: int, stream: int) -> Indices:
    """Give each group, in random order, to the split that lacks most of its share."""
    bits = np.random.PCG64(np.random.SeedSequence((seed, stream)))
    order = np.argsort(bits.random_raw(len(counts)), kind="stable")
    sizes = counts.sum(axis=1)
    lacking = shares * sizes.sum()
    owners = np.zeros(len(counts), np.int64)
    for group in order:
        owner = int(np.argmax(lacking / shares))
        owners[group] = owner
        lacking[owner] -= sizes[group]
    return owners


def _by_split(counts: Indices, deal: Indices, splits: int) -> Indices:
    return np.stack([counts[deal == split].sum(axis=0) for split in range(splits)])


def _is_complete(counts: Indices, deal: Indices, splits: int) -> bool:
    return bool(_by_split(counts, deal, splits).all())


def _distance(counts: Indices, deal: Indices, shares: NDArray[np.float64]) -> float:
    sizes = _by_split(counts, deal, len(shares)).sum(axis=1)
    return float(np.abs(sizes / sizes.sum() - shares).max())
