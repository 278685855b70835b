"""What a search tells whoever watches it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from nas.records.record import Record
from nas.records.run import RunConfig, RunDirectory


@dataclass(frozen=True)
class SearchStarted:
    """The run directory stands; ``finished`` candidates are there from an earlier start."""

    config: RunConfig
    directory: RunDirectory
    finished: int


@dataclass(frozen=True)
class StageStarted:
    """A candidate entered a stage: ``train``, ``quantize`` or ``evaluate``."""

    trial: int
    candidate_id: str
    preset: str | None
    stage: str


@dataclass(frozen=True)
class EpochFinished:
    """A candidate finished training epoch ``epoch`` of ``epochs``, counted from 1."""

    trial: int
    candidate_id: str
    epoch: int
    epochs: int
    accuracy: float


@dataclass(frozen=True)
class CandidateFinished:
    """A candidate's record was written; ``front`` is the Pareto front with it."""

    record: Record
    finished: int
    front: Sequence[Record]


@dataclass(frozen=True)
class SearchFinished:
    """The search ended; ``reason`` says why in a few words."""

    finished: int
    front: Sequence[Record]
    seconds: float
    reason: str


@dataclass(frozen=True)
class CandidateMeasured:
    """A device measured a candidate, whose estimate was so; ``front`` is the one with that."""

    record: Record
    estimated_ms: float | None
    front: Sequence[Record]


@dataclass(frozen=True)
class DeviceTold:
    """Something about measuring that a person should know, in one line."""

    line: str


Event = (
    SearchStarted
    | StageStarted
    | EpochFinished
    | CandidateFinished
    | CandidateMeasured
    | DeviceTold
    | SearchFinished
)


class Observer(Protocol):
    """Whoever watches a search."""

    def notify(self, event: Event) -> None:
        """Take one event; must return quickly and never raise."""


@dataclass(frozen=True)
class Observers:
    """Several observers as one."""

    observers: Sequence[Observer]

    def notify(self, event: Event) -> None:
        """Tell every observer."""
        for observer in self.observers:
            observer.notify(event)
