"""Data sets of TensorFlow Datasets, an optional package that downloads them when first used."""

import contextlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from nas.data.arrays import array_part
from nas.data.collection import Collection, Part
from nas.data.images import square_image
from nas.data.writing import check_disk_space
from nas.errors import UserError

_PARTS: Mapping[str, str] = {"train": "train", "validation": "validation", "test": "test"}


def _import_tfds() -> Any:
    try:
        import tensorflow_datasets
    except ImportError as error:
        raise UserError(
            "tfds: data sets need the package tensorflow-datasets; "
            "install it with: pip install tensorflow-datasets"
        ) from error
    return tensorflow_datasets


@contextlib.contextmanager
def _failure_as_one_line(thing: str) -> Iterator[None]:
    try:
        # Progress of downloads belongs on standard error, results on standard output.
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except UserError:
        raise
    except Exception as error:  # The package raises errors of many libraries.
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"{thing}: the data set must be known and downloadable, but: {reason}; "
            "check the name and the connection"
        ) from error


def _check_features(features: Any, thing: str) -> None:
    """Images and one label each are needed, not boxes or text."""
    names = set(features)
    if not {"image", "label"} <= names or not hasattr(features["label"], "names"):
        raise UserError(
            f"{thing}: a data set must have an image and a class label, found "
            f"{', '.join(sorted(names))}; name a classification set"
        )


def _read_part(
    examples: Any, count: int, side: int, path: Path
) -> tuple[NDArray[Any], NDArray[np.int32]]:
    """Resize a stream of examples into a file, so that they can be read in any order."""
    images = np.memmap(path, mode="w+", dtype=np.uint8, shape=(count, side, side, 3))
    labels = np.empty(count, dtype=np.int32)
    for index, example in enumerate(examples):
        pixels = np.asarray(example["image"])
        grey = pixels.ndim == 3 and pixels.shape[-1] == 1
        picture = Image.fromarray(pixels[..., 0] if grey else pixels)
        images[index], labels[index] = square_image(picture, side), int(example["label"])
    return images, labels


def _load_parts(tfds: Any, builder: Any, side: int, scratch: Path, thing: str) -> dict[str, Part]:
    counts = {
        part: int(builder.info.splits[split].num_examples)
        for part, split in _PARTS.items()
        if split in builder.info.splits
    }
    check_disk_space(scratch, sum(counts.values()) * side**2 * 3, "free some")
    parts = {}
    for part, count in counts.items():
        examples = tfds.as_numpy(builder.as_dataset(split=_PARTS[part], shuffle_files=False))
        images, labels = _read_part(examples, count, side, scratch / part)
        # Some sets publish their test images without labels, marked -1.
        if labels.min() >= 0:
            parts[part] = array_part(images, labels, scale=1.0, side=side, thing=thing)
    return parts


def load_tfds_set(set_name: str, side: int, scratch: Path) -> Collection:
    """Load a data set of TensorFlow Datasets; its official splits are kept.

    Args:
        set_name: Name in its catalogue, such as ``eurosat`` or ``beans``.
        side: Side of every image in pixels.
        scratch: An empty folder for the resized images, needed as long as the collection.

    Returns:
        Its images, in the parts it has.

    Raises:
        UserError: The package is missing, the name unknown, the download failed, or the set holds
            no labelled images.
    """
    thing = f"tfds:{set_name}"
    tfds = _import_tfds()
    with _failure_as_one_line(thing):
        builder = tfds.builder(set_name)
        _check_features(builder.info.features, thing)
        builder.download_and_prepare()
        parts = _load_parts(tfds, builder, side, scratch, thing)
    if "train" not in parts:
        raise UserError(f"{thing}: a data set must have a train split; name another one")
    return Collection(thing, tuple(builder.info.features["label"].names), (side, side, 3), parts)
