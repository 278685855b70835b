"""Networks that suffer, converted once for all tests of a process."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nas.data.dataset import Dataset
from nas.quantization.conversion import calibrate, calibration_examples
from tests.quantization import networks


@dataclass(frozen=True)
class Case:
    model: Any
    dataset: Dataset
    calibrated: bytes
    examples: NDArray[np.float32]


def make_case(model: Any, calibration: NDArray[np.uint8], least: float = 0.0) -> Case:
    dataset = networks.dataset(model, calibration, least)
    seen = calibration[:100]
    return Case(model, dataset, calibrate(model, seen), calibration_examples(seen))


@pytest.fixture(scope="session")
def plain() -> Case:
    """Nothing is wrong with it: it is sure of every picture."""
    return make_case(networks.depthwise(networks.PLAIN), networks.pictures(40, seed=2), least=0.6)


@pytest.fixture(scope="session")
def uneven() -> Case:
    return make_case(networks.depthwise(networks.UNEVEN), networks.pictures(40, seed=2))


@pytest.fixture(scope="session")
def bounded() -> Case:
    """With ReLU6, which the largest channels reach."""
    model = networks.depthwise(networks.UNEVEN, bound=6.0)
    return make_case(model, networks.pictures(40, seed=2))


@pytest.fixture(scope="session")
def spiking() -> Case:
    calibration = networks.pictures(40, seed=2)
    calibration[5, 3, 3] = 255
    return make_case(networks.spiking(), calibration)


@pytest.fixture(scope="session")
def dark() -> Case:
    """Of the calibration pictures, those that the quantizer sees at first are dark."""
    calibration = np.concatenate(
        [networks.pictures(100, seed=2, brightest=60), networks.pictures(60, seed=3)]
    )
    return make_case(networks.depthwise(networks.PLAIN), calibration)
