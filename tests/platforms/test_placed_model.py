"""What a user's model is told to run on."""

from pathlib import Path

import pytest

from nas.errors import UserError
from nas.platforms.contest import SETUPS, Contest, Quantity, Range
from nas.platforms.placed_model import Standing, place_model

FAST, SLOW, CLOSE = Range(1, 0.8, 1.2), Range(10, 8, 12), Range(1.1, 0.9, 1.3)


def standing(
    time: Contest | None,
    energy: Contest | None = None,
    off_chip_bytes: int = 0,
    ops_on_cpu: int = 0,
    compiles: str = "yes",
) -> Standing:
    contests: dict[Quantity, Contest] = {}
    if time is not None:
        contests["latency_ms"] = time
    if energy is not None:
        contests["energy_mj"] = energy
    return Standing(SETUPS[0], contests, off_chip_bytes, ops_on_cpu, compiles)


@pytest.mark.parametrize(
    ("asked", "advice"),
    [
        (standing(Contest(FAST, SLOW)), "the Edge TPU, 10 times as fast"),
        (
            standing(Contest(FAST, SLOW), Contest(FAST, SLOW)),
            "the Edge TPU, 10 times as fast and 10 times as frugal",
        ),
        (
            standing(Contest(SLOW, FAST), Contest(FAST, SLOW)),
            "the CPU, 10 times as fast; the Edge TPU takes 10 times less energy",
        ),
        (standing(Contest(FAST, CLOSE)), "too close to call, measure both"),
        (standing(None), "measure both: an operator's cost is not known"),
        (standing(None, compiles="no"), "the CPU: nothing of this model runs on the Edge TPU"),
        (
            standing(Contest(FAST, SLOW), off_chip_bytes=1 << 20, ops_on_cpu=2),
            "the Edge TPU, 10 times as fast (1.00 MiB of parameters are streamed and 2 operators "
            "stay on the CPU on every inference)",
        ),
    ],
)
def test_advice_in_words(asked: Standing, advice: str) -> None:
    assert asked.advice == advice


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"model\.tflite"):
        place_model(path, SETUPS)
