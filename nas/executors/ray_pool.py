"""Candidates evaluated on the nodes of a Ray cluster.

What runs on a node is the same worker pool as on one machine, with room for one candidate: whatever
the candidate does costs one record. Ray decides where, and tells when a node is lost.
"""

import logging
import os
import re
import signal
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas.data.storage import open_dataset
from nas.errors import UserError, one_line
from nas.executors.ray_place import Answer, Place
from nas.executors.signals import handled
from nas.executors.workers import Assignment, Message, ResultMessage
from nas.provenance import versions

MOST_LOSSES = 3
"""A candidate whose place was lost so often is recorded as failed."""

START_S = 300.0
"""How long the cluster may be without any place for a candidate."""

_LISTEN_S = 1.0
_CLOSE_S = 5.0


@dataclass
class _Seat:
    """A place as the study's process sees it: where it is called, and what it is at.

    Attributes:
        actor: Ray's handle of the place.
        call: Answer that is awaited; ``None`` if the place waits for a candidate.
        is_ready: Whether it ever answered.
        assignment: What it is at.
    """

    actor: Any
    call: Any
    is_ready: bool = False
    assignment: Assignment | None = None


@dataclass(frozen=True)
class _Data:
    """The prepared data set in the cluster's object store: its files by name."""

    fingerprint: str
    files: Mapping[str, Any]


