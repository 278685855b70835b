"""Data sets that come with Keras, downloaded by it when first used."""

import contextlib
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.data.arrays import array_part
from nas.data.collection import Collection
from nas.errors import UserError

_DIGITS = "0 1 2 3 4 5 6 7 8 9"
# Class names in the order of the labels, as each set's authors publish them.
_CLASS_NAMES: Mapping[str, str] = {
    "mnist": _DIGITS,
    "fashion_mnist": "top trouser pullover dress coat sandal shirt sneaker bag boot",
    "cifar10": "airplane automobile bird cat deer dog frog horse ship truck",
    "cifar100": (
        "apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus "
        "butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach "
        "couch crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster "
        "house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree "
        "motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear "
        "pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road "
        "rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel "
        "streetcar sunflower sweet_pepper table tank telephone television tiger tractor train "
        "trout tulip turtle wardrobe whale willow_tree wolf woman worm"
    ),
}
KERAS_SETS = tuple(_CLASS_NAMES)


def _download(set_name: str) -> Any:
    from keras import datasets

    try:
        # Keras reports its download on standard output, which belongs to results.
        with contextlib.redirect_stdout(sys.stderr):
            return getattr(datasets, set_name).load_data()
    except Exception as error:  # Keras raises a bare Exception when a download fails.
        reason = " ".join(str(error).split())
        raise UserError(
            f"keras:{set_name}: the data set must be downloadable or in Keras's cache, but: "
            f"{reason}; check the connection or name another data set"
        ) from error


def _labels(values: Any) -> NDArray[np.int32]:
    return np.asarray(values, dtype=np.int32).reshape(-1)


def load_keras_set(set_name: str, side: int) -> Collection:
    """Load a data set that comes with Keras; its official test images stay the test split.

    Args:
        set_name: One of ``KERAS_SETS``.
        side: Side of every image in pixels.

    Returns:
        Its images, in parts ``train`` and ``test``.

    Raises:
        UserError: Unknown name, or the download failed.
    """
    thing = f"keras:{set_name}"
    if set_name not in _CLASS_NAMES:
        raise UserError(
            f"{thing}: Keras has no such image data set; choose one of {', '.join(KERAS_SETS)}"
        )
    train, test = _download(set_name)
    parts = {
        part: array_part(images, _labels(labels), scale=1.0, side=side, thing=thing)
        for part, (images, labels) in (("train", train), ("test", test))
    }
    return Collection(thing, tuple(_CLASS_NAMES[set_name].split()), (side, side, 3), parts)
