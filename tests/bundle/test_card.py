"""The model card's rows that only some exports have."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from nas.bundle.card import model_card
from nas.bundle.final_training import FailedTraining, Final
from nas.bundle.preparation import of_images
from nas.edgetpu.estimator import Estimator
from nas.evaluation.deployable import Deployable, Trained
from nas.evaluation.golden import Golden
from nas.network.tflite import parse_network
from tests.records.records import record
from tests.records.runs import run_config

CONTENT = (Path(__file__).parents[1] / "data" / "convolutional_int8.tflite").read_bytes()
DEVICE: dict[str, Any] = {
    "latency_source": "device", "latency_device": "usb:0 | \"x\"", "latency_count": 200,
    "latency_ms": 2.5, "latency_low_ms": 2.25, "latency_high_ms": 2.75,
}  # fmt: skip


SHIPPED = Trained(CONTENT, 0.8, 0.85, seed=4, epochs=10, best_epoch=7)


def card(
    *tried: Trained,
    trained: Trained = SHIPPED,
    failed: tuple[FailedTraining, ...] = (),
    **values: Any,
) -> str:
    golden = Golden(np.zeros(0, np.int8), np.zeros(0, np.int8))
    network = Deployable(trained, tried, (16, 16, 3), None, 50, 0.75, 40, golden)
    estimate = Estimator().estimate(parse_network(CONTENT))
    final, prepared = Final(network, failed), of_images((16,))
    return model_card(run_config(), record(**values), final, estimate, None, preparation=prepared)


def test_a_latency_measured_on_a_device_has_a_row_beside_the_estimate() -> None:
    text = card(**DEVICE)
    assert (
        '| latency the search measured on usb:0 / "x" (quartiles) | 2.5 ms (2.25 – 2.75 ms) |\n'
        in text
    )
    assert "| latency (80 % interval) |" in text


def test_an_estimated_latency_is_not_said_to_be_measured() -> None:
    assert "the search measured" not in card(latency_source="estimate")


def test_the_seed_that_was_kept_is_named_and_one_seed_has_no_table() -> None:
    alone = card(Trained(CONTENT, 0.8, 0.85, seed=4))
    assert "for 10 epochs with Adam from seed 4; epoch 7 was kept" in alone
    assert "| seed |" not in alone


def test_how_training_images_were_changed_is_told() -> None:
    changed = replace(SHIPPED, augmentation=("flip", "light"))
    assert "Training images were changed at random: flip, light. Input: " in card(trained=changed)
    assert "changed at random" not in card()


def test_seeds_have_a_row_each_and_mean_and_spread() -> None:
    text = card(Trained(CONTENT, 0.8, 0.85, seed=4), Trained(CONTENT, 0.7, 0.75, seed=5))
    assert (
        "| seed | float, validation | int8, validation |\n|---|---|---|\n"
        "| 4 | 0.8500 | 0.8000 |\n| 5 | 0.7500 | 0.7000 |\n"
        "| mean ± standard deviation | 0.8000 ± 0.0707 | 0.7500 ± 0.0707 |\n"
    ) in text


def test_a_training_that_failed_has_a_row_with_its_reason() -> None:
    text = card(Trained(CONTENT, 0.8, 0.85, seed=4), failed=(FailedTraining(5, "a|b"),))
    assert "|---|---|---|\n| 4 | 0.8500 | 0.8000 |\n| 5 | failed | a/b |\n" in text
    assert "mean ±" not in text
