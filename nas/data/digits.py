"""Handwritten digits of 8 × 8 pixels, from the optional package scikit-learn."""

import numpy as np

from nas.data.arrays import array_part
from nas.data.collection import Collection
from nas.errors import UserError

# The set counts the inked pixels of 4 × 4 blocks.
_WHITE = 16


def load_digits(side: int) -> Collection:
    """Load the 1,797 digits that come with scikit-learn; nothing is downloaded.

    Args:
        side: Side of every image in pixels.

    Returns:
        Its images, in one part ``train``.

    Raises:
        UserError: scikit-learn is not installed.

    Reference:
        E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI (1998),
        doi:10.24432/C50P49.
    """
    try:
        from sklearn import datasets
    except ImportError as error:
        raise UserError(
            "digits: the data set needs the package scikit-learn; "
            "install it with: pip install scikit-learn"
        ) from error
    bunch = datasets.load_digits()
    images = (np.asarray(bunch.images) * 255 / _WHITE).round().astype(np.uint8)
    labels = np.asarray(bunch.target, dtype=np.int32)
    part = array_part(images, labels, scale=1.0, side=side, thing="digits")
    return Collection("digits", tuple("0123456789"), (side, side, 3), {"train": part})
