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
        inputs: Images, ``(n, height, width, 3)``, uint8, 0 – 255, or signals,
            ``(n, samples, channels)``, float32; may be memory-mapped.
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
        is_synthetic: Whether this project drew the examples itself.
        ignored_files: Files of a folder that were passed over: hidden, of another kind, or a link
            to a file already taken.
        sample_rate_hz: Samples a second of signals; ``None`` if unknown, and of images.
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
    sample_rate_hz: float | None = None

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
        """Shape of one input: ``(height, width, channels)``, or ``(samples, channels)``."""
        return tuple(self.train.inputs.shape[1:])

    @property
    def image_side(self) -> int | None:
        """Side of the stored images in pixels; ``None`` of signals."""
        return self.input_shape[0] if len(self.input_shape) == 3 else None
