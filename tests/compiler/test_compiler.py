"""The compiler as a process: found, run, stopped, believed only where there is a file to show."""

import os
import re
import signal
import time
from pathlib import Path

import pytest

from nas.compiler.compile_answer import CompilerAnswer
from nas.compiler.compile_failures import FAILURES, KILLED, SPOKEN, UNKNOWN, Failure, classify
from nas.compiler.compiler import CompileOptions, Compiler, compile_model, find_compiler
from nas.edgetpu.memory import ParameterMemory
from nas.edgetpu.placement import place
from nas.errors import UserError
from nas.network.tflite import read_network
from tests.compiler.compiler_output import (
    NOTHING,
    OUTPUT,
    TABLE,
    VERSION,
    replay,
    write_stub,
)
from tests.compiler.darwinn_packages import ARG_MAX, write_compiled, write_package

MODEL = Path(__file__).parents[1] / "data" / "convolutional_int8.tflite"
COMPILED = write_compiled(write_package())
SUCCESS = replay(OUTPUT, TABLE, COMPILED)
LIMITS_S = (0.5, 2.0, 8.0)
"""A busy machine may need more than the first for the stub to start."""


def _answer(folder: Path, body: str, time_limit_s: float = 20.0) -> CompilerAnswer:
    compiler = Compiler(write_stub(folder, body), VERSION)
    return compile_model(MODEL, compiler, time_limit_s=time_limit_s)


def _failure(answer: CompilerAnswer) -> str:
    assert answer.compilation.outcome == "no"
    assert (answer.content, answer.model) == (None, None)
    assert answer.failure is not None
    assert answer.failure.sentence in answer.compilation.reason
    assert "\n" not in answer.compilation.reason
    return answer.failure.name


def test_the_compiler_is_found_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_stub(tmp_path, "")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert find_compiler() == Compiler(path, VERSION)


def test_a_given_path_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_stub(tmp_path, "", version="2.0.267685300")
    monkeypatch.chdir(tmp_path)
    assert find_compiler("edgetpu_compiler") == Compiler(path, "2.0.267685300")


def test_no_compiler_tells_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"on PATH; on x86-64 .* sudo apt-get install edgetpu-comp"):
        find_compiler()
    with pytest.raises(UserError, match="no edgetpu_compiler at nowhere; on x86"):
        find_compiler("nowhere")


def test_what_is_no_compiler_is_told(tmp_path: Path) -> None:
    path = tmp_path / "edgetpu_compiler"
    path.write_text("#!/bin/sh\necho gcc 12\n")
    with pytest.raises(UserError, match=r"may not be run: chmod \+x"):
        find_compiler(path)
    path.chmod(0o755)
    with pytest.raises(UserError, match="not a working edgetpu_compiler: -v printed 'gcc 12'"):
        find_compiler(path)
    path.write_bytes(b"\x7fELF of another machine")
    with pytest.raises(UserError, match=r"cannot be started \(Exec format error\): it needs"):
        find_compiler(path)


def test_a_network_is_compiled_into_the_estimators_types(tmp_path: Path) -> None:
    answer = _answer(tmp_path, SUCCESS)
    assert answer.compilation.outcome == "yes"
    assert answer.compilation.reason == "all 8 operators are mapped"
    assert answer.failure is None
    assert answer.content == COMPILED
    assert answer.placed == place(read_network(MODEL))
    assert answer.model is not None
    assert answer.model.cached_parameter_bytes == 320
    assert answer.disagreements == ()
    assert answer.seconds is not None
    assert answer.seconds > 0


def test_the_memory_is_the_estimators_type(tmp_path: Path) -> None:
    answer = _answer(tmp_path, replay(OUTPUT.replace(": 64.00B", ": 0.00B"), TABLE, COMPILED))
    assert isinstance(answer.memory, ParameterMemory)
    assert answer.memory.off_chip_bytes == 0
    assert answer.disagreements == (
        "streamed parameters: the log tells about 0 bytes, the file holds 64",
    )


