"""Sound files and sensor tables for tests."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 800


def write_wav(
    path: Path, samples: NDArray[Any], *, kind: int = 1, bits: int = 16, rate: int = RATE
) -> Path:
    """Write samples, ``(n,)`` or ``(n, channels)``, as they are, with a header that says so."""
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    content = samples.tobytes()
    frame = channels * bits // 8
    form = struct.pack("<HHIIHH", kind, channels, rate, rate * frame, frame, bits)
    chunks = b"fmt " + struct.pack("<I", 16) + form
    chunks += b"LIST" + struct.pack("<I", 3) + b"abc\0"
    chunks += b"data" + struct.pack("<I", len(content)) + content
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)
    return path


def sound_folder(folder: Path, files: int = 6) -> Path:
    """Two classes of tones, a second each."""
    times = np.arange(RATE) / RATE
    for name, hertz in (("high", 200), ("low", 50)):
        for number in range(files):
            tone = 20_000 * np.sin(2 * np.pi * (hertz + number) * times)
            write_wav(folder / name / f"{number}.wav", tone.astype("<i2"))
    return folder


def sensor_rows(subjects: int = 6, rows: int = 256) -> list[str]:
    """Lines of a table: two activities of each subject, of two channels that tell who and what."""
    lines = ["time,x,label,y,group"]
    for subject in range(subjects):
        for label in ("rest", "walk"):
            lines += [
                f"{row / 50},{subject + row / 1000},{label},{int(label == 'walk')},s{subject}"
                for row in range(rows)
            ]
    return lines
