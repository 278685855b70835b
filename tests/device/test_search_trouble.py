"""``nas.search --device`` with a device that dies, does not answer, or has no compiler."""

import json
from pathlib import Path

import pytest

from nas.bench import open_bench
from nas.errors import UserError
from nas.records.run import Settings
from tests.compiler.compiler_output import write_stub
from tests.device.searching import COMPILER, DELAYED, lines, run, tiny
from tests.device.stub_models import stub_model
from tests.searching import fail_with


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


def test_a_device_that_does_not_answer_ends_with_status_2_and_one_line(
    machine: dict[str, str],
    picture_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in {**machine, "STUB_EDGETPU": "refuse", "STUB_DEVICES": "0"}.items():
        monkeypatch.setenv(name, value)
    options = [*tiny(picture_folder), "--device", "usb:1", "--run-dir", tmp_path / "run"]
    assert "device usb:1: no Edge TPU is attached: plug it in" in fail_with(capsys, *options)
    assert not (tmp_path / "run").exists()


def test_without_a_compiler_a_device_is_refused_and_auto_estimates(
    machine: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "machine" / "edgetpu_compiler").unlink()
    for name, value in machine.items():
        monkeypatch.setenv(name, value)
    message = "what is compiled for it: no edgetpu_compiler on PATH; on x86-64 Debian"
    with pytest.raises(UserError, match=message):
        open_bench(Settings(device="usb"))
    bench, (note,) = open_bench(Settings(device="auto"))
    assert bench is None
    assert note.startswith("latencies are estimated, not measured: ")
    assert message in note
