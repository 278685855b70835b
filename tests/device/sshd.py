"""An ssh server of the tests' own on 127.0.0.1, and the client's configuration to reach it."""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

HOST_ALIAS = "board"


def tool(name: str) -> str:
    """Return a program's path; Debian keeps sshd off the PATH of users."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        message = "OpenSSH's server is not installed: apt-get install openssh-server"
        assert not os.environ.get("REQUIRE_SSHD"), message
        pytest.skip(message)
    return path


class Sshd:
    """A server that accepts one key, for the user who runs the tests."""

    def __init__(self, folder: Path) -> None:
        """Make keys and configurations in a folder."""
        self._folder = folder
        self.port = _free_port()
        for name in ("host_key", "user_key"):
            self._make_key(name)
        self.config = folder / "ssh_config"
        self.trust_host()
        self.accept_key()
        (folder / "sshd_config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {folder}/host_key\n"
            f"AuthorizedKeysFile {folder}/authorized_keys\nPidFile none\nStrictModes no\n"
            "UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
            "PermitRootLogin prohibit-password\nBanner none\n"
        )
        self.config.write_text(
            f"Host {HOST_ALIAS}\n  HostName 127.0.0.1\n  Port {self.port}\n"
            f"  User {getpass.getuser()}\n  IdentityFile {folder}/user_key\n"
            f"  IdentitiesOnly yes\n  UserKnownHostsFile {folder}/known_hosts\n"
            "  StrictHostKeyChecking no\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def ssh(self) -> list[str]:
        """The words that run ssh with this configuration."""
        return [tool("ssh"), "-F", str(self.config)]

    def _make_key(self, name: str) -> None:
        path = self._folder / name
        command = [tool("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(path)]
        subprocess.run(command, check=True, timeout=30)

    def trust_host(self, *, trusted: bool = True) -> None:
        """Know the server's key, or another one of the same name."""
        key = (self._folder / ("host_key.pub" if trusted else "user_key.pub")).read_text()
        (self._folder / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {key}")

    def accept_key(self, options: str = "") -> None:
        """Accept the user's key, with what ``authorized_keys`` may say before it."""
        key = (self._folder / "user_key.pub").read_text()
        (self._folder / "authorized_keys").write_text(f"{options} {key}")

    def refuse_key(self) -> None:
        """Accept no key."""
        (self._folder / "authorized_keys").write_text("")

    def start(self) -> None:
        """Start it and wait until it listens."""
        if os.getuid() == 0:  # it insists on the folder that Debian's service makes
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        command = [tool("sshd"), "-D", "-e", "-f", str(self._folder / "sshd_config")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stderr=log, start_new_session=True)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError((self._folder / "log").read_text())

    def stop(self) -> None:
        """End it, and with it every connection's process that it started."""
        if self._process is not None:
            for child in _descendants(self._process.pid):
                _kill(child)
            self._process.kill()
            self._process.wait()
            self._process = None


def cut_connection(agent: int) -> None:
    """Kill the process of sshd that serves an agent, as a lost connection would end it."""
    os.kill(_parent(agent), signal.SIGKILL)


def has_ended(process: int) -> bool:
    """Whether a process ends within ten seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def _parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def _descendants(process: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and _parent(int(entry.name)) == process:
                found += [*_descendants(int(entry.name)), int(entry.name)]
        except OSError:  # it has ended meanwhile
            continue
    return found


def _kill(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return


def _free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1])
