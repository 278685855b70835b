"""A labelled data set in four disjoint splits."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SPLITS = ("train", "validation", "calibration", "test")


@dataclass(frozen=True)
class Split:
    """Examples and their labels.

    Attributes:
        inputs: Images, ``(n, height, width, 3)``, uint8, 0 – 255; may be memory-mapped.
        labels: Class indices, ``(n,)``, int32.
    """

    inputs: NDArray[Any]
    labels: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Dataset:
    """Four disjoint splits of one data set.

    Attributes:
        name: What the user named, such as ``pcb_synthetic`` or a folder.
        class_names: Name of each class, by label.
        train: What networks learn from.
        validation: What candidates are compared on.
        calibration: What the quantizer takes its ranges from.
        test: Read by ``nas.export`` alone.
        fingerprint: SHA-256 over class names, inputs and labels of every split, in hex.
        is_synthetic: Whether this project drew the images itself.
        ignored_files: Files of a folder that were passed over: hidden, no image, or a link to an
            image already taken.
    """

    name: str
    class_names: tuple[str, ...]
    train: Split
    validation: Split
    calibration: Split
    test: Split
    fingerprint: str
    is_synthetic: bool = False
    ignored_files: int = 0

    @property
    def splits(self) -> dict[str, Split]:
        """The four splits by name, in the order of ``SPLITS``."""
        return {
            "train": self.train,
            "validation": self.validation,
            "calibration": self.calibration,
            "test": self.test,
        }

    @property
    def split_sizes(self) -> dict[str, int]:
        """Number of examples by split."""
        return {name: len(split) for name, split in self.splits.items()}

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one input: ``(height, width, channels)``."""
        return tuple(self.train.inputs.shape[1:])
