"""Changed copies of training images, which keep a network from learning them by heart."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]
_Change = Callable[[Images, np.random.Generator], Images]

SHIFT = 1 / 8
"""Most that an image is moved, as a share of its side: 4 of 32 pixels in He et al., CVPR 2016,
arXiv 1512.03385, section 4.2."""

CONTRAST, BRIGHTNESS = 0.2, 0.1
"""Most that a contrast differs from 1, and that is added, as a share of the range of values."""


def augment(images: Images, changes: Sequence[str], random: np.random.Generator) -> Images:
    """Return images changed at random, each in its own way.

    Args:
        images: ``(n, height, width, channels)``, 0 – 255.
        changes: Some of ``CHANGES``, made in this order.
        random: Decides the changes.
    """
    for name in changes:
        images = CHANGES[name](images, random)
    return images


def _flip(images: Images, random: np.random.Generator) -> Images:
    """Mirror half of the images left to right."""
    mirrored = random.random(len(images)) < 0.5
    return np.where(mirrored[:, None, None, None], images[:, :, ::-1], images)


def _shift(images: Images, random: np.random.Generator) -> Images:
    """Move every image by whole pixels; its edge is repeated."""
    height, width = images.shape[1:3]
    down, right = round(height * SHIFT), round(width * SHIFT)
    padded = np.pad(images, ((0, 0), (down, down), (right, right), (0, 0)), mode="edge")
    tops = random.integers(0, 2 * down, len(images), endpoint=True)
    lefts = random.integers(0, 2 * right, len(images), endpoint=True)
    return np.stack(
        [
            image[top : top + height, left : left + width]
            for image, top, left in zip(padded, tops, lefts, strict=True)
        ]
    )


def _light(images: Images, random: np.random.Generator) -> Images:
    """Change contrast, around each image's own mean, and brightness."""
    each = (len(images), 1, 1, 1)
    contrast = random.uniform(1 - CONTRAST, 1 + CONTRAST, each)
    brightness = 255 * random.uniform(-BRIGHTNESS, BRIGHTNESS, each)
    mean = images.mean(axis=(1, 2, 3), keepdims=True)
    changed = (images - mean) * contrast + mean + brightness
    limited: NDArray[np.float64] = np.clip(np.rint(changed), 0, 255)
    return limited.astype(np.uint8)


CHANGES: dict[str, _Change] = {"flip": _flip, "shift": _shift, "light": _light}
"""What can be done to an image, by the name that a user gives."""