class RayPool:
    """Runs up to ``size`` candidates at once on a Ray cluster, with a ``WorkerPool``'s interface.

    A candidate whose node or place is lost is evaluated elsewhere, ``MOST_LOSSES`` times at most.

    Args:
        size: Candidates at once; fewer run where the cluster has no room for so many.
        time_limit_s: Wall time after which a candidate is ended, in seconds.
        address: Ray's address, such as ``auto``, ``10.0.0.1:6379`` or ``ray://10.0.0.1:10001``.
        cpus: Processors that one candidate takes of a node.

    Raises:
        UserError: Ray is not installed, or no cluster answers.
    """

    def __init__(self, size: int, time_limit_s: float, *, address: str, cpus: int) -> None:
        self._ray = _connect(address)
        self._time_limit_s = time_limit_s
        self._cpus = cpus
        self._data: _Data | None = None
        self._homeless: list[Assignment] = []
        self._losses: dict[int, int] = {}
        self._failed_starts = 0
        self._served_at = time.monotonic()
        self._seats = [self._start() for _ in range(size)]

    @property
    def has_room(self) -> bool:
        """Whether another candidate can start now."""
        return not self._homeless and any(seat.call is None for seat in self._seats)

    @property
    def is_idle(self) -> bool:
        """Whether no candidate is at work."""
        return not self._homeless and all(seat.assignment is None for seat in self._seats)

    def submit(self, assignment: Assignment) -> None:
        """Start evaluating a candidate where there is room."""
        seat = next(seat for seat in self._seats if seat.call is None)
        data = self._shipped(assignment.data_directory)
        seat.assignment = assignment
        seat.call = seat.actor.submit.remote(assignment, data.fingerprint, data.files)

    def wait(self, seconds: float) -> list[Message]:
        """Wait until a candidate says something, ``seconds`` at most, and return what was said.

        Raises:
            UserError: No node of the cluster can evaluate candidates.
        """
        messages = [each for seat in self._answered(seconds) for each in self._listen(seat)]
        while self._homeless and any(seat.call is None for seat in self._seats):
            self.submit(self._homeless.pop(0))
        self._check_service()
        return messages

    def stop(self, trial: int) -> None:
        """End a trial at once, without a result; harmless if it has ended already."""
        self._homeless = [each for each in self._homeless if each.trial != trial]
        for seat in self._seats:
            if seat.assignment is not None and seat.assignment.trial == trial:
                seat.assignment = None
                seat.call = seat.actor.stop.remote(trial)

    def close(self) -> None:
        """End every candidate at once, and leave the cluster."""
        ready = [seat.actor.close.remote() for seat in self._seats if seat.is_ready]
        if ready:
            self._ray.wait(ready, num_returns=len(ready), timeout=_CLOSE_S)
        for seat in self._seats:
            self._ray.kill(seat.actor)
        self._seats.clear()
        self._homeless.clear()
        self._ray.shutdown()

    def _start(self) -> _Seat:
        actor = self._ray.remote(Place).options(num_cpus=self._cpus)
        handle = actor.remote(self._time_limit_s, self._cpus)
        return _Seat(handle, handle.check.remote(versions()))

    def _answered(self, seconds: float) -> list[_Seat]:
        """Return the places that have answered, when the first has."""
        by_call = {seat.call: seat for seat in self._seats if seat.call is not None}
        if not by_call:
            time.sleep(seconds)
            return []
        calls = list(by_call)
        self._ray.wait(calls, timeout=seconds)
        ready, _ = self._ray.wait(calls, num_returns=len(calls), timeout=0)
        return [by_call[call] for call in ready]

    def _listen(self, seat: _Seat) -> Sequence[Message]:
        """Take a place's answer; one that is lost is replaced."""
        try:
            answer: Answer = self._ray.get(seat.call)
        except self._ray.exceptions.RayError as error:
            return self._replace(seat, error)
        seat.is_ready, self._failed_starts = True, 0
        if any(isinstance(message, ResultMessage) for message in answer.messages):
            self._finish(seat, answer.files)
        seat.call = None if seat.assignment is None else seat.actor.listen.remote(_LISTEN_S)
        return answer.messages

    def _finish(self, seat: _Seat, files: Mapping[str, bytes]) -> None:
        """Keep the files of the candidate that has ended there."""
        if seat.assignment is None:
            return
        directory = seat.assignment.model_directory
        directory.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (directory / Path(name).name).write_bytes(content)
        seat.assignment = None

    def _replace(self, seat: _Seat, error: Exception) -> Sequence[Message]:
        """Start another place; evaluate what the lost one was at elsewhere, or give it up."""
        self._failed_starts += not seat.is_ready
        refuses = isinstance(error, self._ray.exceptions.RayTaskError) and not seat.is_ready
        if refuses or self._failed_starts > MOST_LOSSES:
            raise UserError(f"the Ray cluster cannot evaluate candidates: {_last_line(error)}")
        self._ray.kill(seat.actor)
        self._seats[self._seats.index(seat)] = self._start()
        return [] if seat.assignment is None else self._rehouse(seat.assignment, error)

    def _rehouse(self, assignment: Assignment, error: Exception) -> Sequence[Message]:
        losses = self._losses[assignment.trial] = self._losses.get(assignment.trial, 0) + 1
        if losses < MOST_LOSSES:
            self._homeless.append(assignment)
            return []
        reason = f"what evaluated it was lost {losses} times, last with {_last_line(error)}"
        return [ResultMessage(assignment.trial, None, reason)]

    def _check_service(self) -> None:
        """Give up when the cluster has had no place for long."""
        now = time.monotonic()
        if any(seat.is_ready for seat in self._seats):
            self._served_at = now
        elif now - self._served_at > START_S:
            raise UserError(
                f"no node of the Ray cluster had {self._cpus} free CPUs within {START_S:.0f} s: "
                "`ray status` shows what there is, --ray-cpus asks for less; --resume goes on"
            )

    def _shipped(self, directory: Path) -> _Data:
        """Put the data set into the cluster's object store, once."""
        if self._data is None:
            import numpy as np

            fingerprint = open_dataset(directory).fingerprint
            paths = sorted(path for path in directory.iterdir() if path.is_file())
            files = {path.name: self._ray.put(np.fromfile(path, np.uint8)) for path in paths}
            self._data = _Data(fingerprint, files)
        return self._data


def _connect(address: str) -> Any:
    try:
        import ray
    except ImportError:
        raise UserError("--executor ray needs Ray: pip install 'edgetpu-nas[ray]'") from None
    os.environ.setdefault("RAY_gcs_server_port_wait_time_s", "1")  # one try, not minutes of them
    on_terminate = signal.getsignal(signal.SIGTERM)  # Ray would end the process without a word
    try:
        _knock(address)
        with handled(signal.SIGTERM, on_terminate):
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as error:  # Ray has many ways to say that there is nobody
        raise UserError(
            f"no Ray cluster answers at {address!r} ({one_line(error, 120)}): start one with "
            "`ray start --head`, or name another --ray-address"
        ) from error
    return ray


def _knock(address: str) -> None:
    """See whether anything listens at an address, which Ray itself takes long to find out.

    Raises:
        OSError: Nothing does.
    """
    host_and_port = re.fullmatch(r"(?:ray://)?([^/]+):(\d+)", address)
    if host_and_port is not None:
        host, port = host_and_port.groups()
        socket.create_connection((host, int(port)), timeout=5).close()


def _last_line(error: Exception) -> str:
    """Return the line of a remote traceback that says what happened."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:300] if lines else type(error).__name__
