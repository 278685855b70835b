"""Every form of ``.wav`` file, and what is refused."""

import ast
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nas.data import wav
from nas.data.wav import read_header, read_middle, read_table
from tests.data_room.signals import RATE, write_wav

LEVELS = np.array([-1.0, -0.5, 0.0, 0.5])


def read(path: Path, samples: int = 4) -> list[float]:
    signal = read_middle(path, samples, RATE)
    assert signal.shape == (samples, 1)
    assert signal.dtype == np.float32
    values: list[float] = signal[:, 0].tolist()
    return values


def twenty_four_bits(levels: Any) -> Any:
    whole = (levels * (1 << 23)).astype("<i4").view("u1").reshape(-1, 4)
    return np.ascontiguousarray(whole[:, :3]).reshape(-1)


@pytest.mark.parametrize(
    ("samples", "kind", "bits"),
    [
        ((LEVELS * 128 + 128).astype("u1"), 1, 8),
        ((LEVELS * (1 << 15)).astype("<i2"), 1, 16),
        (twenty_four_bits(LEVELS), 1, 24),
        ((LEVELS * 2.0**31).astype("<i4"), 1, 32),
        (LEVELS.astype("<f4"), 3, 32),
        (LEVELS.astype("<f8"), 3, 64),
    ],
)
def test_every_kind_of_sample_has_a_full_scale_of_1(
    tmp_path: Path, samples: Any, kind: int, bits: int
) -> None:
    path = write_wav(tmp_path / "a.wav", samples, kind=kind, bits=bits)
    assert read(path) == LEVELS.tolist()


def test_stereo_is_mixed_down(tmp_path: Path) -> None:
    stereo = (np.stack([LEVELS, LEVELS[::-1]], axis=1) * (1 << 15)).astype("<i2")
    assert read(write_wav(tmp_path / "a.wav", stereo)) == [-0.25, -0.25, -0.25, -0.25]


def test_the_middle_of_a_long_recording_is_read(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", np.arange(10, dtype="<f4"), kind=3, bits=32)
    assert read(path) == [3, 4, 5, 6]


def test_a_short_recording_lies_in_the_middle_of_silence(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", np.array([1, 2], "<f4"), kind=3, bits=32)
    assert read(path, 6) == [0, 0, 1, 2, 0, 0]


def test_an_extensible_header_is_read(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", LEVELS.astype("<f4"), kind=3, bits=32)
    content = path.read_bytes()
    form = struct.pack("<H", 0xFFFE) + content[22:36]
    form += struct.pack("<HHI", 22, 32, 4) + struct.pack("<H", 3) + bytes(14)
    path.write_bytes(content[:16] + struct.pack("<I", 40) + form + content[36:])
    assert read(path) == LEVELS.tolist()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no RIFF/WAVE file"),
        (b"ID3 and so on, an MP3", "no RIFF/WAVE file"),
        (b"RIFF\x04\0\0\0WAVE", "no format or no data"),
        (b"RIFF\x04\0\0\0WAVEfmt \x04\0\0\0abcd", "header is cut off"),
    ],
)
def test_what_is_no_wav_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_header(tmp_path / "a.wav")


def test_files_without_usable_samples_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with pytest.raises(ValueError, match="holds no samples"):
        read(write_wav(path, np.zeros(0, "<i2")))
    with pytest.raises(ValueError, match="4-bit samples of kind 2; convert"):
        read(write_wav(path, np.zeros(4, "<i2"), kind=2, bits=4))
    with pytest.raises(ValueError, match="not a number"):
        read(write_wav(path, np.array([0, np.nan], "<f4"), kind=3, bits=32))
    with pytest.raises(ValueError, match="800 samples a second are needed, it has 44100; resample"):
        read(write_wav(path, np.zeros(4, "<i2"), rate=44_100))
    with pytest.raises(ValueError, match="0 channels"):
        read(write_wav(path, np.zeros((4, 0), "<i2")))
    path.write_bytes(write_wav(path, np.zeros(9, "<i2")).read_bytes()[:-4])
    with pytest.raises(ValueError, match="cut off: 18 bytes of samples announced, 14 there"):
        read(path)


def test_a_table_is_read_with_and_without_names(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for names in ("", "x,y\n"):
        path.write_text(names + "1,2\n3,4\n5,6\n")
        assert read_table(path, 2, 2).tolist() == [[1, 2], [3, 4]]
    with pytest.raises(ValueError, match="4 rows of 2 numbers are needed, found 3 of 2"):
        read_table(path, 4, 2)
    path.write_text("1,nan\n3,4\n")
    with pytest.raises(ValueError, match="not a number"):
        read_table(path, 2, 2)


def test_what_runs_on_a_board_is_python_3_7() -> None:
    ast.parse(Path(wav.__file__).read_text(), feature_version=(3, 7))
