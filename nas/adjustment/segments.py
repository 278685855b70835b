"""Runs of channels that stand together wherever they are; they are widened as a whole."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Layout = NDArray[np.int64]
"""The channels of a tensor in order, by number; channels that must stay alike have one number."""

_END = -1


@dataclass(frozen=True)
class Segment:
    """Channels that stand together wherever they are.

    Attributes:
        number: Identifies it.
        length: How many channels.
        fixed_by: What keeps them from being widened, in words; ``None`` if nothing does.
        is_end: Whether that is the network's input or output.
    """

    number: int
    length: int
    fixed_by: str | None
    is_end: bool


def find_segments(
    layouts: Iterable[Layout], cuts: set[int], reasons: Mapping[int, str], ends: set[int]
) -> dict[int, Segment]:
    """Find the longest runs of channels that stand together in every layout.

    Args:
        layouts: The channels of all tensors.
        cuts: Channels that begin a segment, as they begin a group.
        reasons: What fixes a channel.
        ends: Channels of the network's inputs and outputs.

    Returns:
        Segments by their first channel.
    """
    after: dict[int, set[int]] = {}
    before: dict[int, set[int]] = {}
    for one, other in _neighbours(layouts):
        after.setdefault(one, set()).add(other)
        before.setdefault(other, set()).add(one)
    follows = {
        one: next(iter(others))
        for one, others in after.items()
        if len(others) == 1 and _continues(one, next(iter(others)), before, cuts, reasons)
    }
    heads = (set(before) | set(after)) - set(follows.values()) - {_END}
    lengths = {head: 1 + sum(1 for _ in _walk(head, follows)) for head in heads}
    return {
        head: Segment(head, length, reasons.get(head), head in ends)
        for head, length in lengths.items()
    }


def _neighbours(layouts: Iterable[Layout]) -> set[tuple[int, int]]:
    pairs: set[tuple[int, int]] = set()
    distinct = {layout.tobytes(): layout for layout in layouts}
    for layout in distinct.values():
        ended = np.concatenate(([_END], layout, [_END]))
        pairs.update(map(tuple, np.unique(np.stack((ended[:-1], ended[1:]), 1), axis=0).tolist()))
    return pairs


def _continues(
    one: int, other: int, before: dict[int, set[int]], cuts: set[int], reasons: Mapping[int, str]
) -> bool:
    if _END in (one, other) or len(before[other]) != 1 or other in cuts:
        return False
    return reasons.get(one) == reasons.get(other)


def _walk(head: int, follows: dict[int, int]) -> Iterator[int]:
    while (head := follows.get(head, _END)) != _END:
        yield head


def split(layout: Layout, segments: Mapping[int, Segment]) -> tuple[Segment, ...]:
    """Return the segments a layout consists of, in order.

    Args:
        layout: The channels of a tensor.
        segments: Segments by their first channel.
    """
    found, at = [], 0
    channels = layout.tolist()
    while at < len(channels):
        segment = segments[channels[at]]
        found.append(segment)
        at += segment.length
    return tuple(found)


def width_of(segments: Iterable[Segment]) -> int:
    """Return how many channels segments have."""
    return sum(segment.length for segment in segments)
