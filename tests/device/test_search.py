"""``nas.search --device``: the front is measured, and stays measured when it is killed."""

import json
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.device.searching import ROOT, command, expected_ms, lines, run, tiny
from tests.device.sshd import HOST_ALIAS, Sshd

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


@pytest.fixture
def board(machine: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """The name of a board behind a real ssh server, with an Edge TPU of its own."""
    folder = tmp_path / "board"
    folder.mkdir()
    server = Sshd(folder)
    own = {name: machine[name] for name in ("LD_LIBRARY_PATH", "STUB_DEVICES")}
    setting = shlex.join(f"{name}={value}" for name, value in {**own, "HOME": str(folder)}.items())
    write_script(folder / "python", f"exec env {setting} {shlex.quote(sys.executable)}")
    write_script(tmp_path / "machine" / "ssh", f"exec {shlex.join(server.ssh)}")
    server.start()
    yield f"ssh://{HOST_ALIAS}?device=usb:1&python={folder}/python"
    server.stop()


def write_script(path: Path, command: str) -> None:
    path.write_text(f'#!/bin/sh\n{command} "$@"\n')
    path.chmod(0o755)


@pytest.fixture
def meter(tmp_path: Path) -> Path:
    """The log of a USB meter that shows 2 W for the next ten minutes."""
    path, now = tmp_path / "meter.csv", time.time()
    rows = [f"{now + 0.01 * number:.2f},2\n" for number in range(60_000)]
    path.write_text("time,power_w\n" + "".join(rows))
    return path


def test_a_search_measures_its_front_and_goes_on_when_resumed(
    machine: dict[str, str], board: str, meter: Path, picture_folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    first = run(machine, path, *tiny(picture_folder), "--device", board, "--power", meter)
    assert_measured(path, json.loads(first.stdout), {board})
    for record in json.loads(first.stdout)["front"]:
        assert record["energy_source"] == "device"
        assert record["energy_mj"] == pytest.approx(2 * record["latency_ms"], rel=0.1)
    assert " measured on ssh://board" in " ".join(first.stderr.split())
    before = lines(path / "measurements.jsonl")
    assert {line["energy"]["source"] for line in before} == {f"{meter}, all it sees, idle included"}
    assert all(line["figures"]["reference_change"] is not None for line in before)
    several = ["--device", "usb:0,usb:1", "--power", "auto"]
    again = run(machine, path, "--resume", "--trials", 4, *several)
    assert "one power sensor cannot tell several devices apart" in again.stderr
    assert_measured(path, json.loads(again.stdout), {"usb:0", "usb:1", board})
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
