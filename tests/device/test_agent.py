"""The file that runs on the board."""

import ast
import errno
import hashlib
import io
import itertools
import json
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest

from nas.device import agent
from nas.device.agent import RefusedError, Store, pack_frame, read_frame, read_link, read_sensors

SOURCE = Path(agent.__file__).read_text()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_it_is_python_3_7() -> None:
    ast.parse(SOURCE, feature_version=(3, 7))


def test_it_imports_the_standard_library_and_numpy_only() -> None:
    names = set()
    for node in ast.walk(ast.parse(SOURCE)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module).split(".")[0])
    assert names - sys.stdlib_module_names == {"numpy"}, "interpreters are imported by name"
    assert '("tflite_runtime", "ai_edge_litert")' in SOURCE


def test_its_annotations_are_never_evaluated() -> None:
    """They are newer than Python 3.7."""
    assert "from __future__ import annotations" in SOURCE


def test_a_frame_is_read_as_it_was_written() -> None:
    frame = pack_frame({"type": "put", "id": 3}, b"\0model\n")
    assert read_frame(io.BytesIO(frame).read) == ({"type": "put", "id": 3}, b"\0model\n")


@pytest.mark.parametrize("kept", [0, 7, 19, 25, -1])
def test_half_a_frame_is_the_end(kept: int) -> None:
    frame = pack_frame({"id": 3}, b"model")
    with pytest.raises(EOFError):
        read_frame(io.BytesIO(frame[:kept]).read)


def test_no_damaged_byte_goes_unnoticed() -> None:
    frame = pack_frame({"id": 3}, b"model")
    for position in range(len(frame)):
        damaged = bytearray(frame)
        damaged[position] ^= 1
        with pytest.raises((ValueError, EOFError)):
            read_frame(io.BytesIO(bytes(damaged)).read)


@pytest.mark.parametrize("sizes", [(agent.MAX_JSON_BYTES + 1, 0), (2, agent.MAX_PAYLOAD_BYTES + 1)])
def test_a_frame_too_large_is_refused_before_it_is_read(sizes: tuple[int, int]) -> None:
    header = agent.HEADER.pack(agent.MARK, *sizes, 0)
    with pytest.raises(ValueError, match="too large"):
        read_frame(io.BytesIO(header).read)


def test_a_frame_holds_an_object() -> None:
    frame: Any = pack_frame([1, 2])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="without an object"):
        read_frame(io.BytesIO(frame).read)


def time_block(seconds: list[float], **settings: Any) -> tuple[list[float], list[float]]:
    """Time inferences that take so long, the last of them for ever after."""
    now = 0.0
    durations = itertools.chain(seconds, itertools.repeat(seconds[-1]))

    def invoke() -> None:
        nonlocal now
        now += next(durations)

    words = {"block_s": 1.0, "least": 2, "warmup_most": 10, "settled": 0.2} | settings
    return agent.time_block(invoke, lambda: now, **words)


def test_the_warm_up_lasts_until_the_upload_is_over() -> None:
    warmup, timed = time_block([5.0, 2.0, 0.4, 0.26, 0.25])
    assert warmup == pytest.approx([5.0, 2.0, 0.4, 0.26, 0.25, 0.25])
    assert timed == pytest.approx([0.25] * 4), "a second of them"


def test_the_warm_up_is_bounded_and_a_slow_model_has_its_least_count() -> None:
    warmup, timed = time_block([2.0, 1.0] * 20, warmup_most=7)
    assert len(warmup) == 7
    assert timed == pytest.approx([1.0, 2.0])


def test_a_block_of_very_many_inferences_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent, "MAX_TIMED", 50)
    assert len(time_block([1e-6])[1]) == 50


def fill(folder: Path, **files: object) -> None:
    folder.mkdir(parents=True)
    for name, value in files.items():
        (folder / name).write_text(f"{value}\n")


