"""What the sampler knows of a candidate before it is trained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optuna.trial import BaseTrial

from nas.candidates.candidate import Space
from nas.candidates.costs import known_costs
from nas.candidates.features import network_features
from nas.candidates.hyperparameters import OptunaHyperParameters
from nas.candidates.reading import read_candidate
from nas.edgetpu.estimator import Estimator
from nas.records.constraint import Constraint, violation
from nas.sampling.proposals import Description
from objectives import Objective


@dataclass(frozen=True)
class Describer:
    """Reads a space with a trial's values.

    Attributes:
        space: Where candidates come from.
        estimator: Chip model.
        costs: The objectives but accuracy, in the study's order.
        constraints: Bounds that candidates must keep.
    """

    space: Space
    estimator: Estimator
    costs: Sequence[Objective]
    constraints: Sequence[Constraint]

    def __call__(self, trial: BaseTrial) -> Description:
        """Describe the network that a trial's values give.

        Raises:
            CandidateError: They give none.
        """
        reading = read_candidate(self.space, OptunaHyperParameters(trial))
        results = known_costs(reading, self.estimator)
        features = network_features(reading.network) if reading.network else {}
        is_feasible = violation(results, self.constraints) is None
        return Description(reading.id, features, self._losses(results), is_feasible)

    def _losses(self, results: Mapping[str, Any]) -> tuple[float, ...] | None:
        """Return the costs, turned so that less is better, or ``None`` if one is unknown."""
        losses = [objective.loss(results) for objective in self.costs]
        known = tuple(loss for loss in losses if loss is not None)
        return known if len(known) == len(losses) else None
