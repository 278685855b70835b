"""What became of a trial: its record, and what Optuna is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import optuna

from nas.evaluation.interval import accuracy_interval
from nas.study.candidate import Candidate
from nas.study.constraint import UNKNOWN_MARGIN, Constraint, violation
from nas.study.costs import cost_fields
from nas.study.record import Record, Status
from nas.study.run import RunConfig
from objectives import Objective

EVALUATED = "evaluated"
"""Constraint that only a complete candidate keeps."""


@dataclass(frozen=True)
class Outcomes:
    """Makes records of one run and tells Optuna about them.

    Attributes:
        config: The run's configuration.
        objectives: What the study pursues.
        constraints: Bounds that candidates must keep.
    """

    config: RunConfig
    objectives: Sequence[Objective]
    constraints: Sequence[Constraint]

    def unfinished(
        self,
        candidate: Candidate,
        trial: int,
        status: Status,
        reason: str,
        costs: Mapping[str, Any],
    ) -> Record:
        """Return the record of a candidate that has no accuracy."""
        return self._record(candidate, trial, status, reason, costs)

    def finished(self, candidate: Candidate, trial: int, evaluation: Any) -> Record:
        """Return the record of an evaluated candidate, infeasible if it breaks a constraint."""
        training = evaluation.training
        low, high = accuracy_interval(evaluation.accuracy, evaluation.validation_examples)
        results = {
            **cost_fields(evaluation.estimate),
            "accuracy": evaluation.accuracy,
            "accuracy_low": low,
            "accuracy_high": high,
            "float_accuracy": training.accuracy,
            "learning_curve": training.learning_curve,
            "training_memory_bytes": evaluation.training_memory_bytes,
            "model_bytes": evaluation.model_bytes,
            "parameters": evaluation.parameters,
            "epochs": len(training.learning_curve),
            "train_seconds": round(training.train_seconds, 3),
            "seconds": evaluation.seconds,
        }
        broken = violation(results, self.constraints)
        status: Status = "complete" if broken is None else "infeasible"
        return self._record(candidate, trial, status, broken, results)

    def _record(
        self,
        candidate: Candidate,
        trial: int,
        status: Status,
        reason: str | None,
        results: Mapping[str, Any],
    ) -> Record:
        return Record(
            candidate_id=candidate.id,
            space=self.config.space,
            hyperparameters=candidate.hyperparameters,
            status=status,
            reason=reason,
            preset=candidate.preset,
            trial=trial,
            seed=self.config.seed,
            finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
            versions=self.config.versions,
            **results,
        )

    def tell(self, study: optuna.Study, trial: optuna.Trial, record: Record) -> None:
        """Write a trial's final state; the only place that does.

        Every trial completes, because samplers stall on failed ones: what is unknown is told as
        the objective's pessimistic value, and an unevaluated candidate breaks a constraint.
        """
        results = record.as_dict()
        trial.set_user_attr("candidate_id", record.candidate_id)
        trial.set_user_attr("hyperparameters", dict(record.hyperparameters))
        trial.set_constraint(EVALUATED, 0.0 if record.status == "complete" else UNKNOWN_MARGIN)
        for constraint in self.constraints:
            margin = constraint.margin(results)
            trial.set_constraint(constraint.text, UNKNOWN_MARGIN if margin is None else margin)
        values = [objective.value(results) for objective in self.objectives]
        pessimistic = [objective.pessimistic for objective in self.objectives]
        told = [p if v is None else v for v, p in zip(values, pessimistic, strict=True)]
        study.tell(trial, told)
