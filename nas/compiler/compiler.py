"""Runs ``edgetpu_compiler`` on a network and reads what came of it.

The compiler is Google's, closed source, for x86-64 Debian; version 16.0.384591198 of 2021 is the
last. It runs in a directory of its own, and whatever it does - hang, crash, print without end -
costs one answer.

Reference: https://coral.ai/docs/edgetpu/compiler/
"""

import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nas.compiler.bounded_process import MAX_OUTPUT_BYTES, Ended, run_bounded
from nas.compiler.compile_answer import CompilerAnswer, CompilerRun, judge_run, last_line
from nas.compiler.compile_cache import CompileCache, cache_key
from nas.errors import UserError
from nas.network.tflite import check_mark, read_model_file

PROGRAM = "edgetpu_compiler"
ADD_CORAL_REPOSITORY = (
    "echo 'deb https://packages.cloud.google.com/apt coral-edgetpu-stable main' | "
    "sudo tee /etc/apt/sources.list.d/coral-edgetpu.list && "
    "curl https://packages.cloud.google.com/apt/doc/apt-key.gpg | "
    "sudo tee /etc/apt/trusted.gpg.d/coral-edgetpu.asc && sudo apt-get update && "
)
"""First half of a command that installs Coral's packages on Debian, after
https://coral.ai/docs/edgetpu/compiler/#download."""

INSTALL = f"on x86-64 Debian or Ubuntu: {ADD_CORAL_REPOSITORY}sudo apt-get install edgetpu-compiler"
OLDEST_RUNTIME, NEWEST_RUNTIME = 10, 14

_VERSION = re.compile(r"Edge TPU Compiler version ([0-9]{1,9}(?:\.[0-9]{1,9}){0,3})")
_VERSION_LIMIT_S = 30.0
_FIRST_WITH_TIMER = 16


@dataclass(frozen=True)
class CompileOptions:
    """What the compiler is asked for.

    Attributes:
        min_runtime_version: Oldest Edge TPU runtime that has to run the file, 10 to 14; the
            compiler's own newest where ``None``.
        search_delegate: Whether to leave out operators until the rest compiles.
    """

    min_runtime_version: int | None = None
    search_delegate: bool = False

    def __post_init__(self) -> None:
        version = self.min_runtime_version
        if version is not None and not OLDEST_RUNTIME <= version <= NEWEST_RUNTIME:
            raise UserError(
                f"the minimum runtime version is {OLDEST_RUNTIME} to {NEWEST_RUNTIME}, "
                f"got {version}"
            )

    @property
    def words(self) -> tuple[str, ...]:
        """The command-line words."""
        runtime = () if self.min_runtime_version is None else ("-m", f"{self.min_runtime_version}")
        return ("-s", *runtime, *(("-d",) if self.search_delegate else ()))


@dataclass(frozen=True)
class Compiler:
    """A compiler that was found and answered.

    Attributes:
        path: The executable.
        version: As it tells, such as ``16.0.384591198``.
    """

    path: Path
    version: str


def find_compiler(path: Path | str | None = None) -> Compiler:
    """Find the compiler and ask for its version.

    Args:
        path: The executable; looked for on ``PATH`` where ``None``.

    Raises:
        UserError: There is none, it cannot run here, or it is another program.
    """
    executable = _executable(path)
    with tempfile.TemporaryDirectory() as folder:
        run = _start([str(executable), "-v"], Path(folder), _VERSION_LIMIT_S)
    match = _VERSION.search(run.output)
    if match is None:
        said = last_line(f"{run.output}\n{run.errors}") or "nothing"
        raise UserError(f"{executable} is not a working {PROGRAM}: -v printed {said!r}; {INSTALL}")
    return Compiler(executable, match[1])


def _executable(path: Path | str | None) -> Path:
    found = shutil.which(PROGRAM if path is None else Path(path).absolute())
    if found is not None:
        return Path(found).absolute()
    if path is not None and Path(path).is_file():
        raise UserError(f"{path} may not be run: chmod +x {path}")
    raise UserError(f"no {PROGRAM} {'on PATH' if path is None else f'at {path}'}; {INSTALL}")


def _start(command: Sequence[str], folder: Path, limit_s: float) -> Ended:
    try:
        return run_bounded(command, folder, limit_s)
    except OSError as error:
        raise UserError(
            f"{command[0]} cannot be started ({error.strerror}): it needs x86-64 Linux; {INSTALL}"
        ) from None


def compile_model(
    model: Path | bytes,
    compiler: Compiler,
    options: CompileOptions | None = None,
    *,
    time_limit_s: float = 300.0,
    cache: CompileCache | None = None,
) -> CompilerAnswer:
    """Compile a network for the Edge TPU.

    Args:
        model: A ``.tflite`` file, or its bytes.
        compiler: From ``find_compiler``.
        options: What to ask for.
        time_limit_s: Seconds after which the compiler is stopped, with all that it started.
        cache: Where answers with a compiled file are kept and looked for.

    Returns:
        The answer; a network that cannot be compiled is a ``no`` with its failure.

    Raises:
        UserError: The model is no TFLite file, or the compiler cannot be started.
    """
    content = model if isinstance(model, bytes) else read_model_file(model)
    check_mark(content, "model" if isinstance(model, bytes) else str(model))
    words = (options or CompileOptions()).words
    key = cache_key(content, compiler.version, words)
    kept = cache.read(key) if cache is not None else None
    run = _from_parts(kept) if kept is not None else None
    if run is not None and (answer := judge_run(content, run)).failure is None:
        return answer
    run = _compile(content, compiler, words, time_limit_s)
    answer = judge_run(content, run)
    if cache is not None and answer.failure is None:
        cache.write(key, _parts(run))
    return answer


def _compile(
    content: bytes, compiler: Compiler, words: Sequence[str], limit_s: float
) -> CompilerRun:
    timer = ("-t", f"{max(1, int(limit_s))}") if _has_timer(compiler.version) else ()
    with tempfile.TemporaryDirectory(prefix=f"{PROGRAM}_", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "model.tflite").write_bytes(content)
        command = [str(compiler.path), *words, *timer, "-o", name, "model.tflite"]
        ended = _start(command, folder, limit_s)
        table, compiled = folder / "model_edgetpu.log", folder / "model_edgetpu.tflite"
        made = read_model_file(compiled) if compiled.is_file() else None
        return CompilerRun(
            ended.status, ended.output, ended.errors, _read_text(table), made, ended.seconds
        )


def _has_timer(version: str) -> bool:
    return int(version.partition(".")[0]) >= _FIRST_WITH_TIMER


def _read_text(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return file.read(MAX_OUTPUT_BYTES).decode(errors="replace")


def _parts(run: CompilerRun) -> dict[str, bytes]:
    texts = {"output": run.output, "errors": run.errors, "table": run.table}
    return {"content": run.content or b"", **{k: text.encode() for k, text in texts.items()}}


def _from_parts(parts: dict[str, bytes]) -> CompilerRun | None:
    """Read a run from the cache; ``None`` for an entry that another version wrote."""
    if parts.keys() != {"content", "output", "errors", "table"}:
        return None
    text = {name: part.decode(errors="replace") for name, part in parts.items()}
    return CompilerRun(0, text["output"], text["errors"], text["table"], parts["content"])
