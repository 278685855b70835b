"""Worker processes: each evaluates one candidate, and may crash without hurting the study.

A worker is forked from a server that has TensorFlow loaded, takes one candidate and ends: it starts
in milliseconds, nothing of one candidate reaches the next, and its peak memory is that candidate's.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

from nas.edgetpu.estimator import Estimator
from nas.errors import CandidateError, UserError, one_line
from nas.evaluation.recipe import Recipe
from nas.executors.script import script_hidden
from nas.executors.signals import handled

if TYPE_CHECKING:
    from nas.evaluation.pipeline import Evaluation

_CONTEXT = multiprocessing.get_context("forkserver")
_OOM_SCORE = Path("/proc/self/oom_score_adj")


@dataclass(frozen=True)
class Assignment:
    """What a worker is given.

    Attributes:
        trial: Number of the trial.
        space: Name of the search space.
        hyperparameters: Active hyperparameters by name.
        data_directory: Where the decoded data set is.
        model_directory: Where the candidate's files go.
        recipe: How to train.
        estimator: Chip model.
        parent: Weights of a relative to start from.
        keep_weights: Whether the trained weights are kept, for descendants.
    """

    trial: int
    space: str
    hyperparameters: Mapping[str, Any]
    data_directory: Path
    model_directory: Path
    recipe: Recipe
    estimator: Estimator
    parent: Path | None = None
    keep_weights: bool = False


@dataclass(frozen=True)
class StageMessage:
    """A trial entered a stage."""

    trial: int
    stage: str


@dataclass(frozen=True)
class EpochMessage:
    """A trial finished an epoch, counted from 1, with this validation accuracy."""

    trial: int
    epoch: int
    accuracy: float


@dataclass(frozen=True)
class ResultMessage:
    """A trial ended: with an evaluation, or with the reason why there is none."""

    trial: int
    evaluation: "Evaluation | None"
    reason: str | None = None


Message = StageMessage | EpochMessage | ResultMessage


@dataclass(frozen=True)
class _Worker:
    assignment: Assignment
    process: Any
    connection: Connection
    deadline: float


def warm_up() -> None:
    """Start the server that workers are forked from, without waiting until it has TensorFlow."""
    _CONTEXT.set_forkserver_preload(["nas.executors.server"])
    # Ctrl-C reaches every process of the terminal; the server ignores it from its first moment.
    with handled(signal.SIGINT, signal.SIG_IGN):
        forkserver.ensure_running()


class WorkerPool:
    """Runs up to ``size`` candidates at once, each in a process of its own.

    Whatever runs candidates elsewhere offers the same: ``has_room``, ``is_idle``, ``submit``,
    ``wait``, ``stop`` and ``close``. A trial may say several things in one ``wait``; the last is a
    ``ResultMessage``, unless the trial was stopped.

    Args:
        size: Candidates at once.
        time_limit_s: Wall time after which a candidate is ended, in seconds.
    """

    def __init__(self, size: int, time_limit_s: float) -> None:
        self._size = size
        self._time_limit_s = time_limit_s
        self._workers: list[_Worker] = []

    @property
    def has_room(self) -> bool:
        """Whether another candidate can start now."""
        return len(self._workers) < self._size

    @property
    def is_idle(self) -> bool:
        """Whether no candidate is at work."""
        return not self._workers

    def submit(self, assignment: Assignment) -> None:
        """Start evaluating a candidate."""
        ours, theirs = _CONTEXT.Pipe(duplex=False)
        process = _CONTEXT.Process(target=_work, args=(assignment, theirs), daemon=True)
        with script_hidden():
            process.start()
        theirs.close()
        deadline = time.monotonic() + self._time_limit_s
        self._workers.append(_Worker(assignment, process, ours, deadline))

    def wait(self, seconds: float) -> list[Message]:
        """Wait until a worker says something, ``seconds`` at most, and return what was said."""
        ready = wait([worker.connection for worker in self._workers], seconds)
        messages = [_receive(worker) for worker in self._workers if worker.connection in ready]
        self._forget_ended(messages)
        late = [worker for worker in self._workers if time.monotonic() > worker.deadline]
        reason = f"took longer than {self._time_limit_s:.0f} s; --trial-timeout allows more"
        late_messages = [ResultMessage(each.assignment.trial, None, reason) for each in late]
        self._forget_ended(late_messages)
        return [*messages, *late_messages]

    def stop(self, trial: int) -> None:
        """End a trial's worker at once, without a result; harmless if it has ended already."""
        for worker in [each for each in self._workers if each.assignment.trial == trial]:
            _stop(worker)
            self._workers.remove(worker)

    def close(self) -> None:
        """End every worker at once."""
        for worker in self._workers:
            _stop(worker)
        self._workers.clear()

    def _forget_ended(self, messages: Sequence[Message]) -> None:
        for message in messages:
            if isinstance(message, ResultMessage):
                self.stop(message.trial)


