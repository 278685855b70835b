import hashlib

import numpy as np

from nas.data.dataset import Split
from nas.data.fingerprint import compute_fingerprint


def split(*shades: int, labels: tuple[int, ...] = (0, 1)) -> Split:
    inputs = np.stack([np.full((1, 1, 3), shade, dtype=np.uint8) for shade in shades])
    return Split(inputs, np.array(labels, dtype=np.int32))


def test_the_fingerprint_is_sha_256_over_names_shapes_inputs_and_labels() -> None:
    expected = hashlib.sha256(
        b'["a", "b"]'
        + b'["train", 2, 1, 1, 3]'
        + bytes([5, 5, 5, 6, 6, 6])
        + bytes([0, 0, 0, 0, 1, 0, 0, 0])
    )
    assert compute_fingerprint(("a", "b"), {"train": split(5, 6)}) == expected.hexdigest()


def test_anything_that_changes_changes_the_fingerprint() -> None:
    prints = [
        compute_fingerprint(("a", "b"), {"train": split(5, 6)}),
        compute_fingerprint(("a", "c"), {"train": split(5, 6)}),
        compute_fingerprint(("a", "b"), {"test": split(5, 6)}),
        compute_fingerprint(("a", "b"), {"train": split(5, 7)}),
        compute_fingerprint(("a", "b"), {"train": split(5, 6, labels=(1, 1))}),
    ]
    assert len(set(prints)) == len(prints)
