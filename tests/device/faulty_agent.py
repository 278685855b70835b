"""Runs the agent it is given over standard input, and does one thing wrong at its n-th block.

What it really measured last is in a file, the witness.
"""

import json
import os
import signal
import struct
import sys
import threading
import types
from pathlib import Path
from typing import Any


def main(fault: str, at: int, witness: Path) -> None:
    source = sys.stdin.buffer.read(int(sys.stdin.buffer.readline()))
    agent: Any = types.ModuleType("agent")
    sys.modules["agent"] = agent
    exec(compile(source, "agent", "exec"), agent.__dict__)  # noqa: S102  our own file
    pack_frame, blocks, last = agent.pack_frame, [0], [b""]

    def spoil(message: dict[str, Any], payload: bytes = b"") -> bytes:
        blocks[0] += "warmup" in message
        frame: bytes = pack_frame(message, payload)
        if "warmup" in message:
            seconds = struct.unpack(f"<{len(payload) // 8}d", payload)[message["warmup"] :]
            witness.write_text(json.dumps([message["sha256"], seconds]))
        if "warmup" in message and blocks[0] == at:
            frame = FAULTS[fault](frame, message, payload, last[0], pack_frame)
        last[0] = frame
        return frame

    agent.pack_frame = spoil
    agent.main()


def drop(*_: Any) -> bytes:
    os._exit(0)


def crash(*_: Any) -> bytes:
    os.abort()


def freeze(frame: bytes, *_: Any) -> bytes:
    os.kill(os.getpid(), signal.SIGSTOP)
    return frame


def hang(frame: bytes, *_: Any) -> bytes:
    signal.pause()
    return frame


def chatter(frame: bytes, *_: Any) -> bytes:
    return b"Segmentation is fun\n" * 3 + frame


def truncate(frame: bytes, *_: Any) -> bytes:
    threading.Timer(0.01, os._exit, (0,)).start()
    return frame[: len(frame) // 2]


def damage(frame: bytes, *_: Any) -> bytes:
    return frame[:-1] + bytes([frame[-1] ^ 1])


def mistake(_: bytes, message: dict[str, Any], payload: bytes, __: bytes, pack: Any) -> bytes:
    return bytes(pack(message | {"sha256": "0" * 64}, payload))


def repeat(_: bytes, __: Any, ___: bytes, last: bytes, ____: Any) -> bytes:
    return last


FAULTS: dict[str, Any] = {
    "drop": drop, "crash": crash, "freeze": freeze, "hang": hang, "chatter": chatter,
    "truncate": truncate, "damage": damage, "mistake": mistake, "repeat": repeat,
}  # fmt: skip

if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
