"""An agent behind ``ssh://user@host[:port]``, through the system's ssh.

The agent's source is the first thing sent over the channel; nothing is installed on the board. What
the remote shell sees is constant but for the name of the Python interpreter, which holds no
character that a shell would interpret.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nas.device.runtime import check_device_name
from nas.device.session import BOOTSTRAP
from nas.errors import UserError

_ADDRESS = re.compile(
    r"ssh://(?:([a-z_][a-z0-9_.-]*)@)?([a-z0-9][a-z0-9.-]*|\[[0-9a-f:]+\])"
    r"(?::([1-9][0-9]{0,4}))?/?(?:\?([^#]+))?", re.IGNORECASE,
)  # fmt: skip
_PYTHON = re.compile(r"(?:~/)?[A-Za-z0-9_./][A-Za-z0-9_./-]*")
_LAST_PORT = 65535
_EXAMPLE = "write ssh://user@host[:port][?device=usb:1][&python=/path/to/python3]"
_OPTIONS = {
    "BatchMode": "yes",
    "StrictHostKeyChecking": "yes",
    "ConnectTimeout": "10",
    "ServerAliveInterval": "5",
    "ServerAliveCountMax": "3",
    "ClearAllForwardings": "yes",
    "ForwardAgent": "no",
    "ForwardX11": "no",
    "RemoteCommand": "none",
    "PermitLocalCommand": "no",
}
"""What must hold whatever the user's configuration says; the rest is the configuration's."""


@dataclass(frozen=True)
class SshAddress:
    """A board.

    Attributes:
        host: Its name, or one from the user's ssh configuration.
        user: ``None`` for what the configuration says.
        port: ``None`` for what the configuration says.
        device: The Edge TPU there: ``usb``, ``usb:1``, ``pci`` …; empty for any.
        python: Its Python interpreter.
    """

    host: str
    user: str | None = None
    port: int | None = None
    device: str = ""
    python: str = "python3"


def parse_address(text: str) -> SshAddress:
    """Read ``ssh://user@host[:port][?device=…][&python=…]``.

    Raises:
        UserError: It is not of that form.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match[3] or 0) > _LAST_PORT:
        raise UserError(f"device {text!r}: {_EXAMPLE}")
    user, host, port, query = match.groups()
    words = dict(word.partition("=")[::2] for word in query.split("&")) if query else {}
    if not words.keys() <= {"device", "python"}:
        raise UserError(f"device {text!r}: {_EXAMPLE}")
    check_device_name(words.get("device", ""))
    if not _PYTHON.fullmatch(words.get("python", "python3")):
        raise UserError(f"device {text!r}: python= takes a path of letters, digits and _./-")
    return SshAddress(host.strip("[]"), user, None if port is None else int(port), **words)


def ssh_command(address: SshAddress, ssh: Sequence[str] = ("ssh",)) -> list[str]:
    """Return the words that run a Python on a board which reads its program from the channel."""
    return remote_command(address, f"exec {address.python} -c '{BOOTSTRAP}'", ssh)


def remote_command(address: SshAddress, remote: str, ssh: Sequence[str] = ("ssh",)) -> list[str]:
    """Return the words that let a board's shell run a line; what is in it has to be quoted."""
    options = [word for name, value in _OPTIONS.items() for word in ("-o", f"{name}={value}")]
    user = [] if address.user is None else ["-l", address.user]
    port = [] if address.port is None else ["-p", str(address.port)]
    return [*ssh, "-T", *options, *user, *port, "--", address.host, remote]
