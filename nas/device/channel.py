"""Bytes to and from a program that may hang, each with a deadline."""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from typing import IO

_STDERR_BYTES = 1 << 14


class ChannelEndedError(Exception):
    """The program closed its standard output or input."""


class Channel:
    """A program's standard input and output; the end of its standard error is kept.

    Attributes:
        sent_bytes: What went to its standard input.
    """

    def __init__(self, command: Sequence[str]) -> None:
        """Start a program in a process group of its own, which ``close`` kills.

        Raises:
            OSError: It cannot be started.
        """
        self._process = subprocess.Popen(  # noqa: S603  no shell
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            bufsize=0, start_new_session=True,
        )  # fmt: skip
        self.sent_bytes = 0
        self._errors = bytearray()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._pipe(2), selectors.EVENT_READ, "errors")
        os.set_blocking(self._pipe(0).fileno(), False)

    def _pipe(self, number: int) -> IO[bytes]:
        process = self._process
        pipe = (process.stdin, process.stdout, process.stderr)[number]
        assert pipe is not None  # noqa: S101  all three are pipes
        return pipe

    def write(self, content: bytes, deadline: float) -> None:
        """Send all bytes.

        Args:
            content: The bytes.
            deadline: Of ``time.monotonic``.

        Raises:
            TimeoutError: The deadline is over.
            ChannelEndedError: The program does not read any more.
        """
        left = memoryview(content)
        while left:
            self._wait(0, selectors.EVENT_WRITE, deadline)
            try:
                written = os.write(self._pipe(0).fileno(), left)
            except BrokenPipeError:
                raise ChannelEndedError from None
            self.sent_bytes += written
            left = left[written:]

    def read(self, count: int, deadline: float) -> bytes:
        """Receive so many bytes.

        Args:
            count: How many.
            deadline: Of ``time.monotonic``.

        Raises:
            TimeoutError: The deadline is over.
            ChannelEndedError: The program ended before.
        """
        content = bytearray()
        while len(content) < count:
            self._wait(1, selectors.EVENT_READ, deadline)
            chunk = os.read(self._pipe(1).fileno(), count - len(content))
            if not chunk:
                raise ChannelEndedError
            content += chunk
        return bytes(content)

    def _wait(self, number: int, event: int, deadline: float) -> None:
        """Wait for one pipe; what comes on standard error meanwhile is kept."""
        self._selector.register(self._pipe(number), event, "wanted")
        try:
            while True:
                left = deadline - time.monotonic()
                ready = {key.data for key, _ in self._selector.select(max(left, 0))}
                if "errors" in ready:
                    self._keep_errors()
                if "wanted" in ready:
                    return
                if left <= 0:
                    raise TimeoutError
        finally:
            self._selector.unregister(self._pipe(number))

    def _keep_errors(self) -> None:
        chunk = os.read(self._pipe(2).fileno(), _STDERR_BYTES)
        if not chunk:
            self._selector.unregister(self._pipe(2))
        self._errors = (self._errors + chunk)[-_STDERR_BYTES:]

    def end(self, seconds: float) -> tuple[int | None, str]:
        """Wait for the program's end.

        Args:
            seconds: How long.

        Returns:
            Exit status, ``None`` where it goes on, and the end of its standard error.
        """
        deadline = time.monotonic() + seconds
        while self._selector.get_map() and (left := deadline - time.monotonic()) > 0:
            if self._selector.select(left):
                self._keep_errors()
        try:
            status = self._process.wait(max(deadline - time.monotonic(), 0.0))
        except subprocess.TimeoutExpired:
            status = None
        return status, self._errors.decode(errors="replace")

    def close(self, patience_s: float = 0.0) -> None:
        """End its input, and after some seconds kill it and what it has started."""
        self._pipe(0).close()
        if self._process.returncode is None and self.end(patience_s)[0] is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._selector.close()
        for number in range(3):
            self._pipe(number).close()
