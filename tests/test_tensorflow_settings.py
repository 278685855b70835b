"""Native noise goes to a file, Python's own words stay on the terminal."""

import os
import sys
from pathlib import Path

import pytest

from nas.tensorflow_settings import native_output_to


def test_native_output_is_kept_in_a_file_and_comes_back(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with native_output_to(tmp_path / "log"):
        os.write(2, b"native noise\n")
        print("our words", file=sys.stderr)
    os.write(2, b"native again\n")
    assert (tmp_path / "log").read_text() == "native noise\n"
    errors = capfd.readouterr().err
    assert "our words" in errors
    assert "native again" in errors
    assert "native noise" not in errors