def _receive(worker: _Worker) -> Message:
    """Take one message; a worker that is gone ended without a result."""
    try:
        message: Message = worker.connection.recv()
    except (EOFError, OSError, UnpicklingError):
        worker.process.join(10)
        reason = _crash_reason(worker.process.exitcode)
        return ResultMessage(worker.assignment.trial, None, reason)
    return message


def _stop(worker: _Worker) -> None:
    worker.process.kill()
    worker.process.join(10)
    worker.connection.close()


def _crash_reason(exit_code: int | None) -> str:
    if exit_code == -signal.SIGKILL:
        return "the worker was killed, most likely because memory ran out"
    if exit_code is not None and exit_code < 0:
        return f"the worker crashed with {signal.Signals(-exit_code).name}"
    return f"the worker ended without a result (exit status {exit_code})"


def _work(assignment: Assignment, connection: Connection) -> None:
    """Evaluate one candidate in this process and send what happens."""
    _prepare_process(assignment.model_directory)
    reporter = _Reporter(assignment.trial, connection)
    try:
        result = ResultMessage(assignment.trial, _evaluate(assignment, reporter))
    except (CandidateError, UserError) as error:
        result = ResultMessage(assignment.trial, None, one_line(error))
    except MemoryError:
        result = ResultMessage(assignment.trial, None, "out of memory")
    except Exception as error:  # whatever a strange network does costs one record, not the run
        import traceback

        traceback.print_exc()
        reason = f"{type(error).__name__}: {one_line(error)}"
        result = ResultMessage(assignment.trial, None, reason)
    connection.send(result)
    connection.close()


def _evaluate(assignment: Assignment, reporter: "_Reporter") -> "Evaluation":
    from nas.candidates.hyperparameters import fixed_hyperparameters
    from nas.data.storage import open_dataset
    from nas.evaluation.pipeline import evaluate
    from search_spaces import find_front_end, load_space, warm_start

    dataset = open_dataset(assignment.data_directory)
    space = load_space(
        assignment.space, input_shape=dataset.input_shape, classes=len(dataset.class_names)
    )
    return evaluate(
        lambda: space.build(fixed_hyperparameters(assignment.hyperparameters)),
        dataset=dataset,
        recipe=assignment.recipe,
        estimator=assignment.estimator,
        directory=assignment.model_directory,
        reporter=reporter,
        warm_start=lambda model: warm_start(space, model, assignment.hyperparameters),
        parent=assignment.parent,
        keep_weights=assignment.keep_weights,
        front_end=find_front_end(space, assignment.hyperparameters),
    )


class _Reporter:
    """Sends an evaluation's progress to the study's process."""

    def __init__(self, trial: int, connection: Connection) -> None:
        self._trial = trial
        self._connection = connection

    def stage(self, name: str) -> None:
        """Send that a stage begins."""
        self._connection.send(StageMessage(self._trial, name))

    def epoch(self, epoch: int, accuracy: float) -> None:
        """Send that an epoch ended."""
        self._connection.send(EpochMessage(self._trial, epoch, accuracy))


def _prepare_process(directory: Path) -> None:
    """Make the process harmless: it leaves Ctrl-C to the study and dies with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    if _OOM_SCORE.exists():
        _OOM_SCORE.write_text("1000")  # when memory runs out, this process goes, not the study
    directory.mkdir(parents=True, exist_ok=True)
    log = os.open(directory / "worker.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
