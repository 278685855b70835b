"""What many tests share: a tiny set of pictures, and that set prepared for training."""

import os
import signal
from collections import Counter
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Several test processes share few cores: threads of small products would wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import optuna
import pytest
from PIL import Image

from nas.data.dataset import Dataset
from nas.data.sources import prepare_dataset

optuna.logging.set_verbosity(optuna.logging.WARNING)

OWN_SPACE = Path(__file__).parent / "own_space.py"
"""A user's own search space: a tiny network that can be told to misbehave."""


def pytest_configure() -> None:
    """Hear SIGINT even where a shell started the tests in the background, with it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the files with slow tests first, so that no worker is left with one at the end."""
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -slow[item.path])


@pytest.fixture(scope="session")
def picture_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 pictures of 16 x 16 pixels in two classes: bright above, or bright below."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for label, name in enumerate(("above", "below")):
        (folder / name).mkdir()
        for number in range(60):
            picture = rng.integers(0, 150, (16, 16, 3), dtype=np.uint8)
            picture[8 * label : 8 * label + 8] += 100
            Image.fromarray(picture).save(folder / name / f"{number:03}.png")
    return folder


@pytest.fixture(scope="session")
def tiny_directory(picture_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pictures, decoded and split."""
    directory = tmp_path_factory.mktemp("prepared") / "data"
    prepare_dataset(str(picture_folder), image_size=16, seed=0, directory=directory)
    return directory


@pytest.fixture(scope="session")
def tiny_dataset(tiny_directory: Path) -> Dataset:
    """The pictures as a data set."""
    from nas.data.storage import open_dataset

    return open_dataset(tiny_directory)
