"""``nas.search --device``: all is real but the compiler and the chip."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import OWN_SPACE
from tests.device.stub_models import stub_model
from tests.edgetpu.compiler_output import OUTPUT, TABLE, write_stub

ROOT = Path(__file__).parents[2]
DELAYED = stub_model("delay_us=00000000 ")

COMPILER = f"""
import pathlib
content = pathlib.Path("model.tflite").read_bytes()
delay = b"%08d" % (100 * int(len(content) ** 0.5))
sys.stdout.write({OUTPUT!r})
write("model_edgetpu.log", {TABLE.encode()!r})
compiled = {DELAYED!r}.replace(b"delay_us=00000000", b"delay_us=" + delay)
write("model_edgetpu.tflite", compiled)
"""
"""What it compiles takes 100 microseconds times the root of the file's length in bytes."""


def expected_ms(model: Path) -> float:
    return int(model.stat().st_size ** 0.5) / 10


@pytest.fixture
def machine(stub_library: str, tmp_path: Path) -> dict[str, str]:
    """The environment of a machine with an Edge TPU and a compiler."""
    folder = tmp_path / "machine"
    folder.mkdir()
    write_stub(folder, COMPILER)
    (folder / "libedgetpu.so.1").symlink_to(stub_library)
    own = {"HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache"),
           "LD_LIBRARY_PATH": str(folder), "STUB_DEVICES": "2",
           "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}  # fmt: skip
    return {**os.environ, **own}


def command(path: Path, *options: object) -> list[str]:
    words = ["--run-dir", path, "--json", *options]
    return [sys.executable, "-m", "nas.search", *map(str, words)]


def run(
    environment: Mapping[str, str], path: Path, *options: object, status: int = 0
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command(path, *options), cwd=ROOT, env=environment, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    return done


def tiny(pictures: Path, trials: int = 3) -> list[object]:
    return ["--space", f"{OWN_SPACE}:well_behaved", "--data", pictures, "--image-size", 16,
            "--trials", trials, "--epochs", 1, "--no-gate"]  # fmt: skip


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


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


@pytest.mark.slow
def test_a_search_measures_its_front_and_goes_on_when_resumed(
    machine: dict[str, str], picture_folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    first = run(machine, path, *tiny(picture_folder), "--device", "usb:0,usb:1")
    assert_measured(path, json.loads(first.stdout), {"usb:0", "usb:1"})
    assert " measured on usb:" in first.stderr
    before = lines(path / "measurements.jsonl")
    again = run(machine, path, "--resume", "--trials", 4, "--device", "auto")
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


@pytest.mark.slow
def test_killed_while_it_measures_nothing_is_lost(
    machine: dict[str, str], picture_folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    options = [*tiny(picture_folder, 4), "--device", "usb"]
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


@pytest.mark.slow
def test_a_device_that_dies_ends_the_search_only_if_asked(
    machine: dict[str, str], picture_folder: Path, tmp_path: Path
) -> None:
    """The runtime crashes at every model: the opening alone succeeds."""
    path, other = tmp_path / "run", tmp_path / "other"
    crashing = COMPILER.replace(repr(DELAYED), repr(stub_model("does=crash")))
    write_stub(tmp_path / "machine", crashing)
    done = run(machine, path, *tiny(picture_folder), "--device", "usb")
    assert {each["latency_source"] for each in json.loads(done.stdout)["front"]} == {"estimate"}
    assert "not measured on usb: usb: after 2 attempts, the board's runtime crashed" in done.stderr
    assert {line["status"] for line in lines(path / "measurements.jsonl")} == {"failed"}
    ended = run(
        machine, other, *tiny(picture_folder), "--device", "usb", "--device-failures", 1, status=1
    )
    assert "usb is given up after a failure" in ended.stderr
    assert "no device is left to measure on; finished candidates saved: " in ended.stderr
    assert f"python -m nas.search --resume --run-dir {other}" in ended.stderr


@pytest.mark.slow
def test_a_device_without_a_compiler_ends_with_status_2_and_one_line(
    machine: dict[str, str], picture_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "machine" / "edgetpu_compiler").unlink()
    done = run(machine, tmp_path / "run", *tiny(picture_folder), "--device", "usb", status=2)
    (line,) = done.stderr.strip().splitlines()
    assert "what is compiled for it: no edgetpu_compiler on PATH; on x86-64 Debian" in line
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_device_that_does_not_answer_ends_with_status_2_and_one_line(
    machine: dict[str, str], picture_folder: Path, tmp_path: Path
) -> None:
    broken = {**machine, "STUB_EDGETPU": "refuse", "STUB_DEVICES": "0"}
    done = run(broken, tmp_path / "run", *tiny(picture_folder), "--device", "usb:1", status=2)
    (line,) = done.stderr.strip().splitlines()
    assert "device usb:1: no Edge TPU is attached: plug it in" in line
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_auto_says_in_one_line_why_it_estimates(
    machine: dict[str, str], picture_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "machine" / "edgetpu_compiler").unlink()
    done = run(machine, tmp_path / "run", *tiny(picture_folder, 1), "--device", "auto")
    (told,) = [each for each in done.stderr.splitlines() if "estimated, not measured" in each]
    assert "no edgetpu_compiler on PATH" in told
    (record,) = json.loads(done.stdout)["front"]
    assert record["latency_source"] == "estimate"
