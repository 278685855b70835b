"""Runs another program with a time limit, a bound on what it prints and no shell."""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MAX_OUTPUT_BYTES = 1 << 20
_POLL_S = 0.05


@dataclass(frozen=True)
class Ended:
    """How a program ended.

    Attributes:
        status: Exit status, negative for a signal; ``None`` when its time was up.
        output: Standard output, at most 1 MiB of it.
        errors: Standard error, likewise.
        seconds: Time it took.
    """

    status: int | None
    output: str
    errors: str
    seconds: float


def run_bounded(command: Sequence[str], folder: Path, limit_s: float) -> Ended:
    """Run a command, at most so long.

    It leads a process group of its own, which is killed when it ends or its time is up, for what it
    has forked would go on.

    Args:
        command: Program and words, as they are.
        folder: Where it runs.
        limit_s: Seconds.

    Raises:
        OSError: It cannot be started.
    """
    started = time.monotonic()
    with subprocess.Popen(  # noqa: S603  no shell
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            output, errors = _read_streams(process, started + limit_s)
            in_time = _has_ended(process)
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # not reaped yet: the group is still ours
        status = process.wait()
    return Ended(status if in_time else None, output, errors, time.monotonic() - started)


def _read_streams(process: subprocess.Popen[bytes], deadline: float) -> tuple[str, str]:
    """Read until the process has ended or the deadline; what is more than the bound is dropped."""
    kept = {stream: bytearray() for stream in (process.stdout, process.stderr) if stream}
    with selectors.DefaultSelector() as selector:
        for stream in kept:
            selector.register(stream, selectors.EVENT_READ, stream)
        while (left := deadline - time.monotonic()) > 0:
            ended = _has_ended(process)
            ready = selector.select(0 if ended else min(left, _POLL_S))
            if ended and not ready:
                break
            for key, _ in ready:
                chunk = os.read(key.fd, 1 << 16)
                if not chunk:
                    selector.unregister(key.fd)
                kept[key.data] += chunk[: MAX_OUTPUT_BYTES - len(kept[key.data])]
    output, errors = (bytes(text).decode(errors="replace") for text in kept.values())
    return output, errors


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether the process has ended; it is left unreaped, so that its id stays its own."""
    how = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, process.pid, how) is not None
