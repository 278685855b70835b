import hashlib
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from nas.data.pcb_synthetic import CLASS_NAMES, CROPS, defect_kind, draw_crop

DIGEST_CODE = """
import hashlib
from nas.data.pcb_synthetic import draw_crop
print(hashlib.sha256(b"".join(draw_crop(i, seed=5)[0].tobytes() for i in range(24))).hexdigest())
"""


def test_half_of_the_crops_are_defective_and_kinds_are_balanced() -> None:
    kinds = Counter(defect_kind(index) for index in range(CROPS))
    assert kinds.pop(None) == CROPS // 2
    assert list(kinds.values()) == [CROPS // 12] * 6


def test_the_label_says_whether_there_is_a_defect() -> None:
    assert CLASS_NAMES == ("defect", "ok")
    assert [draw_crop(index, seed=0, side=16)[1] for index in range(4)] == [0, 1, 0, 1]


@pytest.mark.parametrize("side", [16, 64, 100])
def test_a_crop_is_rgb_of_the_side_asked_for(side: int) -> None:
    image, _ = draw_crop(3, seed=0, side=side)
    assert image.shape == (side, side, 3)
    assert image.dtype == np.uint8


def test_crops_can_be_drawn_in_any_order() -> None:
    forward = [draw_crop(index, seed=1)[0] for index in range(6)]
    backward = [draw_crop(index, seed=1)[0] for index in reversed(range(6))]
    assert np.array_equal(forward, backward[::-1])


def test_index_and_seed_both_change_the_picture() -> None:
    first = draw_crop(1, seed=0)[0]
    assert not np.array_equal(first, draw_crop(3, seed=0)[0])
    assert not np.array_equal(first, draw_crop(1, seed=1)[0])


def test_another_process_draws_the_same_bytes() -> None:
    drawn = b"".join(draw_crop(index, seed=5)[0].tobytes() for index in range(24))
    other = subprocess.run(
        [sys.executable, "-c", DIGEST_CODE], capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == hashlib.sha256(drawn).hexdigest()


def test_boards_look_as_they_did() -> None:
    # A tolerance, because Pillow may draw an edge pixel differently in another version.
    means = [draw_crop(index, seed=0)[0].mean(axis=(0, 1)) for index in range(4)]
    expected = [[40.4, 106.1, 59.7], [23.8, 81.2, 51.0], [32.1, 104.4, 44.7], [23.7, 79.3, 33.8]]
    assert np.allclose(means, expected, atol=1.5)


def test_colour_and_brightness_alone_do_not_tell_the_classes_apart() -> None:
    drawn = [draw_crop(index, seed=2, side=16) for index in range(480)]
    labels = np.array([label for _, label in drawn])
    means = np.array([image.mean(axis=(0, 1)) for image, _ in drawn])
    shift = means[labels == 0].mean(axis=0) - means[labels == 1].mean(axis=0)
    assert (np.abs(shift) < 0.35 * means.std(axis=0)).all()
