from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nas.data.images import resize_image, resize_images, square_image, to_rgb


def pixel(image: Image.Image) -> tuple[int, ...]:
    values: Any = np.asarray(to_rgb(image))[0, 0]
    return tuple(int(value) for value in values)


@pytest.mark.parametrize(
    ("mode", "value", "expected"),
    [
        ("RGB", (10, 20, 30), (10, 20, 30)),
        ("L", 77, (77, 77, 77)),
        ("1", 255, (255, 255, 255)),
        ("I;16", 65535, (255, 255, 255)),
        ("I;16", 32896, (128, 128, 128)),
        ("I", 65535, (255, 255, 255)),
        ("I", 257, (1, 1, 1)),
        ("CMYK", (0, 255, 255, 0), (255, 0, 0)),
        ("CMYK", (0, 0, 0, 255), (0, 0, 0)),
        ("LA", (40, 255), (40, 40, 40)),
        ("LA", (40, 0), (255, 255, 255)),
        ("RGBA", (10, 20, 30, 255), (10, 20, 30)),
        ("RGBA", (10, 20, 30, 0), (255, 255, 255)),
        ("RGBA", (0, 0, 0, 51), (204, 204, 204)),
    ],
)
def test_every_mode_becomes_rgb(mode: str, value: Any, expected: tuple[int, ...]) -> None:
    assert pixel(Image.new(mode, (2, 2), value)) == expected


def test_a_palette_becomes_its_colours() -> None:
    image = Image.new("P", (2, 2), 1)
    image.putpalette([0, 0, 0, 200, 100, 50])
    assert pixel(image) == (200, 100, 50)


def test_a_transparent_palette_colour_lies_on_white() -> None:
    image = Image.new("P", (2, 2), 1)
    image.putpalette([0, 0, 0, 200, 100, 50])
    image.info["transparency"] = 1
    assert pixel(image) == (255, 255, 255)


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    stored = Image.fromarray(np.array([[[250, 0, 0], [0, 0, 250]]], dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: the stored left side is the top
    stored.save(tmp_path / "turned.png", exif=exif)
    with Image.open(tmp_path / "turned.png") as opened:
        upright = np.asarray(to_rgb(opened))
    assert upright.tolist() == [[[250, 0, 0]], [[0, 0, 250]]]


def test_float_pixels_are_refused() -> None:
    with pytest.raises(ValueError, match="32-bit float pixels have no known range"):
        to_rgb(Image.new("F", (2, 2), 0.5))


def test_shrinking_averages_instead_of_dropping_pixels() -> None:
    stripes = np.zeros((64, 64, 3), dtype=np.uint8)
    stripes[:, ::2] = 200
    small = np.asarray(resize_image(Image.fromarray(stripes), 16))
    assert np.abs(small[:, 1:-1].astype(int) - 100).max() <= 2


def test_a_picture_is_squashed_to_a_square_with_nothing_cut_off() -> None:
    wide = np.zeros((10, 40, 3), dtype=np.uint8)
    wide[:, 20:] = 240
    square = np.asarray(resize_image(Image.fromarray(wide), 20))
    assert square.shape == (20, 20, 3)
    assert square[:, :9].max() == 0
    assert square[:, 11:].min() == 240


def test_a_picture_of_the_right_size_is_left_alone() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    assert (square_image(Image.fromarray(pixels), 16) == pixels).all()
    assert resize_images(pixels[None], 16).base is pixels


def test_a_batch_is_resized_exactly_as_single_pictures_are() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 30, 50, 3), dtype=np.uint8)
    batch = resize_images(pixels, 24)
    assert (batch.shape, batch.dtype) == ((5, 24, 24, 3), np.uint8)
    for image, resized in zip(pixels, batch, strict=True):
        assert (square_image(Image.fromarray(image), 24) == resized).all()
