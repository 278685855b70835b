"""A stand-in for libedgetpu, compiled once, and a machine that has it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.compiler.compiler_output import write_stub
from tests.device.searching import COMPILER

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


@pytest.fixture
def machine(stub_library: str, tmp_path: Path) -> dict[str, str]:
    """The environment of a machine with an Edge TPU and a compiler."""
    folder = tmp_path / "machine"
    folder.mkdir()
    write_stub(folder, COMPILER)
    (folder / "libedgetpu.so.1").symlink_to(stub_library)
    own = {"HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache"),
           "LD_LIBRARY_PATH": str(folder), "STUB_DEVICES": "2",
           "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}  # fmt: skip
    return {**os.environ, **own}