def test_the_compiler_is_asked_for_the_table_in_a_directory_of_its_own(tmp_path: Path) -> None:
    compiler = find_compiler(write_stub(tmp_path, SUCCESS))
    options = CompileOptions(min_runtime_version=13, search_delegate=True)
    compile_model(MODEL.read_bytes(), compiler, options, time_limit_s=20)
    words = (tmp_path / "calls.txt").read_text().split()
    assert words[:6] == ["-s", "-m", "13", "-d", "-t", "20"]
    assert words[6] == "-o"
    assert words[8] == "model.tflite"
    assert not Path(words[7]).exists(), "nothing is left behind"


def test_an_old_compiler_is_given_no_timer(tmp_path: Path) -> None:
    compile_model(MODEL, Compiler(write_stub(tmp_path, SUCCESS), "15.0.340273435"))
    assert "-t" not in (tmp_path / "calls.txt").read_text().split()


def test_a_runtime_version_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UserError, match="minimum runtime version is 10 to 14, got 15"):
        CompileOptions(min_runtime_version=15)


def test_what_is_no_model_is_not_compiled(tmp_path: Path) -> None:
    compiler = Compiler(write_stub(tmp_path, SUCCESS), VERSION)
    with pytest.raises(UserError, match="not a TFLite file"):
        compile_model(b"garbage", compiler)
    assert not (tmp_path / "calls.txt").exists()


@pytest.mark.parametrize("failure", SPOKEN, ids=lambda each: each.name)
def test_what_the_compiler_says_is_classed(failure: Failure, tmp_path: Path) -> None:
    said = f"Edge TPU Compiler version {VERSION}\nERROR: {failure.words[0]} of it.\n"
    answer = _answer(tmp_path, f"sys.stderr.write({said!r})\nsys.exit(1)")
    assert _failure(answer) == failure.name
    assert answer.compilation.reason.startswith(failure.words[0].rstrip("."))


def test_the_cause_is_told_rather_than_that_it_failed() -> None:
    said = (
        "ERROR: Didn't find op for builtin opcode 'CONV_2D' version '6'.\n"
        "ERROR: Registration failed.\n\nInvalid model: x.tflite\nModel could not be parsed\n"
    )
    found = classify(said)
    assert found is not None
    assert found.name == "newer_operator"
    said = (
        "ERROR: Attempting to use a delegate that only supports static-sized tensors with a "
        "graph that has dynamic-sized tensors.\nCompilation failed: Model failed in Tflite "
        "interpreter. Please ensure model can be loaded/run in Tflite interpreter.\n"
        "Compilation child process completed within timeout period.\nCompilation failed! \n"
    )
    found = classify(said)
    assert found is not None
    assert found.name == "dynamic_shape"
    assert classify("Compilation child process completed within timeout period.") is None


def test_every_class_has_meaning_remedy_and_source() -> None:
    assert len({each.name for each in FAILURES}) == len(FAILURES)
    for each in FAILURES:
        assert each.meaning
        assert each.remedy
        assert each.source.startswith("https://")
        assert re.fullmatch(r"[^\n]{40,}", each.sentence)


def test_success_with_nothing_mapped_is_no_success(tmp_path: Path) -> None:
    answer = _answer(tmp_path, replay(NOTHING, compiled=MODEL.read_bytes()))
    assert _failure(answer) == "nothing_mapped"
    assert answer.compilation.reason.startswith("1 MUL: Operation is otherwise supported")
    assert answer.log is not None
    assert answer.log.ops_mapped == 0


def test_a_file_without_work_for_the_chip_is_no_success(tmp_path: Path) -> None:
    answer = _answer(tmp_path, replay(OUTPUT, compiled=MODEL.read_bytes()))
    assert _failure(answer) == "unreadable_file"
    assert "not compiled for the Edge TPU" in answer.compilation.reason


def test_success_without_a_file_is_no_success(tmp_path: Path) -> None:
    answer = _answer(tmp_path, replay("", TABLE))
    assert _failure(answer) == "unknown"


