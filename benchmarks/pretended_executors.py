"""Executors that pretend: a device that takes its time, and evaluations that take none."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from nas.candidates.hyperparameters import fixed_hyperparameters
from nas.candidates.reading import read_candidate
from nas.edgetpu.estimator import Estimate, Estimator
from nas.evaluation.pipeline import Evaluation
from nas.evaluation.training import Training
from nas.executors.workers import Assignment, Message, ResultMessage, WorkerPool
from nas.network.network import Network
from search_spaces import Space


@dataclass(frozen=True)
class SlowDevice:
    """The chip model behind a device that takes its time."""

    model: Estimator
    seconds: float

    def estimate(self, network: Network) -> Estimate:
        """Wait as for a measurement."""
        time.sleep(self.seconds)
        return self.model.estimate(network)


class DevicePool(WorkerPool):
    """Workers that measure each candidate on a slow device of their own."""

    def __init__(self, size: int, seconds: float) -> None:
        super().__init__(size, 3600.0)
        self._seconds = seconds

    def submit(self, assignment: Assignment) -> None:
        """Start evaluating a candidate with the slow device for its costs."""
        device: Any = SlowDevice(assignment.estimator, self._seconds)
        super().submit(replace(assignment, estimator=device))


class InstantPool:
    """Evaluates in no time: as accurate as parameters and chance will have it."""

    def __init__(self, space: Space, estimator: Estimator) -> None:
        self._space = space
        self._estimator = estimator
        self._waiting: list[Assignment] = []
        self.submitted_at: float | None = None

    @property
    def has_room(self) -> bool:
        """Whether another candidate can start now."""
        return len(self._waiting) < 2

    @property
    def is_idle(self) -> bool:
        """Whether no candidate is at work."""
        return not self._waiting

    def submit(self, assignment: Assignment) -> None:
        """Take a candidate."""
        self.submitted_at = self.submitted_at or time.time()
        self._waiting.append(assignment)

    def wait(self, _seconds: float) -> Sequence[Message]:
        """Return the results of all candidates that were taken."""
        done, self._waiting = self._waiting, []
        return [ResultMessage(each.trial, self._evaluation(each)) for each in done]

    def stop(self, trial: int) -> None:
        """Forget a candidate."""
        self._waiting = [each for each in self._waiting if each.trial != trial]

    def close(self) -> None:
        """Forget all candidates."""
        self._waiting.clear()

    def _evaluation(self, assignment: Assignment) -> Evaluation:
        values = fixed_hyperparameters(assignment.hyperparameters)
        reading = read_candidate(self._space, values)
        assert reading.network is not None  # noqa: S101  every space here can be read
        chance = int(reading.id[:4], 16) / 16**4
        accuracy = 0.95 - 0.3 / (1 + reading.parameters / 20_000) - 0.05 * chance
        return Evaluation(
            accuracy=accuracy,
            validation_examples=200,
            training=Training((accuracy,) * assignment.recipe.epochs, 1, 0.0),
            training_memory_bytes=1,
            model_bytes=1,
            parameters=reading.parameters,
            estimate=self._estimator.estimate(reading.network),
            seconds={},
        )
