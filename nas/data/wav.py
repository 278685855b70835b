"""Reads signals from files; a deployed network must be fed the same way.

This file needs Python 3.7 and NumPy only, so that an exported classifier can carry it to a board.
The standard library's ``wave`` refuses floating-point files.

Reference: Microsoft and IBM, Multimedia Programming Interface and Data Specifications 1.0 (1991);
Microsoft, Multiple Channel Audio Data and WAVE Files (2007), for the extensible header.
"""

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_MOST_FORM_BYTES = 40
# Kind and bits of a sample → NumPy's type; 24 bits have none.
_TYPES = {
    (_PCM, 8): "u1", (_PCM, 16): "<i2", (_PCM, 24): "u1", (_PCM, 32): "<i4",
    (_FLOAT, 32): "<f4", (_FLOAT, 64): "<f8",
}  # fmt: skip


@dataclass(frozen=True)
class WavHeader:
    """Where the samples of a file are, and what they are.

    Attributes:
        kind: 1 for integers, 3 for floats.
        bits: Bits of a sample.
        channels: Channels.
        rate_hz: Samples a second.
        start: Position of the first sample in the file, bytes.
        samples: Samples of each channel.
    """

    kind: int
    bits: int
    channels: int
    rate_hz: int
    start: int
    samples: int

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of all channels."""
        return self.channels * self.bits // 8


def read_header(path: Path) -> WavHeader:
    """Read the header of a file.

    Raises:
        ValueError: It is no file of this kind, or holds no samples.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        return _header(file)


def read_middle(path: Path, samples: int, rate_hz: float) -> Any:
    """Read the middle of a recording, its channels mixed down to one.

    Args:
        path: Integers of 8, 16, 24 or 32 bits, or floats of 32 or 64, any number of channels.
        samples: How many samples; a shorter recording is laid in the middle of silence.
        rate_hz: Samples a second it must have.

    Returns:
        ``(samples, 1)``, float32; full scale is 1.

    Raises:
        ValueError: It is no such file, or it holds no samples or numbers that are none.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        header = _header(file)
        if header.rate_hz != rate_hz:
            raise ValueError(
                f"{rate_hz:g} samples a second are needed, it has {header.rate_hz}; resample it"
            )
        taken = min(samples, header.samples)
        skipped = (header.samples - taken) // 2
        file.seek(header.start + skipped * header.frame_bytes)
        content = file.read(taken * header.frame_bytes)
    recording = _decoded(content, header).reshape(taken, header.channels).mean(axis=1)
    if not np.isfinite(recording).all():
        raise ValueError("it holds samples that are not a number; write it again")
    result = np.zeros((samples, 1), np.float32)
    before = (samples - taken) // 2
    result[before : before + taken, 0] = recording
    return result


def read_table(path: Path, samples: int, channels: int) -> Any:
    """Read the first rows of a table of numbers.

    Args:
        path: Text with commas, a row a sample, a column a channel in the order of training; a
            first line of names is passed over.
        samples: Rows that are needed.
        channels: Columns that are needed.

    Returns:
        ``(samples, channels)``, float32.

    Raises:
        ValueError: There are fewer rows, other columns, or something that is no number.
        OSError: It cannot be read.
    """
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    rows = [line.split(",") for line in lines[: samples + 1]]
    if rows and not _is_number(rows[0][0]):
        rows = rows[1:]
    if len(rows) < samples or any(len(row) != channels for row in rows[:samples]):
        raise ValueError(
            f"{samples} rows of {channels} numbers are needed, found {len(rows)} of "
            f"{len(rows[0]) if rows else 0}"
        )
    table = np.array(rows[:samples], np.float32)
    if not np.isfinite(table).all():
        raise ValueError("it holds what is not a number; fill the gap")
    return table


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _header(file: BinaryIO) -> WavHeader:
    length = os.fstat(file.fileno()).st_size
    riff = file.read(12)
    if riff[:4] != b"RIFF" or riff[8:] != b"WAVE":
        raise ValueError("it is no RIFF/WAVE file; convert it")
    form = None
    while True:
        head = file.read(8)
        if len(head) < 8:
            raise ValueError("it has no format or no data; write it again")
        name, size = head[:4], struct.unpack("<I", head[4:])[0]
        start = file.tell()
        if name == b"fmt ":
            form = _form(file.read(min(size, _MOST_FORM_BYTES)))
        elif name == b"data" and form is not None:
            return _checked(form, start, size, length)
        file.seek(start + size + size % 2)


def _form(content: bytes) -> Any:
    """Return kind, bits, channels and rate."""
    if len(content) < 16:
        raise ValueError("its header is cut off; write it again")
    kind, channels, rate_hz, _, _, bits = struct.unpack("<HHIIHH", content[:16])
    if kind == _EXTENSIBLE and len(content) >= 26:
        kind = struct.unpack("<H", content[24:26])[0]
    if (kind, bits) not in _TYPES:
        raise ValueError(
            f"it has {bits}-bit samples of kind {kind}; convert it to 16-bit PCM "
            "(8, 16, 24 and 32 bits, and floats, are read too)"
        )
    if channels == 0 or rate_hz == 0:
        raise ValueError(f"it has {channels} channels at {rate_hz} Hz; write it again")
    return kind, bits, channels, rate_hz


def _checked(form: Any, start: int, size: int, length: int) -> WavHeader:
    kind, bits, channels, rate_hz = form
    samples = size // (channels * bits // 8)
    if samples == 0:
        raise ValueError("it holds no samples; remove it")
    if start + size > length:
        raise ValueError(
            f"it is cut off: {size} bytes of samples announced, {max(0, length - start)} there; "
            "write it again"
        )
    return WavHeader(kind, bits, channels, rate_hz, start, samples)


def _decoded(content: bytes, header: WavHeader) -> Any:
    """Return samples, channel by channel in turn, with a full scale of 1."""
    values = np.frombuffer(content, _TYPES[header.kind, header.bits])
    if header.kind == _FLOAT:
        return values.astype(np.float32)
    if header.bits == 8:
        return (values.astype(np.float32) - 128) / 128
    if header.bits == 24:
        low, middle, high = (values[place::3].astype(np.int32) for place in range(3))
        values = low + (middle << 8) + (high.astype(np.int8).astype(np.int32) << 16)
    return (values / float(1 << (header.bits - 1))).astype(np.float32)
