"""Native noise goes to a file; our processes load Keras without what its adapters would need."""

import os
import subprocess
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


_EXTRAS = {"matplotlib", "pandas", "sklearn"}


def _loaded(statements: str) -> set[str]:
    """Run statements in a fresh process and return the packages that it has loaded."""
    report = "import sys; print(*{name.split('.')[0] for name in sys.modules})"
    command = [sys.executable, "-c", f"{statements}; {report}"]
    return set(subprocess.check_output(command, text=True).split())


def test_our_processes_load_keras_without_its_extras_and_find_them_afterwards() -> None:
    load = "from nas.tensorflow_settings import load_tensorflow; load_tensorflow()"
    loaded = _loaded(load)
    assert {"keras", "tensorflow"} <= loaded
    assert not loaded & _EXTRAS
    assert _loaded(f"{load}; import pandas, matplotlib, sklearn") >= _EXTRAS


def test_workers_are_forked_from_a_server_that_loaded_it_so() -> None:
    loaded = _loaded("import nas.executors.server")
    assert "tensorflow" in loaded
    assert not loaded & _EXTRAS
