"""Where candidates are evaluated: worker processes of this machine, or a Ray cluster."""

from collections.abc import Sequence
from typing import Protocol

from nas.errors import UserError
from nas.executors.workers import Assignment, Message, WorkerPool
from nas.records.run import EXECUTORS, RunConfig


class Executor(Protocol):
    """Evaluates several candidates at once.

    A trial may say several things in one ``wait``; its last is a ``ResultMessage``, unless it was
    stopped.
    """

    @property
    def has_room(self) -> bool:
        """Whether another candidate can start now."""

    @property
    def is_idle(self) -> bool:
        """Whether no candidate is at work."""

    def submit(self, assignment: Assignment) -> None:
        """Start evaluating a candidate."""

    def wait(self, seconds: float) -> Sequence[Message]:
        """Wait until a candidate says something, ``seconds`` at most, and return what was said."""

    def stop(self, trial: int) -> None:
        """End a trial at once, without a result."""

    def close(self) -> None:
        """End every candidate at once."""


def make_executor(config: RunConfig) -> Executor:
    """Make what a run's candidates are evaluated by.

    Raises:
        UserError: There is no such executor, or no Ray cluster.
    """
    match config.executor:
        case "processes":
            return WorkerPool(config.workers, config.trial_timeout_s)
        case "ray":
            from nas.executors.ray_pool import RayPool

            return RayPool(
                config.workers,
                config.trial_timeout_s,
                address=config.ray_address,
                cpus=config.ray_cpus,
            )
    raise UserError(f"unknown executor {config.executor!r}; use one of {', '.join(EXECUTORS)}")