@pytest.mark.parametrize(
    ("millidegrees", "clock_hz", "is_throttled"),
    [(60_050, 500e6, False), (84_800, 250e6, True), (91_000, 125e6, True), (99_000, 62.5e6, True)],
)
def test_the_clock_follows_from_the_trip_points(
    millidegrees: int, clock_hz: float, is_throttled: bool, tmp_path: Path
) -> None:
    fill(tmp_path / "sys/class/apex/apex_0", temp=millidegrees, trip_point0_temp=84_800,
         trip_point1_temp=89_800, trip_point2_temp=94_800)  # fmt: skip
    cpu = tmp_path / "sys/devices/system/cpu/cpu0/cpufreq"
    fill(cpu, scaling_governor="ondemand", scaling_cur_freq=1_500_000)
    assert read_sensors("apex_0", tmp_path) == {
        "temperature_c": millidegrees / 1e3, "clock_hz": clock_hz, "is_throttled": is_throttled,
        "cpu_governor": "ondemand", "cpu_clock_hz": 1.5e9,
    }  # fmt: skip


@pytest.mark.parametrize("node", ["", "apex_0"])
def test_what_the_system_does_not_tell_is_null(node: str, tmp_path: Path) -> None:
    assert read_sensors(node, tmp_path) == {
        "temperature_c": None, "clock_hz": None, "is_throttled": False,
        "cpu_governor": None, "cpu_clock_hz": None,
    }  # fmt: skip


def test_the_link_is_read_from_the_system(tmp_path: Path) -> None:
    fill(tmp_path / "sys/bus/usb/devices/2-1", speed=5000)
    fill(tmp_path / "sys/class/apex/apex_0/device", current_link_speed="5.0 GT/s PCIe",
         current_link_width=1)  # fmt: skip
    assert read_link("usb", "/sys/bus/usb/devices/2-1", tmp_path) == "usb 5000 Mbit/s"
    assert read_link("pci", "/dev/apex_0", tmp_path) == "pci 5.0 GT/s PCIe x1"
    assert read_link("usb", "/sys/bus/usb/devices/3-1", tmp_path) is None


def test_a_model_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "torn.part").write_bytes(b"half")
    store = Store(tmp_path, 100)
    assert list(tmp_path.iterdir()) == []
    store.put(sha256(b"model"), b"model")
    assert store.get(sha256(b"model")) == b"model"
    with pytest.raises(RefusedError, match="hash is not"):
        store.put(sha256(b"other"), b"model")
    assert store.get(sha256(b"other")) is None


def test_a_model_damaged_on_the_disk_is_not_used(tmp_path: Path) -> None:
    store = Store(tmp_path, 100)
    store.put(sha256(b"model"), b"model")
    (tmp_path / f"{sha256(b'model')}.tflite").write_bytes(b"mode")
    assert store.get(sha256(b"model")) is None


def test_the_oldest_models_make_room(tmp_path: Path) -> None:
    store = Store(tmp_path, 100)
    models = [bytes([number]) * 40 for number in range(3)]
    for model in models:
        store.put(sha256(model), model)
    assert [store.get(sha256(model)) is not None for model in models] == [False, True, True]
    with pytest.raises(RefusedError, match="larger than 100 bytes"):
        store.put(sha256(bytes(101)), bytes(101))
    assert store.get(sha256(models[2])) is not None


def test_a_full_disk_is_told_and_nothing_is_left_of_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path, 100)
    store.put(sha256(b"old"), b"old")

    def fail(_: int) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(RefusedError, match="the disk is full"):
        store.put(sha256(b"model"), b"model")
    assert list(tmp_path.iterdir()) == [], "all others were removed to make room"


def test_a_request_with_a_path_for_a_hash_is_refused() -> None:
    with pytest.raises(RefusedError, match="not a hash"):
        agent.Agent().answer({"type": "put", "sha256": "../../x"}, b"")


def test_an_unknown_request_is_refused() -> None:
    with pytest.raises(RefusedError, match="there is no request 'reboot'"):
        agent.Agent().answer(json.loads('{"type": "reboot"}'), b"")


def test_one_process_holds_a_device(tmp_path: Path) -> None:
    with agent.lock_device(tmp_path / "lock"), pytest.raises(RefusedError, match="another process"):
        agent.lock_device(tmp_path / "lock")
