"""Devices as a user names them, opened in agents of their own with a stand-in for libedgetpu."""

from pathlib import Path

import pytest

from nas.device.opening import open_devices, parse_device_names, share_a_host
from nas.errors import UserError
from tests.device.sshd import tool


def test_names_are_read() -> None:
    assert parse_device_names("usb:1, ssh://pi@board") == ("usb:1", "ssh://pi@board")


@pytest.mark.parametrize(("text", "message"), [
    ("toaster", "name it usb"), ("usb,usb", "named once"), ("usb,", "a name is missing"),
    ("auto,usb", "name it usb"), ("ssh://", "write ssh://user@host"), ("", "a name is missing"),
])  # fmt: skip
def test_what_names_no_device_is_refused(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse_device_names(text)


@pytest.mark.parametrize(("names", "is_shared"), [
    (["usb"], False), (["usb", "ssh://board"], False), (["usb:0", "usb:1"], True),
    (["ssh://a", "ssh://b"], False), (["ssh://a?device=usb:0", "ssh://pi@a?device=usb:1"], True),
])  # fmt: skip
def test_devices_at_one_host_are_known(names: list[str], is_shared: bool) -> None:
    assert share_a_host(names) == is_shared


@pytest.fixture
def installed(stub_library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in where the loader looks, and models kept in a folder of the test's own."""
    (tmp_path / "libedgetpu.so.1").symlink_to(stub_library)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.usefixtures("installed")
def test_a_device_that_answers_is_open() -> None:
    devices = open_devices(["usb:0", "usb:1"])
    assert list(devices) == ["usb:0", "usb:1"]
    for device in devices.values():
        assert device.connect()["runtime"] == "BuildLabel(stub), RuntimeVersion(14)"
        device.close()


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(("behaviour", "message"), [
    ("refuse", "^device pci: no Edge TPU is attached: plug it in"),
    ("crash", "^device pci: the board's runtime crashed .*: install a pair built from the same"),
])  # fmt: skip
def test_one_that_does_not_is_told_with_a_remedy(
    behaviour: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUB_EDGETPU", behaviour)
    with pytest.raises(UserError, match=message):
        open_devices(["pci"])


def test_a_board_that_is_not_there_is_told() -> None:
    tool("ssh")
    with pytest.raises(UserError, match=r"Connection refused.*: check that the board is on"):
        open_devices(["ssh://nobody@127.0.0.1:9"])
