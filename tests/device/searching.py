"""``nas.search --device`` for tests: all is real but the compiler and the chip."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests import searching
from tests.compiler.compiler_output import OUTPUT, TABLE
from tests.conftest import OWN_SPACE
from tests.device.stub_models import stub_model

ROOT = Path(__file__).parents[2]
DELAYED = stub_model("delay_us=00000000 ")

COMPILER = f"""
import pathlib
content = pathlib.Path("model.tflite").read_bytes()
delay = b"%08d" % (100 * int(len(content) ** 0.5))
sys.stdout.write({OUTPUT!r})
write("model_edgetpu.log", {TABLE.encode()!r})
compiled = {DELAYED!r}.replace(b"delay_us=00000000", b"delay_us=" + delay)
write("model_edgetpu.tflite", compiled)
"""
"""What it compiles takes 100 microseconds times the root of the file's length in bytes."""


def expected_ms(model: Path) -> float:
    return int(model.stat().st_size ** 0.5) / 10


def command(path: Path, *options: object) -> list[str]:
    words = ["--run-dir", path, "--json", *options]
    return [sys.executable, "-m", "nas.search", *map(str, words)]


def run(
    environment: Mapping[str, str], path: Path, *options: object, status: int = 0
) -> subprocess.CompletedProcess[str]:
    """Carry the command out in this process, and what it starts in that environment."""
    with patch.dict(os.environ, environment):
        done = searching.run("--run-dir", path, "--json", *options)
    assert done.returncode == status, done.stderr
    return done


def tiny(pictures: Path, trials: int = 2) -> list[object]:
    return ["--space", f"{OWN_SPACE}:well_behaved", "--data", pictures, "--image-size", 16,
            "--trials", trials, "--epochs", 1, "--no-gate"]  # fmt: skip


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
