"""Runs on the board: takes models over standard input, times them, answers on standard output.

One file, sent to the board as it is: Python 3.7 or newer, its standard library, NumPy and
tflite_runtime or ai_edge_litert (pycoral brings the former). It times one block of inferences at a
time, so that no figure contains a round trip; ``measurement.py``, on the other side, decides which.

A frame is a mark, the lengths and the CRC-32 of what follows, a JSON object, and bytes. Each reply
names the request it answers. Requests: ``hello`` (opens the device), ``put`` (a model), ``measure``
(one block of a model, by its SHA-256); the end of the channel says goodbye.
"""

from __future__ import annotations

import ctypes
import errno
import faulthandler
import fcntl
import hashlib
import importlib
import json
import os
import platform
import re
import struct
import sys
import time
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MARK = b"\x89nas\r\n\x1a\n"
HEADER = struct.Struct(">8sIII")
"""Mark, bytes of JSON, bytes of payload, CRC-32 of both."""
MAX_JSON_BYTES = 1 << 16
MAX_PAYLOAD_BYTES = 1 << 27
MAX_TIMED = 100_000

_KINDS = ("pci", "usb")
_CLOCKS_HZ = (500e6, 250e6, 125e6, 62.5e6)
"""Clock below, and from, each of the driver's three trip points on; the driver tells no clock."""


class RefusedError(Exception):
    """What is asked cannot be done: ``stage`` tells where it failed."""

    def __init__(self, stage: str, message: str, **facts: Any) -> None:
        """Keep what is known."""
        super().__init__(message)
        self.facts = dict(facts, stage=stage, message=message)


def pack_frame(message: dict[str, Any], payload: bytes = b"") -> bytes:
    """Write a frame."""
    text = json.dumps(message).encode()
    crc = zlib.crc32(payload, zlib.crc32(text))
    return HEADER.pack(MARK, len(text), len(payload), crc) + text + payload


def read_frame(read: Callable[[int], bytes], header: bytes = b"") -> tuple[dict[str, Any], bytes]:
    """Read a frame, whose header may be read already.

    Raises:
        EOFError: It ends before the frame is whole.
        ValueError: What was read is no frame, too large or damaged.
    """
    header = header or _read_whole(read, HEADER.size)
    mark, text_bytes, payload_bytes, crc = HEADER.unpack(header)
    if mark != MARK:
        raise ValueError(f"not a frame: {header!r}")
    if text_bytes > MAX_JSON_BYTES or payload_bytes > MAX_PAYLOAD_BYTES:
        raise ValueError(f"a frame of {text_bytes} + {payload_bytes} bytes is too large")
    text = _read_whole(read, text_bytes)
    payload = _read_whole(read, payload_bytes)
    if zlib.crc32(payload, zlib.crc32(text)) != crc:
        raise ValueError("a damaged frame")
    message = json.loads(text.decode())
    if not isinstance(message, dict):
        raise ValueError("a frame without an object")
    return message, payload


def _read_whole(read: Callable[[int], bytes], count: int) -> bytes:
    content = read(count)
    if len(content) < count:
        raise EOFError("the channel ended")
    return content


def time_block(
    invoke: Callable[[], None],
    clock: Callable[[], float],
    *,
    block_s: float,
    least: int,
    warmup_most: int,
    settled: float,
) -> tuple[list[float], list[float]]:
    """Warm up, because another model may have taken the chip's memory, then time inferences.

    The settings are those of ``BlockSettings``. Returns the seconds of each inference of the
    warm-up, and of each that counts.
    """
    warmup: list[float] = []
    timed: list[float] = []
    while len(warmup) < warmup_most and not _has_settled(warmup[-3:], settled):
        warmup.append(_time(invoke, clock))
    end = clock() + block_s
    while len(timed) < MAX_TIMED and (len(timed) < least or clock() < end):
        timed.append(_time(invoke, clock))
    return warmup, timed


def _time(invoke: Callable[[], None], clock: Callable[[], float]) -> float:
    started = clock()
    invoke()
    return clock() - started


def _has_settled(last: list[float], share: float) -> bool:
    return len(last) == 3 and max(last) - min(last) <= share * min(last)


def read_sensors(node: str, root: Path = Path("/")) -> dict[str, Any]:
    """Read temperature and clock; what the system does not tell is null.

    Args:
        node: Name of the card, such as ``apex_0``; empty for a stick, which has no sensor.
        root: Where ``sys`` is mounted.
    """
    card, cpu = root / "sys/class/apex" / (node or "none"), root / "sys/devices/system/cpu/cpu0"
    temperature = _number(card / "temp")
    trips = [_number(card / f"trip_point{i}_temp") for i in range(3)]
    passed = sum(temperature >= trip for trip in trips if trip) if temperature else 0
    cpu_khz = _number(cpu / "cpufreq/scaling_cur_freq")
    return {
        "temperature_c": None if temperature is None else temperature / 1e3,
        "clock_hz": None if temperature is None or None in trips else _CLOCKS_HZ[passed],
        "is_throttled": passed > 0,
        "cpu_governor": _text(cpu / "cpufreq/scaling_governor"),
        "cpu_clock_hz": None if cpu_khz is None else cpu_khz * 1e3,
    }


