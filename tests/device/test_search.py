"""``nas.search --device``: the front is measured, and stays measured when it is killed."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.device.searching import ROOT, command, expected_ms, lines, run, tiny

pytestmark = pytest.mark.slow


def assert_measured(path: Path, told: Mapping[str, Any], devices: set[str]) -> None:
    """Every network of the front has the latency of its own file."""
    assert told["front"]
    for record in told["front"]:
        assert record["latency_source"] == "device"
        assert record["latency_device"] in devices
        assert record["latency_count"] >= 30
        expected = expected_ms(path / "models" / record["candidate_id"] / "model.tflite")
        assert expected <= record["latency_ms"] < 1.1 * expected + 1
        assert record["latency_low_ms"] <= record["latency_ms"] <= record["latency_high_ms"]


def test_a_search_measures_its_front_and_goes_on_when_resumed(
    machine: dict[str, str], picture_folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    first = run(machine, path, *tiny(picture_folder), "--device", "usb:0,usb:1")
    assert_measured(path, json.loads(first.stdout), {"usb:0", "usb:1"})
    assert " measured on usb:" in first.stderr
    before = lines(path / "measurements.jsonl")
    again = run(machine, path, "--resume", "--trials", 3, "--device", "auto")
    assert_measured(path, json.loads(again.stdout), {"usb:0", "usb:1", ":0"})
    after = lines(path / "measurements.jsonl")
    assert after[: len(before)] == before
    good = [line["candidate_id"] for line in after if line["status"] == "good"]
    assert len(good) == len(set(good)), "nothing is measured twice"
    shown = subprocess.run(
        [sys.executable, "-m", "nas.report", str(path)], cwd=ROOT, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert "measured on a device" in shown.stdout


def test_killed_while_it_measures_nothing_is_lost(
    machine: dict[str, str], picture_folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    options = [*tiny(picture_folder, 3), "--device", "usb"]
    process = subprocess.Popen(
        command(path, *options), cwd=ROOT, env=machine, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while not lines(path / "measurements.jsonl"):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = lines(path / "measurements.jsonl")
    resumed = run(machine, path, "--resume")
    assert_measured(path, json.loads(resumed.stdout), {"usb"})
    after = lines(path / "measurements.jsonl")
    assert after[: len(before)] == before
    good = [line["candidate_id"] for line in after if line["status"] == "good"]
    assert len(good) == len(set(good))
