"""The search engine as an Optuna sampler: exact costs, a surrogate for accuracy alone."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from nas.candidates.features import SCHEMA
from nas.provenance import versions
from nas.sampling.acquisition import History, Observation, choose
from nas.sampling.draft import draw
from nas.sampling.gate_forecast import Forecast
from nas.sampling.proposals import Budget, Describe, Description, Pool, Proposal

KNOWN_COSTS = frozenset(
    {"latency_ms", "memory_bytes", "energy_mj", "off_chip_bytes", "parameters", "macs"}
)
"""Objectives that the chip model knows before training."""

RANDOM_FIRST = 5

LEAST_OBSERVED = 3
"""Of these, so many must have been trained: fewer say nothing of how far networks differ."""

LEAST_ERROR = 1e-3
"""Smaller errors count as this: their logarithms would say what a validation split cannot."""

_DESCRIPTION = f"edgetpu_nas:description:{SCHEMA}"
"""Under this name a trial keeps what was read of its candidate."""

_PROPOSED = "edgetpu_nas:proposed"
"""Under this name it keeps which network it was to have, even if the space then builds another."""


def reason_to_fall_back(objectives: Sequence[str]) -> str | None:
    """Tell why ``CostAwareSampler`` cannot serve these objectives, or ``None`` if it can.

    Args:
        objectives: Names in the study's order.
    """
    first, *others = objectives
    if first != "accuracy":
        return f"the first objective must be accuracy, got {first}"
    unknown = [name for name in others if name not in KNOWN_COSTS]
    if unknown:
        return f"{', '.join(unknown)} is not known before training"
    return None


@dataclass
class CostAwareSampler(optuna.samplers.BaseSampler):
    """Proposes the candidate whose expected gain in hypervolume is largest.

    Costs are exact before training, so only the first objective is modelled: by a Gaussian process
    on features of the network. Networks the study has met and ones that break a constraint on
    costs are never proposed. Candidates at work count as if they had what the surrogate expects.

    Attributes:
        describe: Reads the space with a trial's values.
        seed: Decides everything random.
        budget: How many candidates a proposal looks at, and for how long.
        perfect: Value of the first objective at no error: 1 for an accuracy, 0 for an error.
        random_first: Trained networks, presets among them, before the surrogate decides.
    """

    describe: Describe
    seed: int
    budget: Budget = field(default_factory=Budget)
    perfect: float = 1.0
    random_first: int = RANDOM_FIRST
    _pool: Pool = field(init=False)
    _chosen: dict[int, Proposal] = field(default_factory=dict)
    _expected: dict[int, Forecast] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._pool = Pool(self.describe, self.seed, self.budget)

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Choose a whole candidate and return the distributions of its parameters."""
        if trial.system_attrs.get("fixed_params"):
            return {}
        proposal = self._propose(study, trial.number)
        if proposal is None:
            return {}
        study._storage.set_trial_system_attr(trial._trial_id, _PROPOSED, proposal.description.id)
        self._chosen[trial.number] = proposal
        return dict(proposal.distributions)

    def prepare(self, study: optuna.Study, seconds: float) -> bool:
        """Describe ahead what the next proposal will look at; it stays the same proposal.

        Args:
            study: What has been tried.
            seconds: Time for it.

        Returns:
            Whether something is left to describe.
        """
        number = len(study.get_trials(deepcopy=False))
        if number < self.random_first:
            return False  # the next one is random
        parents = self._history(study, number).front()
        return self._pool.prepare(number, parents, seconds)

    def expected(self, number: int) -> Forecast | None:
        """Return, once, the log error that a trial is expected to be measured with.

        Args:
            number: The trial.

        Returns:
            The prediction, noise included, or ``None`` if no surrogate chose the candidate.
        """
        return self._expected.pop(number, None)

    def sample_relative(
        self,
        study: optuna.Study,  # noqa: ARG002  Optuna's interface
        trial: FrozenTrial,
        search_space: dict[str, BaseDistribution],  # noqa: ARG002
    ) -> dict[str, Any]:
        """Return the chosen candidate's parameters."""
        proposal = self._chosen.pop(trial.number, None)
        return {} if proposal is None else dict(proposal.params)

    def sample_independent(
        self,
        study: optuna.Study,  # noqa: ARG002
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Draw a parameter that no candidate was chosen for: the pool was exhausted."""
        name = list(param_name.encode())
        rng = np.random.default_rng((self.seed, 2, trial.number, *name))
        return draw(param_distribution, rng)

    def after_trial(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,  # noqa: ARG002  Optuna's interface
    ) -> None:
        """Note the candidate's description, which takes time, for other processes and a resume."""
        proposal = self._described(trial) if state == TrialState.COMPLETE else None
        if proposal is not None and _DESCRIPTION not in trial.system_attrs:
            told = {"by": _version(), **asdict(proposal.description)}
            study._storage.set_trial_system_attr(trial._trial_id, _DESCRIPTION, told)

    def _described(self, trial: FrozenTrial) -> Proposal | None:
        """Return the candidate of a trial, described now or before."""
        params = _params(trial)
        told = trial.system_attrs.get(_DESCRIPTION)
        if told is not None and told["by"] == _version():
            costs = None if told["costs"] is None else tuple(told["costs"])
            known = Description(told["id"], told["features"], costs, told["is_feasible"])
            return self._pool.recall(params, trial.distributions, known)
        return self._pool.read(params) if params else None

    def _propose(self, study: optuna.Study, number: int) -> Proposal | None:
        history = self._history(study, number)
        begun = len(history.observed) + len(history.pending)
        if len(history.observed) < LEAST_OBSERVED or begun < self.random_first:
            drawn = self._pool.random_candidate(number, history.known)
            return drawn[0] if drawn else None
        candidates = self._pool.candidates(number, history.front(), history.known)
        if not candidates:
            return None
        proposal, self._expected[number] = choose(history, candidates)
        return proposal

    def _history(self, study: optuna.Study, number: int) -> History:
        observed: dict[str, Observation] = {}
        pending: dict[str, Proposal] = {}
        known: set[str] = set()
        for trial in study.get_trials(deepcopy=False):
            if trial.number == number:
                continue
            proposal = self._described(trial)
            names = (trial.system_attrs.get(_PROPOSED), trial.user_attrs.get("candidate_id"))
            known.update(name for name in names if name)
            if proposal is None:
                continue
            name = proposal.description.id
            known.add(name)
            if proposal.has_costs and name not in observed:
                if trial.state == TrialState.COMPLETE:
                    observed[name] = self._observation(study, trial, proposal)
                elif not trial.state.is_finished():
                    pending[name] = proposal
        at_work = [each for name, each in pending.items() if name not in observed]
        return History(list(observed.values()), at_work, frozenset(known))

    def _observation(
        self, study: optuna.Study, trial: FrozenTrial, proposal: Proposal
    ) -> Observation:
        maximizes = study.directions[0] == StudyDirection.MAXIMIZE
        gate: Mapping[str, float] | None = trial.user_attrs.get("gate")
        value = gate["expected_accuracy"] if gate else trial.values[0]
        error = self.perfect - value if maximizes else value - self.perfect
        is_feasible = all(margin <= 0 for margin in trial.constraints.values())
        return Observation(proposal, max(error, LEAST_ERROR), is_feasible)


@cache
def _version() -> str | None:
    """Return the version whose features and costs can be compared; ``None`` if not installed."""
    return versions().get("edgetpu-nas")


def _params(trial: FrozenTrial) -> Mapping[str, Any]:
    waiting: Mapping[str, Any] = trial.system_attrs.get("fixed_params", {})
    return trial.params or waiting
