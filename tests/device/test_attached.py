"""What the operating system sees, read from a made-up ``/sys`` and ``/dev``."""

from pathlib import Path

import pytest

from nas.device.attached import AttachedDevice, find_attached


def plug_stick(root: Path, port: str, vendor: str, product: str, number: int) -> Path:
    folder = root / "sys/bus/usb/devices" / port
    folder.mkdir(parents=True)
    for name, value in (("idVendor", vendor), ("idProduct", product), ("busnum", "2"),
                        ("devnum", str(number))):  # fmt: skip
        (folder / name).write_text(f"{value}\n")
    node = root / f"dev/bus/usb/002/{number:03}"
    node.parent.mkdir(parents=True, exist_ok=True)
    node.touch()
    return node


def plug_card(root: Path, slot: str, number: int | None) -> Path:
    folder = root / "sys/bus/pci/devices" / slot
    folder.mkdir(parents=True)
    (folder / "vendor").write_text("0x1ac1\n")
    (folder / "device").write_text("0x089a\n")
    node = root / f"dev/apex_{number}"
    if number is not None:
        node.parent.mkdir(exist_ok=True)
        node.touch()
    return node


def test_nothing_is_attached_to_an_empty_host(tmp_path: Path) -> None:
    assert find_attached(tmp_path) == ()


def test_a_stick_is_seen_before_and_after_its_firmware(tmp_path: Path) -> None:
    fresh = plug_stick(tmp_path, "2-1", "1a6e", "089a", 4)
    ready = plug_stick(tmp_path, "2-2", "18d1", "9302", 11)
    plug_stick(tmp_path, "2-3", "18d1", "4ee7", 12)  # a telephone of the same vendor
    (tmp_path / "sys/bus/usb/devices/usb2").mkdir()
    assert find_attached(tmp_path) == (
        AttachedDevice("usb", fresh, True, has_firmware=False),
        AttachedDevice("usb", ready, True, has_firmware=True),
    )


def test_cards_without_a_driver_have_no_node(tmp_path: Path) -> None:
    node = plug_card(tmp_path, "0000:01:00.0", 0)
    plug_card(tmp_path, "0000:02:00.0", None)
    assert find_attached(tmp_path) == (
        AttachedDevice("pci", node, True),
        AttachedDevice("pci", None, False),
    )


def test_a_node_that_may_not_be_opened_is_not_accessible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = plug_stick(tmp_path, "2-1", "18d1", "9302", 4)
    asked = []
    monkeypatch.setattr("os.access", lambda path, mode: asked.append((path, mode)))
    assert not find_attached(tmp_path)[0].is_accessible
    assert asked == [(node, 6)], "reading and writing"


def test_a_stick_unplugged_meanwhile_is_not_accessible(tmp_path: Path) -> None:
    plug_stick(tmp_path, "2-1", "18d1", "9302", 4).unlink()
    assert not find_attached(tmp_path)[0].is_accessible
