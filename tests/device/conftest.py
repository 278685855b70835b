"""A stand-in for libedgetpu, compiled once."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("stub_edgetpu.c")


@pytest.fixture(scope="session")
def stub_library(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of the compiled library."""
    compiler = shutil.which("cc")
    if compiler is None:
        message = "a C compiler is needed: apt-get install gcc libc6-dev"
        assert not os.environ.get("REQUIRE_CC"), message
        pytest.skip(message)
    library = tmp_path_factory.mktemp("stub") / "libstub_edgetpu.so"
    words = [compiler, "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC"]
    subprocess.run([*words, "-o", str(library), str(SOURCE)], check=True, timeout=60)
    return str(library)
