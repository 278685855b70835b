"""One conversation with an agent: every answer is whole, in time, and to the request it answers."""

import hashlib
import itertools
import struct
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from nas.device import agent
from nas.device.channel import Channel, ChannelEndedError
from nas.device.explanation import explain_end, explain_refused
from nas.device.failures import DeviceError
from nas.device.runtime import LIBRARY

MAX_BANNER_BYTES = 1 << 16
"""What a login may print before the agent's first frame."""
BOOTSTRAP = "import sys; i = sys.stdin.buffer; exec(i.read(int(i.readline())))"
"""Runs the program whose length, in a line, and source come over standard input."""
_END_S = 1.0
"""How long the program may take to end after its output or input has."""


@dataclass(frozen=True)
class AgentOptions:
    """What an agent opens.

    Attributes:
        device: ``usb``, ``usb:1``, ``pci``, ``:0`` …; empty for any.
        library: The shared library libedgetpu.
        folder: Where the board keeps models.
        most_bytes: Most bytes of models it keeps.
    """

    device: str = ""
    library: str = LIBRARY
    folder: str = "~/.cache/edgetpu-nas"
    most_bytes: int = 256 << 20


@dataclass(frozen=True)
class Limits:
    """Seconds before the other side counts as hanging.

    Attributes:
        hello_s: Connecting and opening the device.
        transfer_s: Sending a model.
        block_s: One block of inferences.
        idle_s: How long the agent waits for the next request before it ends itself; one whose
            connection was lost unnoticed holds the device for so long.
        grace_s: What the answer may take on its way: the agent ends itself before it is missed.
    """

    hello_s: float = 60.0
    transfer_s: float = 120.0
    block_s: float = 60.0
    idle_s: float = 60.0
    grace_s: float = 5.0


@dataclass(frozen=True)
class BlockSettings:
    """How a block is run.

    Attributes:
        block_s: Least seconds that are timed.
        least: Least inferences that are timed.
        warmup_most: Most inferences of the warm-up; it ends when three in a row agree.
        settled: How far apart those three may be, as a share.
    """

    block_s: float = 0.25
    least: int = 5
    warmup_most: int = 50
    settled: float = 0.2


@dataclass(frozen=True)
class State:
    """The board after a block, see ``agent.read_sensors``; ``None`` where it is silent.

    ``ended_s`` is when its last inference ended, by the board's clock, in seconds since 1970.
    """

    temperature_c: float | None = None
    clock_hz: float | None = None
    is_throttled: bool = False
    cpu_governor: str | None = None
    cpu_clock_hz: float | None = None
    ended_s: float | None = None


@dataclass(frozen=True)
class Block:
    """One block of inferences of one model.

    Attributes:
        warmup_s: Seconds of each inference of the warm-up.
        timed_s: Seconds of each inference that counts.
        state: Temperature and clock after it.
    """

    warmup_s: tuple[float, ...]
    timed_s: tuple[float, ...]
    state: State


