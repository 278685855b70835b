"""What became of one run of ``edgetpu_compiler``: a compiled file, or a failure with its remedy.

Success is a file with work for the chip in it, not an exit status: the compiler leaves with 0 when
nothing was mapped.
"""

import signal
from dataclasses import dataclass

from nas.compiler.compile_failures import (
    KILLED,
    NOTHING_MAPPED,
    TIME_LIMIT,
    UNKNOWN,
    UNREADABLE_FILE,
    Failure,
    classify,
)
from nas.compiler.compile_log import (
    CompileLog,
    CompileLogError,
    memory_as_told,
    parse_log,
    placement_as_told,
)
from nas.compiler.compiled import CompiledModel, parse_compiled
from nas.edgetpu.compilation import Compilation
from nas.edgetpu.memory import ParameterMemory
from nas.edgetpu.placement import Placed
from nas.errors import UserError
from nas.network.tflite import parse_network


@dataclass(frozen=True)
class CompilerAnswer:
    """What the compiler made of a network.

    Attributes:
        compilation: ``yes`` or ``no``, as the estimator predicts it.
        failure: The class of a ``no``.
        content: The compiled file of a ``yes``.
        model: What that file holds: exact bytes.
        log: What the compiler told, where it does not contradict itself.
        placed: Where each operator runs; ``None`` where the log does not tell.
        memory: Where the parameters are kept; ``None`` where the log does not tell.
        disagreements: Where file and log differ, one sentence each.
        output: What the compiler printed, at most 1 MiB of each stream.
        seconds: Time it took; ``None`` for an answer from the cache.
    """

    compilation: Compilation
    failure: Failure | None = None
    content: bytes | None = None
    model: CompiledModel | None = None
    log: CompileLog | None = None
    placed: tuple[Placed, ...] | None = None
    memory: ParameterMemory | None = None
    disagreements: tuple[str, ...] = ()
    output: str = ""
    seconds: float | None = None


@dataclass(frozen=True)
class CompilerRun:
    """What one run of the compiler left.

    Attributes:
        status: Exit status, negative for a signal; ``None`` when it was stopped at the time limit.
        output: Standard output.
        errors: Standard error.
        table: The ``.log`` file; empty where there is none.
        content: The compiled file, or ``None``.
        seconds: Time it took; ``None`` for a run kept in the cache.
    """

    status: int | None
    output: str
    errors: str
    table: str = ""
    content: bytes | None = None
    seconds: float | None = None

    @property
    def text(self) -> str:
        """All that it printed."""
        return f"{self.output}\n{self.errors}".strip()


def judge_run(source: bytes, run: CompilerRun) -> CompilerAnswer:
    """Read a run.

    Args:
        source: The ``.tflite`` file that went in.
        run: What came out.

    Returns:
        A ``yes`` where the compiled file is there, is readable and has work for the chip.
    """
    log, complaint = _read_log(run)
    failure = _find_failure(run, log)
    if failure is not None:
        return _refusal(failure, run, log)
    try:
        model = parse_compiled(run.content or b"", "the compiled file")
    except UserError as error:
        return _refusal(UNREADABLE_FILE, run, log, str(error))
    placed, memory = _as_told(source, log)
    return CompilerAnswer(
        Compilation("yes", _summary(model, log)),
        content=run.content, model=model, log=log, placed=placed, memory=memory,
        disagreements=complaint if log is None else _disagreements(log, model),
        output=run.text, seconds=run.seconds,
    )  # fmt: skip


def _read_log(run: CompilerRun) -> tuple[CompileLog | None, tuple[str, ...]]:
    try:
        return parse_log(run.output, run.table), ()
    except CompileLogError as error:
        return None, (str(error),)


def _find_failure(run: CompilerRun, log: CompileLog | None) -> Failure | None:
    if run.status is None:
        return TIME_LIMIT
    if run.status == 0 and run.content is not None:
        return NOTHING_MAPPED if log is not None and log.ops_mapped == 0 else None
    return classify(run.text) or (KILLED if run.status < 0 else UNKNOWN)


def _refusal(
    failure: Failure, run: CompilerRun, log: CompileLog | None, detail: str = ""
) -> CompilerAnswer:
    said = detail or _words_of(failure, run, log)
    reason = f"{said.rstrip('.')}: {failure.sentence}" if said else failure.sentence
    return CompilerAnswer(
        Compilation("no", reason), failure, log=log, output=run.text, seconds=run.seconds
    )


def _words_of(failure: Failure, run: CompilerRun, log: CompileLog | None) -> str:
    """What there is to see of a failure, in a few words."""
    if failure is KILLED and run.status is not None:
        return signal.strsignal(-run.status) or f"signal {-run.status}"
    if failure is NOTHING_MAPPED and log is not None:
        return _left_on_cpu(log)
    if failure is UNKNOWN:
        return last_line(run.text)
    return next((word for word in failure.words if word in run.text), "")


def _left_on_cpu(log: CompileLog) -> str:
    left = [row for row in log.rows if not row.is_mapped]
    return "; ".join(f"{row.count} {row.type}: {row.status}" for row in left)


def _as_told(
    source: bytes, log: CompileLog | None
) -> tuple[tuple[Placed, ...] | None, ParameterMemory | None]:
    if log is None:
        return None, None
    try:
        placed = placement_as_told(parse_network(source), log)
    except UserError:
        return None, None
    mapped = [each.operator for each in placed or () if each.target == "edgetpu"]
    return placed, memory_as_told(mapped, log) if placed is not None else None


def _summary(model: CompiledModel, log: CompileLog | None) -> str:
    if log is None or log.ops_mapped is None or log.ops_total is None:
        return f"compiled; operators left on the CPU: {len(model.cpu_operators)}"
    if log.ops_mapped == log.ops_total:
        return f"all {log.ops_total} operators are mapped"
    left = _left_on_cpu(log)
    told = f"{log.ops_mapped} of {log.ops_total} operators are mapped"
    return f"{told}; {left}" if left else told


def _disagreements(log: CompileLog, model: CompiledModel) -> tuple[str, ...]:
    """Compare what the compiler told with what its file holds."""
    sizes = (
        ("on-chip parameters", log.cached, model.cached_parameter_bytes),
        ("streamed parameters", log.streamed, model.streamed_parameter_bytes),
    )
    differing = [
        f"{what}: the log tells about {told.size_bytes:,} bytes, the file holds {exact:,}"
        for what, told, exact in sizes
        if told is not None and not told.agrees(exact)
    ]
    unmapped = None if log.ops_total is None or log.ops_mapped is None else (
        log.ops_total - log.ops_mapped
    )  # fmt: skip
    counts = (
        ("Edge TPU subgraphs", log.subgraphs, len(model.packages)),
        ("operators on the CPU", unmapped, len(model.cpu_operators)),
    )
    differing += [
        f"{what}: the log tells {told}, the file holds {exact}"
        for what, told, exact in counts
        if told is not None and told != exact
    ]
    return tuple(differing)


def last_line(text: str) -> str:
    """The last line that says something, at most 200 characters of it."""
    return next((line.strip()[:200] for line in reversed(text.splitlines()) if line.strip()), "")
