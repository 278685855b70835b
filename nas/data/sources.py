"""What ``--data`` can name, and how it becomes a prepared data set."""

import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from nas.data import motion_synthetic, pcb_synthetic
from nas.data.archive import load_archive
from nas.data.collection import Collection, Part
from nas.data.dataset import Dataset
from nas.data.digits import load_digits
from nas.data.folders import holds_signals
from nas.data.image_files import load_folder
from nas.data.keras_sets import KERAS_SETS, load_keras_set
from nas.data.sensor_table import load_table
from nas.data.splits import assign_splits
from nas.data.storage import open_dataset
from nas.data.tfds_sets import load_tfds_set
from nas.data.wav_files import load_wav_folder
from nas.data.writing import Progress, disk_errors, write_dataset
from nas.errors import UserError

MIN_SIDE, MAX_SIDE = 16, 512
MIN_SAMPLES, MAX_SAMPLES = 64, 480_000
_FOLDER_SIDE, _SMALL_SIDE = 96, 32


@dataclass(frozen=True)
class Request:
    """What a source is asked for.

    ``side``, of images, and ``samples``, of signals, are ``None`` where the user left them to the
    source.
    """

    spec: str
    side: int | None
    samples: int | None
    seed: int
    scratch: Path

    @property
    def detail(self) -> str:
        """What follows the colon of a spec such as ``keras:mnist``."""
        return self.spec.partition(":")[2]


def _draw_crops(request: Request) -> Collection:
    side = request.side or pcb_synthetic.SIDE

    def draw(index: int) -> NDArray[np.uint8]:
        return pcb_synthetic.draw_crop(index, seed=request.seed, side=side)[0]

    labels = np.arange(pcb_synthetic.CROPS, dtype=np.int32) % 2
    parts = {"train": Part(labels, draw)}
    names, shape = pcb_synthetic.CLASS_NAMES, (side, side, 3)
    return Collection(request.spec, names, shape, parts, is_synthetic=True)


def _draw_windows(request: Request) -> Collection:
    def draw(index: int) -> NDArray[np.float32]:
        return motion_synthetic.draw_window(index, seed=request.seed)

    indices = range(motion_synthetic.COUNT)
    labels, groups = (
        np.array(list(map(each, indices)), np.int32)
        for each in (motion_synthetic.label_of, motion_synthetic.subject_of)
    )
    return Collection(
        request.spec,
        motion_synthetic.CLASS_NAMES,
        (motion_synthetic.SAMPLES, motion_synthetic.CHANNELS),
        {"train": Part(labels, draw, groups)},
        dtype="float32",
        sample_rate_hz=motion_synthetic.RATE_HZ,
        is_synthetic=True,
    )


def _read_digits(request: Request) -> Collection:
    return load_digits(request.side or _SMALL_SIDE)


def _read_keras(request: Request) -> Collection:
    return load_keras_set(request.detail, request.side or _SMALL_SIDE)


def _read_tfds(request: Request) -> Collection:
    return load_tfds_set(request.detail, request.side or _FOLDER_SIDE, request.scratch)


def _read_folder(request: Request) -> Collection:
    return load_folder(Path(request.spec), request.spec, request.side or _FOLDER_SIDE)


def _read_wav_folder(request: Request) -> Collection:
    return load_wav_folder(Path(request.spec), request.spec, request.samples)


def _read_table(request: Request) -> Collection:
    return load_table(Path(request.spec), request.spec, request.samples)


def _read_archive(request: Request) -> Collection:
    return load_archive(Path(request.spec), request.spec, request.side, request.scratch)


_NAMED: dict[str, Callable[[Request], Collection]] = {
    "pcb_synthetic": _draw_crops,
    "motion_synthetic": _draw_windows,
    "digits": _read_digits,
}
_PREFIXED: dict[str, Callable[[Request], Collection]] = {
    "keras": _read_keras,
    "tfds": _read_tfds,
}
_FILES: dict[str, Callable[[Request], Collection]] = {
    ".csv": _read_table,
    ".npz": _read_archive,
}
_SIGNALS = (_draw_windows, _read_wav_folder, _read_table)
DATA_SPECS = (
    f"{', '.join(_NAMED)}, a folder of class folders (with or without train, val, test), "
    "the same of .wav files, a .csv of sensor channels, an .npz file, "
    f"keras:NAME ({', '.join(KERAS_SETS)}), tfds:NAME"
)


