"""A bundle brought over a real ssh server, and verified by another Python there."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nas.bundle.delivery import Destination, deliver, parse_destination
from nas.device.ssh import SshAddress
from nas.errors import UserError
from tests.bundle.test_verify import DATA, make_bundle
from tests.device.sshd import HOST_ALIAS, Sshd


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    server = Sshd(tmp_path_factory.mktemp("sshd"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return make_bundle(tmp_path / "bundle", (DATA / "convolutional_int8.tflite").read_bytes())


@pytest.mark.parametrize(("text", "expected"), [
    ("ssh://me@board:/home/me/net", Destination(SshAddress("board", "me"), "/home/me/net")),
    ("ssh://board:net/", Destination(SshAddress("board"), "net")),
    ("ssh://board:~/net", Destination(SshAddress("board"), "net")),
    ("ssh://pi@board:2222:a b", Destination(SshAddress("board", "pi", 2222), "a b")),
    ("ssh://board:net?python=/opt/python3",
     Destination(SshAddress("board", python="/opt/python3"), "net")),
])  # fmt: skip
def test_a_destination_is_read(text: str, expected: Destination) -> None:
    assert parse_destination(text) == expected


@pytest.mark.parametrize("text", ["board:net", "ssh://board", "ssh://board:", "ssh://board:a\nb"])
def test_what_is_no_destination_says_how_to_write_one(text: str) -> None:
    with pytest.raises(UserError, match=r"write ssh://user@host"):
        parse_destination(text)


def test_the_bundle_arrives_and_is_verified_there(sshd: Sshd, bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / 'it\'s; $(touch oops) & "quoted"'
    to = Destination(SshAddress(HOST_ALIAS, python=sys.executable), str(folder))
    delivery = deliver(bundle, to, sshd.ssh)
    assert delivery.verified, delivery.said
    assert delivery.said.endswith("verified")
    for path in bundle.iterdir():
        assert (folder / path.name).read_bytes() == path.read_bytes()
    assert not list(Path.home().glob("oops"))


def test_what_is_not_verified_there_is_told(sshd: Sshd, bundle: Path, tmp_path: Path) -> None:
    (bundle / "labels.txt").write_text("changed on the way")
    to = Destination(SshAddress(HOST_ALIAS, python=sys.executable), str(tmp_path / "there"))
    delivery = deliver(bundle, to, sshd.ssh)
    assert not delivery.verified
    assert "labels.txt has changed" in delivery.said


def test_a_folder_that_cannot_be_made_or_a_board_that_refuses_is_one_line(
    sshd: Sshd, bundle: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    address = SshAddress(HOST_ALIAS, python=sys.executable)
    with pytest.raises(
        UserError, match=r"cannot copy to .*file/net \(.*File exists|Not a directory"
    ):
        deliver(bundle, Destination(address, f"{tmp_path}/file/net"), sshd.ssh)
    with pytest.raises(UserError, match=f"{HOST_ALIAS}: cannot copy"):
        deliver(bundle, Destination(address, "net"), [*sshd.ssh, "-o", "Port=1"])
