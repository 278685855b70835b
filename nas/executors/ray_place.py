"""A place on a node of a Ray cluster where one candidate at a time is evaluated."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nas.data.storage import SCHEMA
from nas.executors.workers import Assignment, Message, ResultMessage, WorkerPool, warm_up
from nas.provenance import versions


@dataclass(frozen=True)
class Answer:
    """What a place says.

    Attributes:
        messages: What its candidate said.
        files: Content by name of what the candidate wrote, once it has ended.
    """

    messages: Sequence[Message] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)


class Place:
    """A worker pool for one candidate, with the data set and the candidate's files on this node.

    Ray makes it an actor: a process of its own, whose methods the study's process calls.

    Args:
        time_limit_s: Wall time after which a candidate is ended, in seconds.
        cpus: Threads of one training.
    """

    def __init__(self, time_limit_s: float, cpus: int) -> None:
        os.environ["TF_NUM_INTRAOP_THREADS"] = str(cpus)
        warm_up()
        self._pool = WorkerPool(1, time_limit_s)
        self._models = tempfile.TemporaryDirectory(prefix="edgetpu-nas-models-")

    def check(self, wanted: Mapping[str, str]) -> Answer:
        """Compare this node's versions with the study's.

        Raises:
            RuntimeError: They differ, so that results would not belong together.
        """
        here = versions()
        names = sorted({*here, *wanted})
        differing = [name for name in names if here.get(name) != wanted.get(name)]
        if differing:
            name = differing[0]
            raise RuntimeError(
                f"node {os.uname().nodename} has {name} {here.get(name)}, the study's machine "
                f"{wanted.get(name)}: install the same versions on every node"
            )
        return Answer()

    def submit(self, assignment: Assignment, fingerprint: str, files: Mapping[str, Any]) -> Answer:
        """Start evaluating a candidate.

        Args:
            assignment: The candidate, with the directories of the study's machine.
            fingerprint: Names the data set.
            files: Its files by name, in Ray's object store.
        """
        models = Path(self._models.name) / str(assignment.trial)
        data = local_copy(fingerprint, files)
        self._pool.submit(replace(assignment, data_directory=data, model_directory=models))
        return Answer()

    def listen(self, seconds: float) -> Answer:
        """Wait until the candidate says something, ``seconds`` at most."""
        messages = self._pool.wait(seconds)
        ended = [each.trial for each in messages if isinstance(each, ResultMessage)]
        files = {path.name: path.read_bytes() for trial in ended for path in self._files(trial)}
        return Answer(messages, files)

    def stop(self, trial: int) -> Answer:
        """End the candidate at once."""
        self._pool.stop(trial)
        return Answer()

    def close(self) -> None:
        """End the candidate and leave nothing of it on this node."""
        self._pool.close()
        self._models.cleanup()

    def _files(self, trial: int) -> list[Path]:
        directory = Path(self._models.name) / str(trial)
        return [path for path in directory.iterdir() if path.is_file()]


def local_copy(fingerprint: str, files: Mapping[str, Any]) -> Path:
    """Return this node's copy of a data set, written there if no candidate was here before.

    Raises:
        PermissionError: Somebody else owns the folder of the copies.
    """
    root = Path(tempfile.gettempdir()) / f"edgetpu-nas-data-{os.getuid()}"
    root.mkdir(mode=0o700, exist_ok=True)
    if root.stat().st_uid != os.getuid():
        raise PermissionError(f"{root} belongs to another user: remove it, or set TMPDIR")
    directory = root / f"{fingerprint}-{SCHEMA}"  # another version may have left its own
    if not directory.exists():
        _write(root, directory, files)
    return directory


def _write(root: Path, directory: Path, files: Mapping[str, Any]) -> None:
    """Write the copy whole or not at all; another place may be writing the same one."""
    import ray

    with tempfile.TemporaryDirectory(dir=root, ignore_cleanup_errors=True) as name:
        partial = Path(name) / "data"
        partial.mkdir()
        for file, reference in files.items():
            ray.get(reference).tofile(partial / file)
        try:
            partial.rename(directory)
        except OSError:
            if not directory.exists():  # it exists if another place was faster
                raise
