"""Brings stored inputs to what one network takes."""

import tempfile
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nas.data.dataset import Dataset, Split
from nas.data.images import resize_images
from nas.errors import CandidateError


class FrontEnd(Protocol):
    """What the host does to signals before a network takes them."""

    def __call__(self, signals: NDArray[Any]) -> NDArray[Any]:
        """Prepare ``(n, samples, channels)``."""

    @property
    def macs(self) -> int:
        """Multiply-accumulates that it takes for one signal."""

    @property
    def elements(self) -> int:
        """Numbers that it writes for one signal."""


_CHUNK = 256


def prepare_dataset(
    dataset: Dataset, input_shape: tuple[int, ...], front_end: FrontEnd | None
) -> Dataset:
    """Prepare all splits but the test split, which stays as it is.

    Args:
        dataset: The stored inputs.
        input_shape: Shape of one input of the network.
        front_end: What prepares signals for it.

    Raises:
        CandidateError: The network takes something else.
    """
    return replace(
        dataset,
        train=prepare_split(dataset.train, input_shape, front_end),
        validation=prepare_split(dataset.validation, input_shape, front_end),
        calibration=prepare_split(dataset.calibration, input_shape, front_end),
    )


def prepare_split(split: Split, input_shape: tuple[int, ...], front_end: FrontEnd | None) -> Split:
    """Prepare one split: signals by the front end, images by resizing.

    Args:
        split: The stored inputs.
        input_shape: Shape of one input of the network.
        front_end: What prepares signals for it.

    Returns:
        The split itself where nothing has to be done.

    Raises:
        CandidateError: The network takes something else.
    """
    if front_end is not None:
        split = Split(_prepared(split.inputs, front_end), split.labels)
    if split.inputs.shape[1:] == input_shape:
        return split
    if split.inputs.ndim != 4 or front_end is not None:
        raise CandidateError(
            f"the network takes inputs of shape {input_shape}, the data are "
            f"{split.inputs.shape[1:]}; build it with the input_shape it is given"
        )
    return Split(resize_images(split.inputs, input_shape[0]), split.labels)


def _prepared(inputs: NDArray[Any], front_end: FrontEnd) -> NDArray[Any]:
    """Prepare a chunk at a time, into a file that is gone when nothing reads it any more."""
    shape = front_end(inputs[:1]).shape[1:]
    with tempfile.TemporaryFile() as file:
        prepared = np.memmap(file, np.float32, "w+", shape=(len(inputs), *shape))
    for start in range(0, len(inputs), _CHUNK):
        prepared[start : start + _CHUNK] = front_end(inputs[start : start + _CHUNK])
    return prepared