def read_link(kind: str, path: str, root: Path = Path("/")) -> str | None:
    """Return ``usb 5000 Mbit/s`` or ``pci 5.0 GT/s PCIe x1``; null where the system is silent."""
    if kind == "usb":
        speed = _text(root / path.lstrip("/") / "speed")
        return speed and f"usb {speed} Mbit/s"
    card = root / "sys/class/apex" / Path(path).name / "device"
    speed, width = _text(card / "current_link_speed"), _text(card / "current_link_width")
    return speed and f"pci {speed} x{width}"


def _text(path: Path) -> str | None:
    try:
        return path.read_text().strip("\0\n ") or None
    except (OSError, ValueError):
        return None


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text is not None and text.lstrip("-").isdigit() else None


class _EdgeTpu(ctypes.Structure):
    """``edgetpu_device`` of libedgetpu's ``edgetpu_c.h``."""

    _fields_ = (("kind", ctypes.c_int), ("path", ctypes.c_char_p))


class Device:
    """An opened Edge TPU."""

    def __init__(self, name: str, library: str) -> None:
        """Open it; raises ``RefusedError`` where that fails."""
        self._name = name
        self._interpreter = _import_interpreter()
        try:
            native = ctypes.CDLL(library)
            native.edgetpu_version.restype = ctypes.c_char_p
            self._runtime = native.edgetpu_version().decode(errors="replace")
            self._listed = _list_devices(native)
        except (OSError, AttributeError) as error:
            raise RefusedError("library", str(error), error=type(error).__name__) from error
        try:
            options = {"device": name} if name else {}
            self._delegate = self._interpreter.load_delegate(library, options)
        except ValueError as error:
            raise RefusedError("delegate", str(error), devices=self._listed) from error

    def tell(self) -> dict[str, Any]:
        """Return the versions, the link and the host."""
        kind, path = self._chosen()
        model = _text(Path("/proc/device-tree/model"))
        package = sys.modules[self._interpreter.__name__.split(".")[0]]
        return {
            "interpreter": f"{package.__name__} {getattr(package, '__version__', '')}".strip(),
            "runtime": self._runtime, "link": read_link(kind, path),
            "host": f"{platform.node()} ({model or platform.machine()})",
        }  # fmt: skip

    def _chosen(self) -> tuple[str, str]:
        """Kind and path of the device of that name; libedgetpu tells not which one it opened."""
        kind, _, number = self._name.partition(":")
        wanted = [each for each in self._listed if kind in ("", each[0])]
        index = int(number or 0)
        return wanted[index] if index < len(wanted) else (kind, "")

    def sense(self) -> dict[str, Any]:
        """Return the sensors."""
        kind, path = self._chosen()
        return read_sensors(Path(path).name if kind == "pci" else "")

    def load(self, content: bytes) -> Callable[[], None]:
        """Return what runs a model once, on constant noise; raises ``RefusedError``."""
        import numpy as np

        try:
            network = self._interpreter.Interpreter(
                model_content=content, experimental_delegates=[self._delegate])  # fmt: skip
            network.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise RefusedError("model", str(error)) from error
        noise = np.random.RandomState(0)
        for tensor in network.get_input_details():
            shape, dtype = tensor["shape"], np.dtype(tensor["dtype"])
            octets = noise.bytes(int(np.prod(shape)) * dtype.itemsize)
            network.set_tensor(tensor["index"], np.frombuffer(octets, dtype).reshape(shape))
        return network.invoke  # type: ignore[no-any-return]


def _import_interpreter() -> Any:
    for package in ("tflite_runtime", "ai_edge_litert"):
        try:
            return importlib.import_module(package + ".interpreter")
        except ImportError as error:
            if not (error.name or "").startswith(package):
                raise RefusedError("interpreter", str(error), error="ImportError") from error
    raise RefusedError("interpreter", "there is none", error="LookupError")


def _list_devices(native: Any) -> list[tuple[str, str]]:
    count = ctypes.c_size_t()
    native.edgetpu_list_devices.restype = ctypes.POINTER(_EdgeTpu)
    native.edgetpu_free_devices.argtypes = [ctypes.POINTER(_EdgeTpu)]
    listed = native.edgetpu_list_devices(ctypes.byref(count))
    found = [(_KINDS[listed[i].kind], listed[i].path.decode()) for i in range(count.value)]
    native.edgetpu_free_devices(listed)
    return found


