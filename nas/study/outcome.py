"""What became of a trial: its record, and what Optuna is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import optuna

from nas.candidates.candidate import Candidate
from nas.candidates.costs import cost_fields
from nas.evaluation.interval import prediction_interval
from nas.records.constraint import UNKNOWN_MARGIN, Constraint, violation
from nas.records.record import Record, Status, as_json
from nas.records.run import RunConfig
from nas.sampling.gate import Verdict, stop_reason
from objectives import Objective

RECORD = "record"
"""Attribute of a trial that several machines share: its whole record."""

EVALUATED = "evaluated"
"""Constraint that only a complete candidate keeps."""


@dataclass(frozen=True)
class Outcomes:
    """Makes records of one run and tells Optuna about them; nothing else writes a final state.

    Every trial completes, because samplers stall on failed ones: what is unknown is told as the
    objective's pessimistic value, and an unevaluated candidate breaks a constraint.

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

    def stopped(
        self,
        candidate: Candidate,
        trial: int,
        verdict: Verdict,
        curve: Sequence[float],
        costs: Mapping[str, Any],
    ) -> Record:
        """Return the record of a candidate that the gate stopped, with what it had learned."""
        results = {**costs, "learning_curve": tuple(curve), "gate": vars(verdict)}
        if curve:
            results |= {"float_accuracy": max(curve), "epochs": len(curve)}
        reason = stop_reason(verdict, len(curve), self.config.epochs)
        return self._record(candidate, trial, "stopped", reason, results)

    def finished(
        self, candidate: Candidate, trial: int, evaluation: Any, parent: str | None = None
    ) -> Record:
        """Return the record of an evaluated candidate, infeasible if it breaks a constraint."""
        training = evaluation.training
        low, high = prediction_interval(
            evaluation.accuracy, evaluation.validation_examples, self._test_examples()
        )
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
            "parent": parent,
            "inherited_share": evaluation.inherited_share,
        }
        broken = violation(results, self.constraints)
        status: Status = "complete" if broken is None else "infeasible"
        return self._record(candidate, trial, status, broken, results)

    def _test_examples(self) -> int:
        """Return how many examples the accuracy of an export will be measured on."""
        return max(1, self.config.split_sizes["test"])

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
        """Write a trial's final state; one that another machine failed meanwhile is added anew."""
        try:
            for name, value in self._attributes(record).items():
                trial.set_user_attr(name, value)
            for name, margin in self._margins(record).items():
                trial.set_constraint(name, margin)
            study.tell(trial, self._values(record))
        except optuna.exceptions.UpdateFinishedTrialError:
            self.add(study, trial, record)

    def add(self, study: optuna.Study, trial: optuna.trial.BaseTrial, record: Record) -> None:
        """Add a finished trial that the study has lost, with its parameters."""
        study.add_trial(
            optuna.trial.create_trial(
                params=trial.params,
                distributions=trial.distributions,
                values=self._values(record),
                user_attrs=self._attributes(record),
                constraints=self._margins(record),
            )
        )

    def _values(self, record: Record) -> list[float]:
        """Return the objectives' values, the pessimistic one where it is unknown."""
        results = record.as_dict()
        known = [objective.value(results) for objective in self.objectives]
        pessimistic = [objective.pessimistic for objective in self.objectives]
        return [p if v is None else v for v, p in zip(known, pessimistic, strict=True)]

    def _margins(self, record: Record) -> dict[str, float]:
        """Return by how much each constraint is broken."""
        results = record.as_dict()
        margins = {each.text: each.margin(results) for each in self.constraints}
        told = {text: UNKNOWN_MARGIN if m is None else m for text, m in margins.items()}
        return {EVALUATED: 0.0 if record.status == "complete" else UNKNOWN_MARGIN, **told}

    def _attributes(self, record: Record) -> dict[str, Any]:
        """Return what a trial says of its candidate; ``gate`` only where the gate stopped it."""
        gate = {"gate": dict(record.gate)} if record.gate else {}
        shared = {RECORD: as_json(record)} if self.config.storage else {}
        return {
            "candidate_id": record.candidate_id,
            "hyperparameters": dict(record.hyperparameters),
            **gate,
            **shared,
        }
