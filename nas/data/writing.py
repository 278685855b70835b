"""Writes the splits of a collection to disk, a chunk of examples at a time."""

import math
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.data.collection import Collection, Part
from nas.data.dataset import SPLITS
from nas.data.fingerprint import Fingerprint
from nas.data.splits import Share
from nas.data.storage import JSON_NAME, Manifest, inputs_path, labels_path, write_manifest
from nas.errors import UserError

_CHUNK = 256
# NumPy leaves these functions without types.
_NPY_FORMAT: Any = np.lib.format
_MIB = 1 << 20
# Room left on the disk for others.
_SPARE_BYTES = 64 * _MIB

Progress = Callable[[int, int], None]


def check_disk_space(directory: Path, needed_bytes: int, remedy: str) -> None:
    """Refuse to start what the disk cannot hold.

    Args:
        directory: An existing folder on the disk.
        needed_bytes: Bytes to be written.
        remedy: What the user can do.

    Raises:
        UserError: Fewer than ``needed_bytes`` and a reserve are free.
    """
    free_bytes = shutil.disk_usage(directory).free
    if needed_bytes + _SPARE_BYTES > free_bytes:
        raise UserError(
            f"{directory}: {(needed_bytes + _SPARE_BYTES) // _MIB + 1} MiB of disk space needed, "
            f"{free_bytes // _MIB} MiB free; {remedy}"
        )


@contextmanager
def disk_errors(directory: Path) -> Iterator[None]:
    """Turn a failure to write into one line.

    Args:
        directory: Where is written, named in the message.

    Raises:
        UserError: The disk is full, the folder cannot be made, or the like.
    """
    try:
        yield
    except OSError as error:
        raise UserError(
            f"{directory}: the data set cannot be written: {error.strerror or error}; "
            "free space or choose another directory"
        ) from error


@dataclass(frozen=True)
class _SplitWriter:
    """Writes one split to partial files, in order, and takes its fingerprint on the way."""

    directory: Path
    collection: Collection
    pool: ThreadPoolExecutor
    fingerprint: Fingerprint

    def write(self, split: str, part: Part, share: Share) -> Iterator[int]:
        """Write a split; yields how many examples each step wrote."""
        labels = part.labels[share.indices].astype(np.int32)
        shape = (len(labels), *self.collection.input_shape)
        self.fingerprint.start_split(split, shape)
        with _partial(inputs_path(self.directory, split)).open("wb") as file:
            descr = np.dtype(self.collection.dtype).str
            header = {"descr": descr, "fortran_order": False, "shape": shape}
            _NPY_FORMAT.write_array_header_1_0(file, header)
            for start in range(0, len(labels), _CHUNK):
                chunk = self._read(part, share.indices[start : start + _CHUNK])
                file.write(chunk.data)
                self.fingerprint.add_inputs(chunk)
                yield len(chunk)
        self.fingerprint.add_labels(labels)
        with _partial(labels_path(self.directory, split)).open("wb") as file:
            np.save(file, labels, allow_pickle=False)

    def _read(self, part: Part, indices: NDArray[np.int64]) -> NDArray[Any]:
        return np.stack(list(self.pool.map(part.read, (int(index) for index in indices))))


def _partial(path: Path) -> Path:
    return path.with_name(f"{path.name}.partial")


def _discard_partial(directory: Path) -> None:
    """Remove what an interrupted or refused write left behind."""
    for split in SPLITS:
        for path in (inputs_path(directory, split), labels_path(directory, split)):
            _partial(path).unlink(missing_ok=True)


def _publish(directory: Path) -> None:
    """Give finished arrays their names: readers of an older data set keep the files they mapped."""
    for split in SPLITS:
        for path in (inputs_path(directory, split), labels_path(directory, split)):
            _partial(path).replace(path)


def _write_splits(
    collection: Collection,
    shares: Mapping[str, Share],
    directory: Path,
    on_progress: Progress | None,
) -> str:
    """Write every split to partial files; returns the fingerprint."""
    total, done = sum(len(share.indices) for share in shares.values()), 0
    fingerprint = Fingerprint(collection.class_names)
    with ThreadPoolExecutor(max_workers=min(16, os.cpu_count() or 1)) as pool:
        writer = _SplitWriter(directory, collection, pool, fingerprint)
        for split in SPLITS:
            share = shares[split]
            for count in writer.write(split, collection.parts[share.part], share):
                done += count
                if on_progress is not None:
                    on_progress(done, total)
    return fingerprint.hexdigest()


def _manifest(collection: Collection, sizes: Mapping[str, int], fingerprint: str) -> Manifest:
    return Manifest(
        name=collection.name,
        class_names=collection.class_names,
        split_sizes=sizes,
        input_shape=collection.input_shape,
        dtype=collection.dtype,
        fingerprint=fingerprint,
        is_synthetic=collection.is_synthetic,
        ignored_files=collection.ignored_files,
        sample_rate_hz=collection.sample_rate_hz,
    )


def write_dataset(
    collection: Collection,
    shares: Mapping[str, Share],
    directory: Path,
    on_progress: Progress | None = None,
) -> None:
    """Read and write all examples; at most a chunk of them is held in memory.

    Args:
        collection: Where examples come from.
        shares: Which example goes to which split.
        directory: Where to write; made if missing. A data set already there is replaced.
        on_progress: Called with the examples written and their total.

    Raises:
        UserError: The disk is too small or cannot be written, or an example cannot be read.
    """
    sizes = {split: len(shares[split].indices) for split in SPLITS}
    example_bytes = math.prod(collection.input_shape) * np.dtype(collection.dtype).itemsize
    needed_bytes = sum(sizes.values()) * example_bytes
    with disk_errors(directory):
        directory.mkdir(parents=True, exist_ok=True)
        check_disk_space(directory, needed_bytes, "free some, or lower --image-size or --samples")
        (directory / JSON_NAME).unlink(missing_ok=True)
        try:
            fingerprint = _write_splits(collection, shares, directory, on_progress)
            _publish(directory)
        finally:
            _discard_partial(directory)
        write_manifest(directory, _manifest(collection, sizes, fingerprint))
