"""A labelled collection as its source gives it, before it is split and resized."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

DType = Literal["uint8", "float32"]
"""Of images and of signals."""


@dataclass(frozen=True)
class Part:
    """Examples that a source keeps apart, such as its official test images.

    Attributes:
        labels: Class indices, ``(n,)``, int32.
        read: Reads the input of an index, of the collection's shape and type. Called from threads.
        groups: Who or what each example is of, ``(n,)``, from 0: a group is never divided between
            splits. ``None`` where every example stands alone.
    """

    labels: NDArray[np.int32]
    read: Callable[[int], NDArray[Any]]
    groups: NDArray[np.int32] | None = None

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Collection:
    """Everything a source has.

    Attributes:
        name: What the user named.
        class_names: Name of each class, by label.
        input_shape: Shape of every input: ``(side, side, 3)`` of images, ``(samples, channels)``
            of signals.
        parts: ``train`` and, where the source has them, ``validation`` and ``test``.
        dtype: ``uint8`` of images, 0 – 255; ``float32`` of signals.
        sample_rate_hz: Samples a second of signals; ``None`` if unknown, and of images.
        is_synthetic: Whether this project drew the examples itself.
        ignored_files: Files of a folder that were passed over.
    """

    name: str
    class_names: tuple[str, ...]
    input_shape: tuple[int, ...]
    parts: Mapping[str, Part]
    dtype: DType = "uint8"
    sample_rate_hz: float | None = None
    is_synthetic: bool = False
    ignored_files: int = 0
