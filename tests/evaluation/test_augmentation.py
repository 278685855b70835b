"""Augmentation: what may change in an image, and the same again from the same seed."""

import numpy as np
import pytest

from nas.errors import UserError
from nas.evaluation.augmentation import CHANGES, Images, augment
from nas.evaluation.recipe import AUGMENTATIONS, parse_augmentation


def images(count: int = 64, height: int = 16, width: int = 24) -> Images:
    shape = (count, height, width, 3)
    return np.random.default_rng(1).integers(60, 190, shape, dtype=np.uint8)


def changed(before: Images, *names: str, seed: int = 0) -> Images:
    return augment(before, names, np.random.default_rng(seed))


@pytest.mark.parametrize("name", CHANGES)
def test_images_keep_shape_and_type_and_are_left_alone(name: str) -> None:
    before = images()
    kept = before.copy()
    after = changed(before, name)
    assert after.shape == before.shape
    assert after.dtype == np.uint8
    assert (after != before).any()
    assert (before == kept).all()


@pytest.mark.parametrize("name", CHANGES)
def test_the_same_seed_gives_the_same_images_and_another_gives_others(name: str) -> None:
    assert (changed(images(), name) == changed(images(), name)).all()
    assert (changed(images(), name) != changed(images(), name, seed=1)).any()


def test_without_changes_images_are_the_same() -> None:
    assert (changed(images()) == images()).all()


def test_about_half_of_the_images_are_mirrored_whole() -> None:
    before = images(400)
    after = changed(before, "flip")
    same = (after == before).all(axis=(1, 2, 3))
    mirrored = (after == before[:, :, ::-1]).all(axis=(1, 2, 3))
    assert (same ^ mirrored).all()
    assert 160 < mirrored.sum() < 240


def test_images_move_by_an_eighth_at_most_in_both_directions() -> None:
    """One bright pixel in the middle: 16 by 24 pixels may move by 2 and 3."""
    before = np.zeros((500, 16, 24, 1), dtype=np.uint8)
    before[:, 8, 12] = 255
    after = changed(before, "shift")
    _, rows, columns, _ = np.nonzero(after)
    assert len(rows) == 500
    assert set(rows) == {6, 7, 8, 9, 10}
    assert set(columns) == {9, 10, 11, 12, 13, 14, 15}


def test_the_edge_of_a_moved_image_is_repeated() -> None:
    assert (changed(np.full((20, 16, 16, 3), 77, np.uint8), "shift") == 77).all()


def test_light_changes_each_image_as_a_whole_and_stays_in_range() -> None:
    grey = np.full((300, 4, 4, 3), 128, np.uint8)
    after = changed(grey, "light").astype(int)
    assert (np.ptp(after.reshape(300, -1), axis=1) == 0).all()
    assert 128 - 26 <= after.min() < 128 - 20
    assert 128 + 20 < after.max() <= 128 + 26
    assert changed(np.full((50, 4, 4, 3), 250, np.uint8), "light").max() == 255


def test_names_are_those_of_the_changes_and_are_made_in_one_order() -> None:
    assert tuple(CHANGES) == AUGMENTATIONS
    assert parse_augmentation(["light", "flip", "flip"], are_images=True) == ("flip", "light")
    assert parse_augmentation(["none"], are_images=False) == ()
    assert parse_augmentation([], are_images=False) == ()


@pytest.mark.parametrize(
    ("names", "are_images", "said"),
    [
        (["flip", "none"], True, "'none': use flip, shift, light, or none alone"),
        (["crop"], True, "'crop': use flip"),
        (["flip"], False, "holds signals"),
    ],
)
def test_what_cannot_be_done_is_told(names: list[str], are_images: bool, said: str) -> None:
    with pytest.raises(UserError, match=said):
        parse_augmentation(names, are_images=are_images)
