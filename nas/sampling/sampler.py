"""The search engine as an Optuna sampler: exact costs, a surrogate for accuracy alone."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from nas.candidates.features import standardized
from nas.provenance import versions
from nas.records.pareto import is_non_dominated
from nas.sampling.draft import draw
from nas.sampling.gate_forecast import Forecast
from nas.sampling.improvement import Staircase, expected_improvement, staircase
from nas.sampling.proposals import Budget, Describe, Description, Pool, Proposal
from nas.sampling.surrogate import GaussianProcess, choose_kernel, condition

Array = NDArray[np.float64]

KNOWN_COSTS = frozenset(
    {"latency_ms", "memory_bytes", "energy_mj", "off_chip_bytes", "parameters", "macs"}
)
"""Objectives that the chip model knows before training."""

RANDOM_FIRST = 5
SETTINGS_WEIGHT = 0.1
"""Share of the settings in the distance of two candidates, where the network's features have 1."""

LEAST_ERROR = 1e-3
"""Smaller errors count as this: their logarithms would say what a validation split cannot."""

_WIDER_ERROR = 1.3
"""The reference point's error lies this many times the range of the front's from the least."""

_WIDER_COST = 1.1
"""Its costs, the same with the range of all costs seen: what would extend the front gains, too."""


_DESCRIPTION = "edgetpu_nas:description"
"""Under this name a trial keeps what was read of its candidate."""


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


@dataclass(frozen=True)
class _Observation:
    """A trained candidate: its proposal, its error, and whether it may be in the front."""

    proposal: Proposal
    error: float
    is_feasible: bool = True


@dataclass(frozen=True)
class _History:
    """What a study knows: observations, candidates at work, and all networks it ever met."""

    observed: list[_Observation]
    pending: list[Proposal]
    known: frozenset[str]


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
        parents = _front(self._history(study, number).observed)
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
        if not history.observed or begun < self.random_first:
            drawn = self._pool.random_candidate(history.known)
            return drawn[0] if drawn else None
        parents = _front(history.observed)
        candidates = self._pool.candidates(number, parents, history.known)
        if not candidates:
            return None
        proposal, self._expected[number] = self._best(history, candidates)
        return proposal

    def _history(self, study: optuna.Study, number: int) -> _History:
        observed, pending, known = [], [], set()
        for trial in study.get_trials(deepcopy=False):
            if trial.number == number:
                continue
            proposal = self._described(trial)
            name = proposal.description.id if proposal else trial.user_attrs.get("candidate_id")
            if proposal and name not in known and _has_costs(proposal):
                if trial.state == TrialState.COMPLETE:
                    observed.append(self._observation(study, trial, proposal))
                elif not trial.state.is_finished():
                    pending.append(proposal)
            known |= {name} if name else set()
        return _History(observed, pending, frozenset(known))

    def _observation(
        self, study: optuna.Study, trial: FrozenTrial, proposal: Proposal
    ) -> _Observation:
        maximizes = study.directions[0] == StudyDirection.MAXIMIZE
        gate: Mapping[str, float] | None = trial.user_attrs.get("gate")
        value = gate["expected_accuracy"] if gate else trial.values[0]
        error = self.perfect - value if maximizes else value - self.perfect
        is_feasible = all(margin <= 0 for margin in trial.constraints.values())
        return _Observation(proposal, max(error, LEAST_ERROR), is_feasible)

    def _best(self, history: _History, candidates: list[Proposal]) -> tuple[Proposal, Forecast]:
        trained = [entry.proposal for entry in history.observed]
        inputs = _inputs([*trained, *history.pending, *candidates])
        seen, pending = len(trained), len(history.pending)
        errors = np.array([entry.error for entry in history.observed])
        costs = _costs([*trained, *history.pending])
        process = _fit(inputs[:seen], errors, _worst_error(errors, costs[:seen]))
        means, deviations = process.predict(inputs)
        usable = np.array([entry.is_feasible for entry in history.observed] + [True] * pending)
        known = slice(0, seen + pending)
        if pending:
            believed = np.concatenate([process.targets, means[seen : seen + pending]])
            process = condition(process.kernel, inputs[known], believed)
            _, deviations = process.predict(inputs)
        rest = slice(seen + pending, None)
        open_costs = _costs(candidates)
        farthest = _farthest(np.concatenate([costs, open_costs]))
        stairs = _staircase(np.exp(means[known]), costs, usable, farthest)
        gains = expected_improvement(stairs, open_costs, means[rest], deviations[rest])
        # Without any gain in sight the least explored candidate teaches most.
        best = int(np.argmax(gains if gains.max() > 0 else deviations[rest]))
        scale = float(np.hypot(deviations[rest][best], process.noise))
        return candidates[best], Forecast(float(means[rest][best]), scale, max(seen - 1, 1))


@cache
def _version() -> str | None:
    """Return the version whose features and costs can be compared; ``None`` if not installed."""
    return versions().get("edgetpu-nas")


def _params(trial: FrozenTrial) -> Mapping[str, Any]:
    waiting: Mapping[str, Any] = trial.system_attrs.get("fixed_params", {})
    return trial.params or waiting


def _has_costs(proposal: Proposal) -> bool:
    return proposal.description.is_feasible and proposal.description.costs is not None


def _fit(inputs: Array, errors: Array, clip: float) -> GaussianProcess:
    """Model log errors; all beyond the reference point are equally useless and count as one."""
    targets = np.log(np.minimum(errors, clip))
    return condition(choose_kernel(inputs, targets), inputs, targets)


def _costs(proposals: Sequence[Proposal]) -> Array:
    return np.array([proposal.description.costs for proposal in proposals], dtype=np.float64)


def _inputs(proposals: Sequence[Proposal]) -> Array:
    networks = standardized([proposal.description.features for proposal in proposals])
    settings = standardized([proposal.settings for proposal in proposals], SETTINGS_WEIGHT)
    return np.concatenate([networks, settings], axis=1)


def _front(observed: Sequence[_Observation]) -> list[Proposal]:
    feasible = [entry for entry in observed if entry.is_feasible]
    if not feasible:
        return []
    costs = _costs([entry.proposal for entry in feasible])
    points = np.column_stack([[entry.error for entry in feasible], costs])
    keep = is_non_dominated(points)
    return [entry.proposal for entry, kept in zip(feasible, keep, strict=True) if kept]


def _worst_error(errors: Array, costs: Array) -> float:
    """Return the reference point's error: beyond it, all networks are equally useless."""
    front = errors[is_non_dominated(np.column_stack([errors, costs]))]
    least = float(front.min())
    return least + _WIDER_ERROR * max(float(front.max()) - least, 0.1 * least)


def _farthest(costs: Array) -> Array:
    """Return the reference point's costs.

    A bound near the known front would leave better networks that cost more without any gain.
    """
    least, most = costs.min(axis=0), costs.max(axis=0)
    return np.asarray(least + _WIDER_COST * np.where(most > least, most - least, 0.1 * abs(least)))


def _staircase(
    errors: Array, costs: Array, usable: NDArray[np.bool_], farthest: Array
) -> Staircase:
    if not usable.any():
        return staircase(errors[:0], costs[:0], _worst_error(errors, costs), farthest)
    errors, costs = errors[usable], costs[usable]
    front = is_non_dominated(np.column_stack([errors, costs]))
    return staircase(errors[front], costs[front], _worst_error(errors, costs), farthest)
