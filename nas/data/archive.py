"""An ``.npz`` archive as a collection: its arrays are unpacked to disk, never held in memory."""

import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.data.arrays import array_part, check_images, encode_labels, find_scale
from nas.data.collection import Collection
from nas.data.writing import check_disk_space, disk_errors
from nas.errors import UserError

_FALLBACK_SIDE = 96
# Arrays that hold images and labels of each part, in either form of archive.
_SINGLE = {"train": ("x", "y")}
_PARTED = {
    "train": ("x_train", "y_train"),
    "validation": ("x_val", "y_val"),
    "test": ("x_test", "y_test"),
}


@contextmanager
def _damage_as_one_line(path: Path) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(
            f"{path}: an .npz must hold plain arrays, but: {reason}; save it with numpy.savez"
        ) from error


def _present_pairs(path: Path, names: set[str]) -> dict[str, tuple[str, str]]:
    """Array names of each part in the archive."""
    layout = _SINGLE if {"x", "y"} <= names else _PARTED
    pairs = {part: pair for part, pair in layout.items() if names & set(pair)}
    missing = sorted({name for pair in pairs.values() for name in pair} - names)
    if "train" not in pairs or missing:
        raise UserError(
            f"{path}: an .npz must hold x and y, or x_train and y_train with x_val, y_val, "
            f"x_test, y_test if wanted, found {', '.join(sorted(names)) or 'nothing'}; rename them"
        )
    return pairs


def _unpack(archive: zipfile.ZipFile, name: str, scratch: Path) -> NDArray[Any]:
    """Unpack one array to disk and map it."""
    target = scratch / f"{name}.npy"
    with disk_errors(scratch), archive.open(f"{name}.npy") as packed, target.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked, 1 << 20)
    array: NDArray[Any] = np.load(target, mmap_mode="r", allow_pickle=False)
    return array


def _unpack_all(path: Path, scratch: Path) -> tuple[dict[str, tuple[str, str]], dict[str, Any]]:
    with _damage_as_one_line(path), zipfile.ZipFile(path) as archive:
        sizes = {
            info.filename.removesuffix(".npy"): info.file_size
            for info in archive.infolist()
            if info.filename.endswith(".npy")
        }
        pairs = _present_pairs(path, set(sizes))
        names = [name for pair in pairs.values() for name in pair]
        check_disk_space(scratch, sum(sizes[name] for name in names), "free some")
        return pairs, {name: _unpack(archive, name, scratch) for name in names}


def _own_side(images: NDArray[Any]) -> int:
    """Side of the images where they are square and of a usable size."""
    height, width = images.shape[1:3]
    return int(height) if height == width and 16 <= height <= 512 else _FALLBACK_SIDE


def _check_arrays(
    path: Path, pairs: Mapping[str, tuple[str, str]], arrays: Mapping[str, Any]
) -> None:
    for images, _ in pairs.values():
        check_images(arrays[images], f"{path}: {images}")


def load_archive(path: Path, name: str, side: int | None, scratch: Path) -> Collection:
    """Open an ``.npz`` archive.

    It holds ``x`` and ``y``, or ``x_train`` and ``y_train`` with, if wanted, ``x_val``, ``y_val``,
    ``x_test`` and ``y_test``. Images are uint8, or floats in 0 – 1 or 0 – 255; labels are integers
    or text.

    Args:
        path: The archive.
        name: What the user named.
        side: Side of every image in pixels; ``None`` keeps that of square images (16 – 512).
        scratch: An empty folder for the unpacked arrays, needed as long as the collection.

    Returns:
        Its images, with the parts the archive gives.

    Raises:
        UserError: The archive is damaged, its arrays do not fit, or the disk is too small.
    """
    pairs, arrays = _unpack_all(path, scratch)
    _check_arrays(path, pairs, arrays)
    scale = find_scale((arrays[images] for images, _ in pairs.values()), str(path))
    classes, labels = encode_labels({y: arrays[y] for _, y in pairs.values()}, str(path))
    size = _own_side(arrays[pairs["train"][0]]) if side is None else side
    parts = {
        part: array_part(arrays[x], labels[y], scale=scale, side=size, thing=f"{path}: {x}")
        for part, (x, y) in pairs.items()
    }
    return Collection(name, classes, (size, size, 3), parts)
