"""What a host has, on made-up hosts."""

import importlib.metadata
import os
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from nas.device import inventory
from nas.device.inventory import Finding, look_at_compiler, look_at_device, look_at_host
from tests.compiler.compiler_output import write_stub

Usage = namedtuple("Usage", "total used free")


def stock(root: Path, library: str = "libedgetpu_of_nobody.so.1") -> dict[str, Finding]:
    found = (*look_at_host(root, root), *look_at_device(library=library, root=root))
    return {finding.name: finding for finding in found}


def plug_in_stick(root: Path, mode: int = 0o600) -> None:
    folder = root / "sys/bus/usb/devices/2-1"
    folder.mkdir(parents=True)
    values = {"idVendor": "1a6e", "idProduct": "089a", "busnum": "2", "devnum": "5"}
    for name, value in values.items():
        (folder / name).write_text(value + "\n")
    node = root / "dev/bus/usb/002/005"
    node.parent.mkdir(parents=True)
    node.touch(mode=mode)


def test_a_host_without_anything_is_told_what_to_get(tmp_path: Path) -> None:
    found = stock(tmp_path)
    assert found["Edge TPU runtime"].state == "missing"
    assert "apt-get install libedgetpu1-std" in (found["Edge TPU runtime"].remedy or "")
    assert found["Edge TPU"].state == "missing"
    assert "plug it in" in (found["Edge TPU"].remedy or "")
    assert found["Power sensor"].remedy is None
    needed = {name for name, each in found.items() if each.is_needed}
    assert needed == {"Python", "Disk", "TensorFlow", "Keras", "LiteRT interpreter"}
    assert all(found[name].state == "ok" for name in needed)


def test_a_host_with_everything_has_nothing_to_do(
    tmp_path: Path, stub_library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUB_DEVICES", "1")
    plug_in_stick(tmp_path)
    chip = tmp_path / "sys/class/hwmon/hwmon0"
    chip.mkdir(parents=True)
    (chip / "name").write_text("ina219")
    (chip / "power1_input").write_text("1")
    found = stock(tmp_path, stub_library)
    assert {name: each.remedy for name, each in found.items() if each.state != "ok"} == {}
    assert found["Edge TPU runtime"].detail.startswith("libedgetpu, runtime 14, with ")
    assert found["Edge TPU"].detail.startswith("usb /sys/bus/usb/devices/2-1")
    assert found["Power sensor"].detail == "ina219 at hwmon0:1"


def test_a_stick_that_may_not_be_opened_gets_the_udev_rule(
    tmp_path: Path, stub_library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUB_EDGETPU", "refuse")
    plug_in_stick(tmp_path)
    real = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: "usb" not in str(path) and real(path, mode)
    )
    found = stock(tmp_path, stub_library)["Edge TPU"]
    assert (found.state, found.detail) == ("failed", "this user may not open the stick")
    assert "udevadm" in (found.remedy or "")


def test_a_stick_without_a_runtime_is_seen_nevertheless(tmp_path: Path) -> None:
    plug_in_stick(tmp_path)
    found = stock(tmp_path)
    assert found["Edge TPU"].state == "ok"
    assert found["Edge TPU"].detail.endswith("not opened without the runtime")


def test_what_a_search_needs_is_told_with_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1e9, 1e9, 5e6))
    monkeypatch.setattr(inventory, "_TOO_NEW", (3, 11))

    def nothing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", nothing)
    found = stock(tmp_path)
    states = {name: each.state for name, each in found.items() if each.is_needed}
    assert states == {
        "Python": "failed", "Disk": "failed", "TensorFlow": "missing", "Keras": "missing",
        "LiteRT interpreter": "missing",
    }  # fmt: skip
    assert (found["TensorFlow"].remedy or "").endswith("-m pip install tensorflow-cpu")
    assert "2 GB" in (found["Disk"].remedy or "")


@pytest.mark.parametrize(("which", "state", "words"), [
    ("other", "failed", "Allen Coral Atlas"), ("google", "ok", "not needed"),
    (None, "ok", "not needed"),
])  # fmt: skip
def test_the_two_pycorals_are_told_apart(
    which: str | None, state: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inventory, "which_pycoral", lambda: which)
    found = stock(tmp_path)["pycoral"]
    assert found.state == state
    assert words in found.detail


def test_the_compiler_is_told_with_its_version_or_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = look_at_compiler(write_stub(tmp_path, ""))
    assert found.state == "ok"
    assert found.detail.startswith("16.0.384591198 (")
    monkeypatch.setenv("PATH", "")
    missing = look_at_compiler(None)
    assert (missing.state, missing.detail) == ("missing", "no edgetpu_compiler on PATH")
    assert (missing.remedy or "").endswith("sudo apt-get install edgetpu-compiler")
