"""A folder of ``.wav`` files as a collection: one header is read, files when they are needed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.data.collection import Collection, Part
from nas.data.folders import SIGNAL_SUFFIXES, FolderIndex, index_folder
from nas.data.wav import WavHeader, read_header, read_middle
from nas.errors import UserError


@dataclass(frozen=True)
class _WavReader:
    """Reads the signal of an index."""

    root: Path
    files: tuple[str, ...]
    samples: int
    rate_hz: float

    def __call__(self, index: int) -> NDArray[Any]:
        path = self.root / self.files[index]
        try:
            return np.asarray(read_middle(path, self.samples, self.rate_hz))
        except (OSError, ValueError) as error:
            raise _refusal(path, error) from error


def load_wav_folder(folder: Path, name: str, samples: int | None) -> Collection:
    """List a data folder of ``.wav`` files; see ``index_folder`` for what it holds.

    Each file is one example: its middle, or all of it in the middle of silence.

    Args:
        folder: The data folder.
        name: What the user named.
        samples: Samples of an example; ``None`` is one second.

    Returns:
        Its signals, of one channel, with the parts the folder gives. All must have the sample
        rate of the first.

    Raises:
        UserError: See ``index_folder``; or the first file cannot be read.
    """
    index = index_folder(folder, SIGNAL_SUFFIXES)
    rate_hz = _first_header(index).rate_hz
    length = rate_hz if samples is None else samples
    parts = {
        part: _part(index, by_class, length, rate_hz) for part, by_class in index.files.items()
    }
    return Collection(
        name,
        index.class_names,
        (length, 1),
        parts,
        dtype="float32",
        sample_rate_hz=rate_hz,
        ignored_files=index.ignored_files,
    )


def _first_header(index: FolderIndex) -> WavHeader:
    by_class = index.files["train"]
    path = index.root / by_class[min(by_class)][0]
    try:
        return read_header(path)
    except (OSError, ValueError) as error:
        raise _refusal(path, error) from error


def _part(
    index: FolderIndex, by_class: Mapping[str, tuple[str, ...]], samples: int, rate_hz: float
) -> Part:
    files = tuple(path for name in index.class_names for path in by_class.get(name, ()))
    counts = [len(by_class.get(name, ())) for name in index.class_names]
    labels = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    return Part(labels, _WavReader(index.root, files, samples, rate_hz))


def _refusal(path: Path, error: Exception) -> UserError:
    reason = getattr(error, "strerror", None) or str(error)
    return UserError(f"{path}: a signal must be readable, but: {reason}")
