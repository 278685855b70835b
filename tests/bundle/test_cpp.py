"""The C++ program of a bundle: its constants, and its syntax by declarations of what it uses."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from nas.bundle.cpp import cpp_source
from nas.network.tflite import parse_network

CONTENT = (Path(__file__).parents[1] / "data" / "convolutional_int8.tflite").read_bytes()
LABELS = ['plain "quoted" \\n', "schön 1 ??/", "表"]


def test_the_constants_are_those_of_the_network() -> None:
    source = cpp_source(CONTENT, LABELS)
    _, height, width, channels = parse_network(CONTENT).inputs[0].shape
    assert f"kHeight = {height}, kWidth = {width}, kChannels = {channels};" in source
    assert f"-resize '{width}x{height}!'" in source
    literals = re.search(r"kLabels\[\] = \{\n(.*?)\n\};", source, re.DOTALL)
    assert literals is not None
    texts = re.findall(r'^    "(.*)",$', literals[1], re.MULTILINE)
    octal = re.compile(rb"\\([0-7]{3})")
    assert [
        octal.sub(lambda match: bytes([int(match[1], 8)]), text.encode()).decode()
        for text in texts
    ] == LABELS  # fmt: skip


@pytest.mark.parametrize("wrong", ["", "kLabels[best]"])
def test_a_compiler_takes_it_and_would_notice_a_mistake(wrong: str, tmp_path: Path) -> None:
    compiler = shutil.which("g++") or shutil.which("c++")
    if compiler is None:
        pytest.skip("no C++ compiler")
    source = cpp_source(CONTENT, LABELS)
    (tmp_path / "classify.cc").write_text(source.replace(wrong, "kMissing") if wrong else source)
    stubs = Path(__file__).with_name("cpp_stubs")
    done = subprocess.run(
        [compiler, "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{stubs}",
         str(tmp_path / "classify.cc")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ("kMissing" in done.stderr, done.returncode != 0) == (bool(wrong), bool(wrong)), (
        done.stderr
    )
