"""A folder of images as a collection: files are opened when they are read."""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from nas.data.collection import Collection, Part
from nas.data.folders import FolderIndex, index_folder
from nas.data.images import square_image
from nas.errors import UserError

MAX_PIXELS = 64_000_000
# Named, because Pillow would also hand a file to an outside program such as Ghostscript.
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
# What Pillow's readers raise on damaged files.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    EOFError,
    IndexError,
    KeyError,
    OverflowError,
    struct.error,
    zlib.error,
)
_TOO_LARGE = (Image.DecompressionBombError, Image.DecompressionBombWarning)


def read_image(path: Path, side: int) -> NDArray[Any]:
    """Read one image file.

    Args:
        path: A file in one of the common image formats; of several frames the first is taken.
        side: Side of the result in pixels.

    Returns:
        RGB, ``(side, side, 3)``, uint8.

    Raises:
        UserError: The file cannot be decoded, or has more than ``MAX_PIXELS`` pixels.
    """
    try:
        with Image.open(path, formats=_FORMATS) as image:
            _check_size(path, image)
            return np.asarray(square_image(image, side))
    except _TOO_LARGE as error:
        raise _size_refusal(path, "far more") from error
    except _DAMAGE as error:
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise UserError(
            f"{path}: an image must be readable, but: {reason}; repair or remove the file"
        ) from error


def _check_size(path: Path, image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise _size_refusal(path, f"{width} × {height}")


def _size_refusal(path: Path, found: str) -> UserError:
    return UserError(
        f"{path}: an image may have at most {MAX_PIXELS} pixels, got {found}; scale it down"
    )


@dataclass(frozen=True)
class _FileReader:
    """Reads the image of an index."""

    root: Path
    files: tuple[str, ...]
    side: int

    def __call__(self, index: int) -> NDArray[Any]:
        return read_image(self.root / self.files[index], self.side)


def _part(index: FolderIndex, by_class: Mapping[str, tuple[str, ...]], side: int) -> Part:
    files = tuple(path for name in index.class_names for path in by_class.get(name, ()))
    counts = [len(by_class.get(name, ())) for name in index.class_names]
    labels = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    return Part(labels, _FileReader(index.root, files, side))


def load_folder(folder: Path, name: str, side: int) -> Collection:
    """List a data folder; see ``index_folder`` for what it holds.

    Args:
        folder: The data folder.
        name: What the user named.
        side: Side of every image in pixels.

    Returns:
        Its images, with the parts the folder gives.

    Raises:
        UserError: See ``index_folder``.
    """
    index = index_folder(folder)
    parts = {part: _part(index, by_class, side) for part, by_class in index.files.items()}
    return Collection(
        name, index.class_names, (side, side, 3), parts, ignored_files=index.ignored_files
    )
