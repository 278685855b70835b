"""A ``.csv`` of sensor channels as a collection of windows."""

import csv
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.data.collection import Collection, Part
from nas.errors import UserError

LABEL, GROUP = "label", "group"
TIMES = ("time", "timestamp")
WINDOW = 128
"""Samples of a window: 2.56 s at 50 Hz, as in the UCI HAR data set, with the same overlap of half.

Reference: D. Anguita et al., A Public Domain Dataset for Human Activity Recognition Using
Smartphones, ESANN 2013.
"""


@dataclass(frozen=True)
class _WindowReader:
    """Cuts the window of an index out of the channels."""

    channels: NDArray[np.float32]
    starts: NDArray[np.int64]
    samples: int

    def __call__(self, index: int) -> NDArray[Any]:
        start = int(self.starts[index])
        return self.channels[start : start + self.samples]


def load_table(path: Path, name: str, samples: int | None) -> Collection:
    """Read a table of samples in order of time, one a row.

    Its first line names the columns: ``label`` is the class, ``group`` the subject (or session),
    ``time`` or ``timestamp`` is left out, every other column is a channel. Windows overlap by half
    and lie within rows of one label and one group that follow each other.

    Args:
        path: The file.
        name: What the user named.
        samples: Samples of a window; ``None`` is ``WINDOW``.

    Returns:
        Its windows in one part ``train``, with their groups.

    Raises:
        UserError: The file cannot be read, lacks a column, or holds what is no number.
    """
    length = WINDOW if samples is None else samples
    channel_names = _channel_names(path)
    table = _read(path, channel_names)
    channels = np.column_stack([_numbers(path, table, each) for each in channel_names])
    label_names, labels = _encoded(path, table, LABEL)
    _, groups = _encoded(path, table, GROUP)
    starts = _starts(labels, groups, length)
    missing = sorted(set(range(len(label_names))) - set(labels[starts].tolist()))
    if missing:
        raise UserError(
            f"{path}: {LABEL} {label_names[missing[0]]!r} has no {length} rows in a row of one "
            f"{GROUP}; lower --samples or remove it"
        )
    part = Part(labels[starts], _WindowReader(channels, starts, length), groups[starts])
    shape = (length, len(channel_names))
    return Collection(name, label_names, shape, {"train": part}, dtype="float32")


def _channel_names(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            columns = next(csv.reader(file), [])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: a table must be readable UTF-8 text, but: {error}") from error
    for needed in (LABEL, GROUP):
        if columns.count(needed) != 1:
            raise UserError(
                f"{path}: the first line must name one column {needed!r}, found "
                f"{', '.join(columns)[:200] or 'nothing'}; name the class {LABEL} and the subject "
                f"or session {GROUP}"
            )
    channels = [name for name in columns if name not in (LABEL, GROUP, *TIMES)]
    if not channels or len(set(channels)) < len(channels):
        raise UserError(f"{path}: channels need different names, found {', '.join(channels)!r}")
    return channels


def _read(path: Path, channel_names: Sequence[str]) -> Any:
    import pandas as pd

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pd.errors.DtypeWarning)  # told by line below
            return pd.read_csv(
                path,
                usecols=[LABEL, GROUP, *channel_names],
                dtype={LABEL: str, GROUP: str},
                encoding="utf-8-sig",
                skip_blank_lines=False,
                index_col=False,
            )
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path}: a table must be readable, but: {reason}; repair it") from error


def _numbers(path: Path, table: Any, name: str) -> NDArray[np.float32]:
    import pandas as pd

    values = pd.to_numeric(table[name], errors="coerce").to_numpy(np.float32)
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        raise UserError(
            f"{path}, line {wrong[0] + 2}: {name} must be a number, got "
            f"{str(table[name].iloc[wrong[0]])!r:.40}; fill the gap or remove the rows"
        )
    return np.asarray(values)


def _encoded(path: Path, table: Any, name: str) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    empty = np.flatnonzero(table[name].isna().to_numpy())
    if len(empty):
        raise UserError(f"{path}, line {empty[0] + 2}: {name} must not be empty; fill it in")
    values, numbers = np.unique(table[name].to_numpy(str), return_inverse=True)
    return tuple(map(str, values)), numbers.astype(np.int32)


def _starts(
    labels: NDArray[np.int32], groups: NDArray[np.int32], samples: int
) -> NDArray[np.int64]:
    """First rows of the windows within stretches of one label and one group."""
    changes = np.flatnonzero(np.diff(labels) | np.diff(groups)) + 1
    bounds = np.concatenate([[0], changes, [len(labels)]])
    step = max(1, samples // 2)
    starts = [np.arange(start, stop - samples + 1, step) for start, stop in pairwise(bounds)]
    return np.concatenate(starts).astype(np.int64)
