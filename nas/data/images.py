"""How any picture becomes a square RGB image; a deployed network must be fed the same way.

This file needs Pillow and NumPy only, so that an exported classifier can carry it to a board.

A picture is turned upright (EXIF), brought to 8-bit RGB and squashed to a square without keeping
its aspect ratio: nothing is cut off, and a network sees the whole scene.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from PIL import Image, ImageOps

# Colour or grey of transparent pixels: paper white, as viewers show them.
_BACKGROUND = (255, 255, 255, 255)
_SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N", "I")


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Scale grey levels of 0 – 65,535 to 0 – 255."""
    levels = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
    return Image.fromarray(((levels + 128) // 257).astype(np.uint8))


def _is_transparent(image: Image.Image) -> bool:
    return image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info


def to_rgb(image: Image.Image) -> Image.Image:
    """Turn a picture upright and bring it to 8-bit RGB.

    Grey is replicated, 16-bit grey divided by 257, transparency laid on white; palettes and CMYK
    are converted.

    Args:
        image: A picture in any of Pillow's modes but 32-bit floats.

    Returns:
        A picture in mode ``RGB``.

    Raises:
        ValueError: The picture holds floats, whose range is not known.
    """
    upright = ImageOps.exif_transpose(image)
    if upright.mode == "F":
        raise ValueError("32-bit float pixels have no known range; save it with 8 or 16 bits")
    if upright.mode in _SIXTEEN_BIT:
        return _to_eight_bits(upright).convert("RGB")
    if _is_transparent(upright):
        picture = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", picture.size, _BACKGROUND), picture)
    return upright.convert("RGB")


def resize_image(image: Image.Image, side: int) -> Image.Image:
    """Squash a picture to a square: bilinear, antialiased when it shrinks.

    Args:
        image: An 8-bit picture.
        side: Side of the result in pixels.

    Returns:
        The picture itself where it already has that size.
    """
    if image.size == (side, side):
        return image
    return image.resize((side, side), Image.Resampling.BILINEAR)


def square_image(image: Image.Image, side: int) -> Any:
    """Bring one picture to what networks are fed.

    Args:
        image: A picture in any mode ``to_rgb`` takes.
        side: Side of the result in pixels.

    Returns:
        RGB, ``(side, side, 3)``, uint8.

    Raises:
        ValueError: See ``to_rgb``.
    """
    return np.asarray(resize_image(to_rgb(image), side))


def resize_images(inputs: Any, side: int) -> Any:
    """Resize a batch, each image exactly as ``square_image`` does.

    Args:
        inputs: RGB, ``(n, height, width, 3)``, uint8; may be memory-mapped.
        side: Side of the results in pixels.

    Returns:
        ``(n, side, side, 3)``, uint8; ``inputs`` itself where it already has that size.
    """
    if inputs.shape[1:] == (side, side, 3):
        return inputs
    resized = np.empty((len(inputs), side, side, 3), dtype=np.uint8)

    def resize(index: int) -> None:
        resized[index] = resize_image(Image.fromarray(np.asarray(inputs[index])), side)

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for _ in pool.map(resize, range(len(inputs))):
            pass
    return resized
