"""How far a search is: a value that each event turns into the next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from nas.records.record import Record
from nas.study.events import (
    CandidateFinished,
    CandidateMeasured,
    DeviceTold,
    EpochFinished,
    Event,
    SearchFinished,
    SearchStarted,
    StageStarted,
)


@dataclass(frozen=True)
class Running:
    """A candidate under evaluation; ``accuracy`` is that after ``epoch`` of ``epochs``."""

    candidate_id: str
    preset: str | None
    stage: str
    epoch: int = 0
    epochs: int = 0
    accuracy: float | None = None


@dataclass(frozen=True)
class Progress:
    """What a search has done so far.

    Attributes:
        trials: Candidates to record.
        started_s: Clock at the start, in seconds.
        timeout_s: Wall time after which no new trial starts, in seconds.
        resumed: Candidates that were there before the start.
        finished: Candidates recorded, with those.
        running: Candidates under evaluation, by trial.
        front: The Pareto front.
        is_over: Whether the search ended.
    """

    trials: int
    started_s: float
    timeout_s: float | None = None
    resumed: int = 0
    finished: int = 0
    running: Mapping[int, Running] = field(default_factory=dict)
    front: Sequence[Record] = ()
    is_over: bool = False

    def after(self, event: Event, now_s: float) -> "Progress":
        """Return the progress with ``event``, which came when the clock stood at ``now_s``."""
        match event:
            case SearchStarted(config, _, finished):
                return Progress(
                    self.trials, now_s, config.timeout_s, resumed=finished, finished=finished
                )
            case StageStarted():
                return self._at_stage(event)
            case EpochFinished():
                return self._at_epoch(event)
            case CandidateFinished(record, finished, front):
                return replace(
                    self, running=self._without(record), finished=finished, front=tuple(front)
                )
            case CandidateMeasured() | DeviceTold():
                front = event.front if isinstance(event, CandidateMeasured) else self.front
                return replace(self, front=tuple(front))
            case SearchFinished(finished, front):
                return replace(
                    self, running={}, finished=finished, front=tuple(front), is_over=True
                )

    def seconds_left(self, now_s: float) -> float | None:
        """Return about how many seconds are left; ``None`` before there is anything to go by."""
        elapsed_s = now_s - self.started_s
        limits = [] if self.timeout_s is None else [max(self.timeout_s - elapsed_s, 0.0)]
        done = self.finished - self.resumed
        if done > 0:
            limits.append(elapsed_s / done * max(self.trials - self.finished, 0))
        return min(limits, default=None)

    def _at_stage(self, event: StageStarted) -> "Progress":
        known = self.running.get(event.trial)
        if known is None or known.candidate_id != event.candidate_id:
            known = Running(event.candidate_id, event.preset, event.stage)
        return self._with(event.trial, replace(known, stage=event.stage))

    def _at_epoch(self, event: EpochFinished) -> "Progress":
        known = self.running.get(event.trial) or Running(event.candidate_id, None, "train")
        now = replace(known, epoch=event.epoch, epochs=event.epochs, accuracy=event.accuracy)
        return self._with(event.trial, now)

    def _with(self, trial: int, running: Running) -> "Progress":
        return replace(self, running={**self.running, trial: running})

    def _without(self, record: Record) -> dict[int, Running]:
        return {
            trial: each
            for trial, each in self.running.items()
            if each.candidate_id != record.candidate_id and trial != record.trial
        }