def _find_source(spec: str) -> Callable[[Request], Collection]:
    """Choose by name, by prefix, then by what lies at the path."""
    prefix, colon, _ = spec.partition(":")
    if spec in _NAMED:
        return _NAMED[spec]
    if colon and prefix in _PREFIXED:
        return _PREFIXED[prefix]
    if spec and Path(spec).is_dir():
        return _read_wav_folder if holds_signals(Path(spec)) else _read_folder
    if Path(spec).is_file() and Path(spec).suffix.lower() in _FILES:
        return _FILES[Path(spec).suffix.lower()]
    raise UserError(f"--data {spec!r} is no data set or path found here; possible: {DATA_SPECS}")


def _check_request(image_size: int | None, samples: int | None, seed: int) -> None:
    if samples is not None and not MIN_SAMPLES <= samples <= MAX_SAMPLES:
        raise UserError(
            f"--samples must be {MIN_SAMPLES} – {MAX_SAMPLES}, got {samples}; "
            "choose a number in that range"
        )
    if image_size is not None and not MIN_SIDE <= image_size <= MAX_SIDE:
        raise UserError(
            f"--image-size must be {MIN_SIDE} – {MAX_SIDE} pixels, got {image_size}; "
            "choose a side in that range"
        )
    if seed < 0:
        raise UserError(f"--seed must be 0 or more, got {seed}; choose another one")


def _check_kind(
    load: Callable[[Request], Collection], spec: str, image_size: int | None, samples: int | None
) -> None:
    """Refuse an option that would have no effect."""
    if load in _SIGNALS and image_size is not None:
        raise UserError(f"--data {spec} holds signals: --image-size is for images; leave it out")
    if load not in _SIGNALS and samples is not None:
        raise UserError(f"--data {spec} holds images: --samples is for signals; leave it out")
    if load is _draw_windows and samples not in (None, motion_synthetic.SAMPLES):
        raise UserError(
            f"--samples: {spec} is drawn with {motion_synthetic.SAMPLES} samples; leave it out"
        )


@contextmanager
def _scratch_folder(directory: Path) -> Iterator[Path]:
    """An empty folder beside the data set; one left by a killed run is removed."""
    scratch = directory / "unpacked.partial"
    shutil.rmtree(scratch, ignore_errors=True)
    with disk_errors(directory):
        scratch.mkdir(parents=True)
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def prepare_dataset(
    spec: str,
    *,
    image_size: int | None,
    samples: int | None = None,
    seed: int,
    directory: Path,
    on_progress: Progress | None = None,
) -> Dataset:
    """Load what ``--data`` names, split it, and write it where it can be reopened.

    Every image becomes RGB, uint8, squashed to a square; see ``nas.data.images``. Signals remain as
    they are, float32.

    Args:
        spec: One of ``DATA_SPECS``.
        image_size: Side of the images in pixels, 16 – 512; ``None`` takes the source's own:
            64 for ``pcb_synthetic``, 32 for ``digits`` and ``keras:``, the images' own in a square
            ``.npz``, else 96.
        samples: Samples of a signal, 64 – 480,000; ``None`` takes a second of ``.wav`` files and
            128 rows of a ``.csv``.
        seed: Seed of the splits, and of what this project draws; 0 or more.
        directory: Where to write; made if missing. A data set already there is replaced.
        on_progress: Called with the number of examples written and their total.

    Returns:
        The data set, its arrays memory-mapped read-only.

    Raises:
        UserError: The spec names nothing, or its data cannot be used.
    """
    _check_request(image_size, samples, seed)
    load = _find_source(spec)
    _check_kind(load, spec, image_size, samples)
    with _scratch_folder(directory) as scratch, warnings.catch_warnings():
        # An image too large to decode is refused by name instead.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        collection = load(Request(spec, image_size, samples, seed, scratch))
        write_dataset(collection, assign_splits(collection, seed), directory, on_progress)
    return open_dataset(directory)
