"""One number that tells whether two data sets are the same, whatever machine they are on."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.data.dataset import Split


class Fingerprint:
    """SHA-256 over class names, then name, shape, inputs and labels of each split, in order."""

    def __init__(self, class_names: Sequence[str]) -> None:
        self._digest = hashlib.sha256(json.dumps(list(class_names)).encode())

    def start_split(self, name: str, shape: tuple[int, ...]) -> None:
        """Begin a split of the given input shape."""
        self._digest.update(json.dumps([name, *shape]).encode())

    def add_inputs(self, inputs: NDArray[Any]) -> None:
        """Take in the next inputs of the split, ``(n, …)``, uint8 or little-endian float32."""
        self._digest.update(np.ascontiguousarray(inputs).data)

    def add_labels(self, labels: NDArray[np.int32]) -> None:
        """Take in the labels of the split, after all its inputs."""
        self._digest.update(labels.astype("<i4").tobytes())

    def hexdigest(self) -> str:
        """Return the fingerprint of what was taken in, in hex."""
        return self._digest.hexdigest()


def compute_fingerprint(class_names: Sequence[str], splits: Mapping[str, Split]) -> str:
    """Compute the fingerprint of a whole data set.

    Args:
        class_names: Name of each class, by label.
        splits: The splits by name, in the order of ``SPLITS``.

    Returns:
        64 hex digits.
    """
    fingerprint = Fingerprint(class_names)
    for name, split in splits.items():
        fingerprint.start_split(name, split.inputs.shape)
        for start in range(0, len(split), 1024):
            fingerprint.add_inputs(split.inputs[start : start + 1024])
        fingerprint.add_labels(split.labels)
    return fingerprint.hexdigest()
