"""Small pictures and folders of them for the tests."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from nas.data.collection import Collection, Part


def save_picture(path: Path, shade: int = 0, size: tuple[int, int] = (8, 8)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (shade % 256, shade // 256 % 256, 7)).save(path)
    return path


def make_folder(root: Path, counts: Mapping[str, int]) -> Path:
    """Class folders (or ``train/a`` and so on) with that many pictures, all of them different."""
    shade = 0
    for folder, count in counts.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            save_picture(root / folder / f"{number:05d}.png", shade)
            shade += 1
    return root


def make_collection(
    classes: tuple[str, ...] = ("a", "b"), **labels: list[int] | NDArray[np.int64]
) -> Collection:
    """A collection whose image of an index holds that index."""

    def read(index: int) -> NDArray[np.uint8]:
        return np.full((16, 16, 3), index % 256, dtype=np.uint8)

    parts = {name: Part(np.asarray(own, dtype=np.int32), read) for name, own in labels.items()}
    return Collection("made", classes, (16, 16, 3), parts)