def test_a_compiler_that_hangs_is_stopped_with_all_that_it_started(tmp_path: Path) -> None:
    written = tmp_path / "pids"
    written.touch()
    body = (
        f"os.fork()\nwith open({str(written)!r}, 'a') as f:\n"
        "    f.write(f'{os.getpid()}\\n')\ntime.sleep(60)"
    )
    for limit_s in LIMITS_S:
        answer = _answer(tmp_path, body, limit_s)
        assert _failure(answer) == "time_limit"
        assert answer.seconds is not None
        assert answer.seconds < limit_s + 5
        if len(pids := [int(line) for line in written.read_text().split()]) >= 2:
            break
    assert len(pids) >= 2
    for pid in pids:
        _wait_until_gone(pid)


def _wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.01)
    pytest.fail(f"process {pid} still runs")


def test_a_child_that_holds_the_output_open_does_not_delay_the_answer(tmp_path: Path) -> None:
    answer = _answer(tmp_path, f"if os.fork() == 0: time.sleep(60)\nelse:\n    {_indent(SUCCESS)}")
    assert answer.compilation.outcome == "yes"
    assert answer.seconds is not None
    assert answer.seconds < 10


def _indent(body: str) -> str:
    return body.rstrip().replace("\n", "\n    ")


def test_a_compiler_that_dies_is_the_compilers_fault(tmp_path: Path) -> None:
    answer = _answer(tmp_path, "os.kill(os.getpid(), signal.SIGSEGV)")
    assert _failure(answer) == "killed"
    assert answer.compilation.reason.startswith(signal.strsignal(signal.SIGSEGV) or "?")
    assert answer.failure is KILLED
    assert answer.failure.blame == "compiler"


def test_garbage_without_a_file_is_unknown_and_shown(tmp_path: Path) -> None:
    answer = _answer(tmp_path, "sys.stdout.buffer.write(bytes(range(256)) + b'\\nlicence?\\n')")
    assert answer.failure is UNKNOWN
    assert answer.compilation.reason.startswith("licence?: the compiler failed")
    _failure(answer)


def test_garbage_with_a_file_is_read_from_the_file(tmp_path: Path) -> None:
    both = write_compiled(write_package(), cpu_operators=(ARG_MAX,))
    answer = _answer(tmp_path, replay("\0 Operator Count\n\ufffd", compiled=both))
    assert answer.compilation.outcome == "yes"
    assert answer.compilation.reason == "compiled; operators left on the CPU: 1"
    assert (answer.placed, answer.memory) == (None, None)
    assert answer.model is not None


def test_a_log_that_contradicts_itself_is_not_believed_but_told(tmp_path: Path) -> None:
    answer = _answer(tmp_path, replay(OUTPUT.replace("operations: 8", "operations: 9"), TABLE,
                                      COMPILED))  # fmt: skip
    assert answer.compilation.outcome == "yes"
    assert answer.log is None
    assert "contradicts itself" in answer.disagreements[0]


def test_a_file_that_differs_from_the_log_is_told(tmp_path: Path) -> None:
    two = write_compiled(write_package(), write_package(), cpu_operators=(ARG_MAX,))
    answer = _answer(tmp_path, replay(OUTPUT, TABLE, two))
    assert answer.disagreements == (
        "on-chip parameters: the log tells about 320 bytes, the file holds 640",
        "streamed parameters: the log tells about 64 bytes, the file holds 128",
        "Edge TPU subgraphs: the log tells 1, the file holds 2",
        "operators on the CPU: the log tells 0, the file holds 1",
    )


def test_a_compiler_that_prints_without_end_is_bounded(tmp_path: Path) -> None:
    body = "while True: sys.stdout.write('x' * 65536)"
    for limit_s in LIMITS_S:
        answer = _answer(tmp_path, body, limit_s)
        assert _failure(answer) == "time_limit"
        assert len(answer.output) <= 1 << 20
        if len(answer.output) == 1 << 20:
            return
    pytest.fail("it is read up to the bound")


def test_what_is_printed_beyond_the_bound_does_not_stop_the_compiler(tmp_path: Path) -> None:
    answer = _answer(tmp_path, f"sys.stderr.write('x' * (3 << 20))\n{SUCCESS}")
    assert answer.compilation.outcome == "yes"
    assert len(answer.output) <= 2 << 20
