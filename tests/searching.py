"""``python -m nas.search`` as a user runs it, for the tests of what comes out."""

import io
import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from nas.search import main
from tests.conftest import OWN_SPACE

GOOD_SPACE = f"{OWN_SPACE}:well_behaved"
ROOT = Path(__file__).parents[1]


def command(*options: object) -> list[str]:
    return [sys.executable, "-m", "nas.search", *map(str, options)]


def run(*options: object) -> subprocess.CompletedProcess[str]:
    """Carry the command out in this process, which has loaded TensorFlow already."""
    words = [str(option) for option in options]
    output, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(output), redirect_stderr(errors):
        status = main(words)
    return subprocess.CompletedProcess(words, status, output.getvalue(), errors.getvalue())


def records(run_directory: Path) -> list[dict[str, Any]]:
    path = run_directory / "records.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def fail_with(capsys: pytest.CaptureFixture[str], *options: object) -> str:
    """Run with wrong options; return the one line on standard error."""
    from nas.command import run_command

    with pytest.raises(SystemExit) as end:
        run_command("search", lambda: main([str(option) for option in options]))
    assert end.value.code == 2
    output = capsys.readouterr()
    assert output.out == ""
    (line,) = output.err.strip().splitlines()
    return line
