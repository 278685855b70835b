import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nas.data.image_files import load_folder, read_image
from nas.errors import UserError
from tests.data_room.pictures import make_folder, save_picture


def png_of_size(width: int, height: int) -> bytes:
    """A PNG whose header promises a size and whose data ends there."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", len(header))
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
        + struct.pack(">I", 0)
        + b"IDAT"
        + struct.pack(">I", zlib.crc32(b"IDAT"))
    )


def test_an_image_is_read_as_a_square_of_rgb(tmp_path: Path) -> None:
    image = read_image(save_picture(tmp_path / "a.png", 5, size=(40, 20)), 16)
    assert image.shape == (16, 16, 3)
    assert image.dtype == np.uint8
    assert (image == (5, 0, 7)).all()


@pytest.mark.parametrize("suffix", ["bmp", "gif", "jpg", "png", "ppm", "tif", "webp"])
def test_common_formats_are_read(tmp_path: Path, suffix: str) -> None:
    path = save_picture(tmp_path / f"a.{suffix}", 200, size=(16, 16))
    assert np.abs(read_image(path, 16).astype(int) - (200, 0, 7)).max() <= 4


def test_a_16_bit_file_is_scaled(tmp_path: Path) -> None:
    Image.fromarray(np.full((16, 16), 25700, dtype=np.uint16)).save(tmp_path / "deep.png")
    assert (read_image(tmp_path / "deep.png", 16) == 100).all()


@pytest.mark.parametrize("content", [b"", b"not an image", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_a_corrupt_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.png").write_bytes(content)
    with pytest.raises(UserError, match=r"bad\.png: an image must be readable.*; repair or remove"):
        read_image(tmp_path / "bad.png", 16)


def test_a_truncated_file_is_named(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "cut.jpg")
    whole = (tmp_path / "cut.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"cut\.jpg: an image must be readable"):
        read_image(tmp_path / "cut.jpg", 16)


def test_a_document_with_an_image_suffix_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "doc.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    with pytest.raises(UserError, match=r"doc\.jpg: an image must be readable"):
        read_image(tmp_path / "doc.jpg", 16)


@pytest.mark.parametrize("size", [(9000, 9000), (12000, 12000), (60000, 60000)])
def test_a_huge_image_is_refused_before_it_is_decoded(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    (tmp_path / "bomb.png").write_bytes(png_of_size(*size))
    with pytest.raises(
        UserError, match=r"bomb\.png: an image may have at most 64000000 pixels, got .*; scale"
    ):
        read_image(tmp_path / "bomb.png", 16)


def test_a_folder_labels_its_images_by_class(tmp_path: Path) -> None:
    make_folder(tmp_path, {"train/a": 2, "train/b": 1, "test/b": 1, "test/a": 1})
    collection = load_folder(tmp_path, "mine", 16)
    assert (collection.name, collection.class_names) == ("mine", ("a", "b"))
    assert collection.parts["train"].labels.tolist() == [0, 0, 1]
    shades = [int(collection.parts["train"].read(index)[0, 0, 0]) for index in range(3)]
    assert shades == [0, 1, 2]


def test_a_class_missing_from_a_part_keeps_labels_right(tmp_path: Path) -> None:
    make_folder(tmp_path, {"train/a": 1, "train/b": 1, "train/c": 1, "test/c": 2})
    assert load_folder(tmp_path, "mine", 16).parts["test"].labels.tolist() == [2, 2]