class Store:
    """Models on the board's disk, each whole or not at all, up to a bound."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        """Keep them in a folder that is this process's alone."""
        self._folder, self._most_bytes = folder, most_bytes
        for torn in folder.glob("*.part"):
            torn.unlink()

    def put(self, sha256: str, content: bytes) -> None:
        """Keep a model; the oldest make room. Raises ``RefusedError``."""
        if hashlib.sha256(content).hexdigest() != sha256:
            raise RefusedError("transfer", f"the model's hash is not {sha256}")
        if len(content) > self._most_bytes:
            raise RefusedError("disk", f"a model larger than {self._most_bytes} bytes")
        for most_bytes in (self._most_bytes - len(content), 0):
            self._make_room(most_bytes)
            try:
                self._write(sha256, content)
                return
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
        raise RefusedError("disk", f"the disk is full: {self._folder}")

    def get(self, sha256: str) -> bytes | None:
        """Return a model, or ``None`` where it is not here, whole."""
        try:
            content = (self._folder / (sha256 + ".tflite")).read_bytes()
        except FileNotFoundError:
            return None
        return content if hashlib.sha256(content).hexdigest() == sha256 else None

    def _write(self, sha256: str, content: bytes) -> None:
        part = self._folder / (sha256 + ".part")
        try:
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(part.with_suffix(".tflite"))
        except OSError:
            if part.exists():
                part.unlink()
            raise

    def _make_room(self, most_bytes: int) -> None:
        kept = sorted(self._folder.glob("*.tflite"), key=lambda path: path.stat().st_mtime)
        used = sum(path.stat().st_size for path in kept)
        for path in kept:
            if used <= most_bytes:
                break
            used -= path.stat().st_size
            path.unlink()


class Agent:
    """Answers requests, one after the other."""

    def __init__(self) -> None:
        """Nothing is opened before the first request."""
        self._device: Any = None
        self._store: Any = None
        self._loaded: dict[str, Callable[[], None]] = {}

    def answer(self, request: dict[str, Any], payload: bytes) -> tuple[dict[str, Any], bytes]:
        """Return the reply; raises ``RefusedError``."""
        sha256 = str(request.get("sha256", ""))
        if sha256 and not re.fullmatch("[0-9a-f]{64}", sha256):
            raise RefusedError("request", f"not a hash: {sha256!r}")
        if request["type"] == "hello":
            return self._open(**request["with"]), b""
        if request["type"] == "put":
            self._store.put(sha256, payload)
            return {"sha256": sha256}, b""
        if request["type"] == "measure":
            return self._measure(sha256, request["block"])
        raise RefusedError("request", f"there is no request {request['type']!r}")

    def _open(self, device: str, library: str, folder: str, most_bytes: int) -> dict[str, Any]:
        path = Path(folder).expanduser() / (device or "any")
        path.mkdir(parents=True, exist_ok=True)
        self._lock = lock_device(path / "lock")
        self._store = Store(path, most_bytes)
        self._device = Device(device, library)
        python = platform.python_version()
        return dict(self._device.tell(), python=python, process=os.getpid())

    def _measure(self, sha256: str, block: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        invoke = self._loaded.pop(sha256, None)
        if invoke is None:
            content = self._store.get(sha256)
            if content is None:
                return {"sha256": None}, b""
            invoke = self._device.load(content)
        self._loaded = dict(list(self._loaded.items())[-1:], **{sha256: invoke})
        warmup, timed = time_block(invoke, time.perf_counter, **block)
        reply = dict(ended_s=time.time(), sha256=sha256, warmup=len(warmup), **self._device.sense())
        return reply, struct.pack(f"<{len(warmup) + len(timed)}d", *warmup, *timed)


def lock_device(path: Path) -> IO[bytes]:
    """Hold the device: what another connection left running here would disturb the figures."""
    file = path.open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise RefusedError("busy", "another process measures on this device") from None
    return file


def serve(read: Callable[[int], bytes], output: IO[bytes]) -> None:
    """Answer until the channel ends.

    ``faulthandler`` tells crashes on standard error, and ends a process that hangs, also in native
    code: each request brings its limit and how long to wait for the next.
    """
    faulthandler.enable()
    agent, idle_s = Agent(), 60.0
    while True:
        faulthandler.dump_traceback_later(idle_s, exit=True)
        request, payload = read_frame(read)
        faulthandler.dump_traceback_later(request["limit_s"], exit=True)
        idle_s = request["idle_s"]
        try:
            reply, content = agent.answer(request, payload)
        except RefusedError as refusal:
            reply, content = {"refusal": refusal.facts}, b""
        output.write(pack_frame(dict(reply, id=request["id"]), content))
        output.flush()


def main() -> None:
    """Serve standard input and output; what native code prints goes to standard error."""
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        serve(sys.stdin.buffer.read, output)
    except (EOFError, ValueError, BrokenPipeError) as error:
        sys.exit(f"agent: {error}")


if __name__ == "__main__":
    main()
