"""A bundle brought to a board by the system's ssh, and verified there."""

import io
import re
import shlex
import subprocess
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nas.device.ssh import SshAddress, parse_address, remote_command
from nas.errors import UserError

_DESTINATION = re.compile(r"(ssh://[^:/?#]+(?::[0-9]+)?):([^?\x00-\x1f]*[^?/\x00-\x1f])/?(\?.*)?")
_SECONDS = 600


@dataclass(frozen=True)
class Destination:
    """A folder on a board.

    Attributes:
        address: The board.
        folder: The folder, from the user's home if it does not begin with ``/``.
    """

    address: SshAddress
    folder: str


@dataclass(frozen=True)
class Delivery:
    """What became of a delivery.

    Attributes:
        verified: Whether ``verify.py`` found all well there.
        said: What it said.
    """

    verified: bool
    said: str


def parse_destination(text: str) -> Destination:
    """Read ``ssh://user@host[:port]:DIR[?python=/path/to/python3]``.

    Raises:
        UserError: It is not of that form.
    """
    match = _DESTINATION.fullmatch(text)
    if match is None:
        raise UserError(f"--to {text!r}: write ssh://user@host[:port]:DIR[?python=PATH]")
    board, folder, query = match.groups()
    return Destination(parse_address(board + (query or "")), folder.removeprefix("~/"))


def deliver(bundle: Path, to: Destination, ssh: Sequence[str] = ("ssh",)) -> Delivery:
    """Copy a bundle's files and run its ``verify.py`` where they are.

    Args:
        bundle: The folder.
        to: Where it goes; the folder is made if it is not there.
        ssh: The words that run ssh.

    Raises:
        UserError: It cannot be copied, with what ssh said.
    """
    folder = shlex.quote(to.folder)
    copied = _run(
        to.address, f"mkdir -p -- {folder} && tar -xf - -C {folder}", ssh, _packed(bundle)
    )
    if copied.returncode != 0:
        raise UserError(f"{to.address.host}: cannot copy to {to.folder} ({_last_line(copied)})")
    script = shlex.quote(f"{to.folder}/verify.py")
    checked = _run(to.address, f"{to.address.python} {script}", ssh)
    return Delivery(checked.returncode == 0, checked.stdout.decode(errors="replace").strip()
                    or _last_line(checked))  # fmt: skip


def _run(
    address: SshAddress, remote: str, ssh: Sequence[str], content: bytes = b""
) -> "subprocess.CompletedProcess[bytes]":
    command = remote_command(address, remote, ssh)
    try:
        return subprocess.run(  # noqa: S603  no shell here; the remote words are quoted
            command, input=content, capture_output=True, check=False, timeout=_SECONDS
        )
    except FileNotFoundError:
        raise UserError("no ssh on PATH: apt-get install openssh-client") from None
    except subprocess.TimeoutExpired:
        raise UserError(f"{address.host}: no answer within {_SECONDS} s") from None


def _packed(bundle: Path) -> bytes:
    """Return the files as a tar archive, owned by nobody in particular."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for path in sorted(each for each in bundle.iterdir() if each.is_file()):
            entry = tarfile.TarInfo(path.name)
            entry.size = path.stat().st_size
            entry.mode = 0o755 if path.suffix == ".py" else 0o644
            with path.open("rb") as file:
                archive.addfile(entry, file)
    return content.getvalue()


def _last_line(process: "subprocess.CompletedProcess[bytes]") -> str:
    lines = process.stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"exit status {process.returncode}"
