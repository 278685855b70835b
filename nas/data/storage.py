"""A prepared data set on disk: two ``.npy`` files a split, and a JSON file written last.

Only the JSON file makes a folder a data set, so that a run killed half-way leaves none.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.data.collection import DType
from nas.data.dataset import SPLITS, Dataset, Split
from nas.errors import UserError
from nas.json_values import convert, load

SCHEMA = 2
JSON_NAME = "dataset.json"


@dataclass(frozen=True)
class Manifest:
    """What the JSON file says about the arrays beside it."""

    name: str
    class_names: tuple[str, ...]
    split_sizes: Mapping[str, int]
    input_shape: tuple[int, ...]
    dtype: DType
    fingerprint: str
    is_synthetic: bool
    ignored_files: int
    sample_rate_hz: float | None = None

    def shape(self, split: str) -> tuple[int, ...]:
        """Shape of a split's inputs."""
        return (self.split_sizes[split], *self.input_shape)


def inputs_path(directory: Path, split: str) -> Path:
    """File of a split's inputs."""
    return directory / f"{split}_inputs.npy"


def labels_path(directory: Path, split: str) -> Path:
    """File of a split's labels."""
    return directory / f"{split}_labels.npy"


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Write the JSON file in one step, which makes the folder a data set."""
    text = json.dumps({"schema": SCHEMA, **vars(manifest)}, indent=1)
    partial = directory / f"{JSON_NAME}.partial"
    partial.write_text(text + "\n", encoding="utf-8")
    partial.replace(directory / JSON_NAME)


def _refusal(path: Path, reason: str) -> UserError:
    return UserError(f"{path}: not a prepared data set ({reason}); prepare it again")


def _read_json(path: Path) -> dict[str, Any]:
    try:
        values = load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _refusal(path, "the file is missing") from None
    except (OSError, ValueError) as error:
        raise _refusal(path, " ".join(str(error).split())) from error
    if not isinstance(values, dict) or values.get("schema") != SCHEMA:
        raise _refusal(path, f"schema {SCHEMA} is needed")
    return values


def _read_manifest(directory: Path) -> Manifest:
    path = directory / JSON_NAME
    try:
        manifest = convert(_read_json(path), Manifest)
    except ValueError as error:
        raise _refusal(path, str(error)) from None
    if set(manifest.split_sizes) != set(SPLITS):
        raise _refusal(path, f"split_sizes must count {', '.join(SPLITS)}")
    return manifest


def _map_array(path: Path, shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise _refusal(path, " ".join(str(error).split())) from error
    if array.shape != shape or array.dtype != np.dtype(dtype):
        raise _refusal(path, f"{shape} {dtype} expected, found {array.shape} {array.dtype}")
    return np.asarray(array) if math.prod(shape) == 0 else array


def _open_split(directory: Path, split: str, manifest: Manifest) -> Split:
    shape = manifest.shape(split)
    inputs = _map_array(inputs_path(directory, split), shape, manifest.dtype)
    labels = _map_array(labels_path(directory, split), shape[:1], "int32")
    if len(labels) and not 0 <= labels.min() <= labels.max() < len(manifest.class_names):
        raise _refusal(labels_path(directory, split), "a label names no class")
    return Split(inputs, labels)


def open_dataset(directory: Path) -> Dataset:
    """Open a prepared data set without reading its inputs.

    Args:
        directory: Where ``prepare_dataset`` wrote it.

    Returns:
        The data set, its arrays memory-mapped read-only.

    Raises:
        UserError: The folder holds no complete data set, or files that do not fit together.
    """
    manifest = _read_manifest(directory)
    train, validation, calibration, test = (
        _open_split(directory, split, manifest) for split in SPLITS
    )
    return Dataset(
        manifest.name,
        manifest.class_names,
        train=train,
        validation=validation,
        calibration=calibration,
        test=test,
        fingerprint=manifest.fingerprint,
        is_synthetic=manifest.is_synthetic,
        ignored_files=manifest.ignored_files,
        sample_rate_hz=manifest.sample_rate_hz,
    )