class AgentSession:
    """A running agent.

    Attributes:
        facts: What it told about itself: interpreter, runtime, link, host, Python.
    """

    def __init__(
        self,
        command: Sequence[str],
        options: AgentOptions = AgentOptions(),
        limits: Limits = Limits(),
    ) -> None:
        """Start an agent and let it open the device.

        Args:
            command: A Python that reads its program, see ``local_command`` and ``ssh_command``.
            options: What it opens.
            limits: How long anything may take.

        Raises:
            DeviceError: That failed.
        """
        self._limits, self._options = limits, options
        self._ids, self._answered, self._patience_s = itertools.count(), 0.0, _END_S
        try:
            self._channel = Channel(command)
        except OSError as error:
            line = f"{command[0]}: {error.strerror}; sudo apt-get install openssh-client"
            raise DeviceError("refused", line, may_pass=False) from error
        try:
            self.facts = self._ask("hello", {"with": asdict(options)}, limits.hello_s)[0]
        except BaseException:
            self._channel.close()
            raise

    def __enter__(self) -> "AgentSession":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def sent_bytes(self) -> int:
        """Bytes sent so far."""
        return self._channel.sent_bytes

    @property
    def is_stale(self) -> bool:
        """Whether the agent has ended, or is about to, because it was not asked for so long."""
        return time.monotonic() - self._answered > self._limits.idle_s - self._limits.grace_s

    def time_block(self, model: bytes, settings: BlockSettings) -> Block:
        """Run a block of a model, which is sent if the board does not have it.

        Raises:
            DeviceError: There is no answer, or not to this question.
        """
        sha256 = hashlib.sha256(model).hexdigest()
        words: dict[str, object] = {"sha256": sha256, "block": asdict(settings)}
        reply, content = self._ask("measure", words, self._limits.block_s)
        if reply.get("sha256") is None:
            self._ask("put", {"sha256": sha256}, self._limits.transfer_s, model)
            reply, content = self._ask("measure", words, self._limits.block_s)
        if reply.pop("sha256", None) != sha256:
            raise DeviceError("garbage", "the agent measured another model", may_pass=True)
        return _read_block(reply, content)

    def close(self) -> None:
        """End the agent, which lets the device go unless it hangs."""
        self._channel.close(self._patience_s)

    def _ask(
        self, kind: str, words: dict[str, object], limit_s: float, payload: bytes = b""
    ) -> tuple[dict[str, Any], bytes]:
        number = next(self._ids)
        request = words | {"type": kind, "id": number}
        request |= {"limit_s": limit_s, "idle_s": self._limits.idle_s}
        deadline = time.monotonic() + limit_s + self._limits.grace_s
        frame = agent.pack_frame(request, payload)
        try:
            self._channel.write(frame if number else _program() + frame, deadline)
            header = _find_mark(self._channel, 0 if number else MAX_BANNER_BYTES, deadline)
            read = lambda count: self._channel.read(count, deadline)  # noqa: E731
            reply, content = agent.read_frame(read, header)
        except TimeoutError:
            self._patience_s = 0.0
            raise DeviceError(
                "hang", f"no answer to {kind} in {limit_s:g} s", may_pass=True
            ) from None
        except ChannelEndedError:
            raise explain_end(*self._channel.end(_END_S)) from None
        except ValueError as error:
            raise DeviceError("garbage", f"on the channel: {error}", may_pass=True) from error
        self._answered = time.monotonic()
        if reply.pop("id", None) != number:
            raise DeviceError("garbage", "an answer to another request", may_pass=True)
        if "refusal" in reply:
            raise explain_refused(reply["refusal"], self._options.device)
        return reply, content


def local_command() -> list[str]:
    """Return the words that run an agent on this host."""
    return [sys.executable, "-P", "-c", BOOTSTRAP]


def _program() -> bytes:
    source = Path(agent.__file__).read_bytes()
    return b"%d\n" % len(source) + source


def _find_mark(channel: Channel, skip: int, deadline: float) -> bytes:
    """Return a frame's header, after at most so many bytes of something else."""
    header = channel.read(agent.HEADER.size, deadline)
    seen = bytearray(header)
    while not header.startswith(agent.MARK) and len(seen) - len(header) < skip:
        at = header.find(agent.MARK[:1], 1)
        missing = channel.read(at if at > 0 else len(header), deadline)
        seen += missing
        header = header[len(missing) :] + missing
    if not header.startswith(agent.MARK):
        raise ValueError(f"{bytes(seen[:60])!r}… is no frame; a login must print nothing")
    return header


def _read_block(reply: dict[str, Any], content: bytes) -> Block:
    count, warmup = len(content) // 8, reply.pop("warmup", None)
    if len(content) % 8 or not isinstance(warmup, int) or not 0 < warmup < count:
        raise DeviceError("garbage", "a block without its times", may_pass=True)
    times = struct.unpack(f"<{count}d", content)
    try:
        return Block(times[:warmup], times[warmup:], State(**reply))
    except TypeError as error:
        raise DeviceError("garbage", str(error), may_pass=True) from error
