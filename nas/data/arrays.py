"""Images and labels that come as arrays: what is accepted, and how it becomes RGB."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from nas.data.collection import Part
from nas.data.images import square_image
from nas.errors import UserError

_CHUNK = 1024


@dataclass(frozen=True)
class ArrayReader:
    """Reads the image of an index from an array.

    Attributes:
        images: ``(n, height, width)`` or ``(n, height, width, 1 or 3)``, uint8 or float.
        scale: What a pixel is multiplied by to reach 0 – 255.
        side: Side of the result in pixels.
    """

    images: NDArray[Any]
    scale: float
    side: int

    def __call__(self, index: int) -> NDArray[Any]:
        """Return the image, RGB, ``(side, side, 3)``, uint8."""
        pixels = np.asarray(self.images[index])
        if pixels.dtype != np.uint8:
            pixels = np.rint(pixels.astype(np.float64) * self.scale).astype(np.uint8)
        if pixels.shape[-1] == 1 and pixels.ndim == 3:
            pixels = pixels[..., 0]
        return np.asarray(square_image(Image.fromarray(pixels), self.side))


def check_images(images: NDArray[Any], thing: str) -> None:
    """Refuse an array that holds no images.

    Args:
        images: What is meant to be images.
        thing: File and array, named in the message.

    Raises:
        UserError: Wrong shape or type.
    """
    channels = images.shape[3] if images.ndim == 4 else 1
    if images.ndim not in (3, 4) or channels not in (1, 3) or 0 in images.shape:
        raise UserError(
            f"{thing}: images must have the shape (n, height, width) or (n, height, width, 1 or 3)"
            f", got {images.shape}; reshape them"
        )
    if images.dtype != np.uint8 and images.dtype.kind != "f":
        raise UserError(
            f"{thing}: pixels must be uint8 (0 – 255) or float (0 – 1 or 0 – 255), "
            f"got {images.dtype}; convert them"
        )


def _range(images: NDArray[Any]) -> tuple[float, float]:
    """Lowest and highest pixel, NaN where there is one, a chunk at a time."""
    chunks = [images[start : start + _CHUNK] for start in range(0, len(images), _CHUNK)]
    lows, highs = [np.min(chunk) for chunk in chunks], [np.max(chunk) for chunk in chunks]
    return float(np.min(lows)), float(np.max(highs))


def find_scale(arrays: Iterable[NDArray[Any]], thing: str) -> float:
    """Find what floats must be multiplied by: 255 if none exceeds 1, else 1.

    Args:
        arrays: All images of a data set, which share one scale.
        thing: File, named in the message.

    Returns:
        The factor; 1 for uint8.

    Raises:
        UserError: A float is not a number or lies outside 0 – 255.
    """
    ranges = [_range(images) for images in arrays if images.dtype != np.uint8]
    for low, high in ranges:
        if not (low >= 0 and high <= 255):
            raise UserError(
                f"{thing}: float pixels must lie in 0 – 1 or 0 – 255, got {low:g} – {high:g}; "
                "undo the normalization"
            )
    return 255.0 if ranges and max(high for _, high in ranges) <= 1 else 1.0


def encode_labels(
    arrays: Mapping[str, NDArray[Any]], thing: str
) -> tuple[tuple[str, ...], dict[str, NDArray[np.int32]]]:
    """Number the classes.

    Args:
        arrays: Labels by array name, ``(n,)`` or ``(n, 1)``, integers or text.
        thing: File, named in the message.

    Returns:
        Class names in order (numbers by value, text by alphabet) and labels by array name.

    Raises:
        UserError: Labels are no vector of integers or text.
    """
    flat = {name: _flat_labels(labels, f"{thing}: {name}") for name, labels in arrays.items()}
    values = np.unique(np.concatenate(list(flat.values())))
    encoded = {name: np.searchsorted(values, labels) for name, labels in flat.items()}
    return (
        tuple(str(value) for value in values),
        {name: labels.astype(np.int32) for name, labels in encoded.items()},
    )


def _flat_labels(labels: NDArray[Any], thing: str) -> NDArray[Any]:
    flat = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if flat.ndim != 1 or flat.dtype.kind not in "iuU":
        raise UserError(
            f"{thing}: labels must be a vector of integers or text, got {labels.dtype} of shape "
            f"{labels.shape}; one-hot labels become integers by argmax"
        )
    return flat


def array_part(
    images: NDArray[Any], labels: NDArray[np.int32], *, scale: float, side: int, thing: str
) -> Part:
    """Join images and labels.

    Raises:
        UserError: Their numbers differ.
    """
    if len(images) != len(labels):
        raise UserError(
            f"{thing}: every image needs one label, got {len(images)} images and "
            f"{len(labels)} labels; make them match"
        )
    return Part(labels, ArrayReader(images, scale, side))
