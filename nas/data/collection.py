"""A labelled collection as its source gives it, before it is split and resized."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Part:
    """Examples that a source keeps apart, such as its official test images.

    Attributes:
        labels: Class indices, ``(n,)``, int32.
        read: Reads the image of an index: RGB, ``(side, side, 3)``, uint8. Called from threads.
    """

    labels: NDArray[np.int32]
    read: Callable[[int], NDArray[Any]]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Collection:
    """Everything a source has.

    Attributes:
        name: What the user named.
        class_names: Name of each class, by label.
        side: Side of every image in pixels.
        parts: ``train`` and, where the source has them, ``validation`` and ``test``.
        is_synthetic: Whether this project drew the images itself.
        ignored_files: Files of a folder that were passed over.
    """

    name: str
    class_names: tuple[str, ...]
    side: int
    parts: Mapping[str, Part]
    is_synthetic: bool = False
    ignored_files: int = 0
