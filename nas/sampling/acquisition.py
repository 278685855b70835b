"""Which described candidate to train next: the one that is expected to gain most hypervolume."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from nas.candidates.features import standardized
from nas.records.pareto import is_non_dominated
from nas.sampling.gate_forecast import Forecast
from nas.sampling.improvement import Staircase, expected_improvement, staircase
from nas.sampling.kernel import Array, choose_kernel
from nas.sampling.proposals import Proposal
from nas.sampling.surrogate import GaussianProcess, condition

SETTINGS_WEIGHT = 0.1
"""Share of the settings in the distance of two candidates, where the network's features have 1."""

_WIDER_ERROR = 1.3
"""The reference point's error lies this many times the range of the front's from the least."""

_WIDER_COST = 1.1
"""Its costs, the same with a range that takes turns, see ``_reference_costs``."""


@dataclass(frozen=True)
class Observation:
    """A trained candidate: its proposal, its error, and whether it may be in the front."""

    proposal: Proposal
    error: float
    is_feasible: bool = True


@dataclass(frozen=True)
class History:
    """What a study knows: observations, candidates at work, and all networks it ever met."""

    observed: Sequence[Observation]
    pending: Sequence[Proposal]
    known: frozenset[str]

    def front(self) -> list[Proposal]:
        """Return the feasible trained candidates that no other dominates."""
        feasible = [entry for entry in self.observed if entry.is_feasible]
        if not feasible:
            return []
        costs = _costs([entry.proposal for entry in feasible])
        keep = is_non_dominated(np.column_stack([[entry.error for entry in feasible], costs]))
        return [entry.proposal for entry, kept in zip(feasible, keep, strict=True) if kept]


def choose(history: History, candidates: Sequence[Proposal]) -> tuple[Proposal, Forecast]:
    """Choose the candidate with the largest expected gain in hypervolume.

    Args:
        history: What is known; at least one observation.
        candidates: Described, with known costs; at least one.

    Returns:
        The candidate, and the log error that it is expected to be measured with.
    """
    # Its products are small: threads that wait for each other on busy cores make them ten times
    # as slow.
    with threadpool_limits(limits=1, user_api="blas"):
        return _choose(history, candidates)


def _choose(history: History, candidates: Sequence[Proposal]) -> tuple[Proposal, Forecast]:
    trained = [entry.proposal for entry in history.observed]
    inputs = _inputs([*trained, *history.pending, *candidates])
    seen, pending = len(trained), len(history.pending)
    errors = np.array([entry.error for entry in history.observed])
    costs = _costs([*trained, *history.pending])
    process = _fit(inputs[:seen], errors, _worst_error(errors, costs[:seen]))
    means, deviations = process.predict(inputs)
    scales = np.hypot(deviations, process.noise)
    usable = np.array([entry.is_feasible for entry in history.observed] + [True] * pending)
    known, rest = slice(0, seen + pending), slice(seen + pending, None)
    if pending:
        believed = np.concatenate([process.targets, means[seen : seen + pending]])
        # What is believed says where less is left to learn, and nothing of how far networks differ.
        believer = condition(process.kernel, inputs[known], believed)
        _, deviations = replace(believer, variance=process.variance).predict(inputs)
    open_costs = _costs(candidates)
    within = np.concatenate([usable, np.full(len(candidates), fill_value=True)])
    reachable = np.column_stack([means, np.concatenate([costs, open_costs])])[within]
    reference = _reference_costs(reachable, turn=seen + pending)
    stairs = _staircase(np.exp(means[known]), costs, usable, reference)
    gains = expected_improvement(stairs, open_costs, means[rest], deviations[rest])
    # Without any gain in sight the least explored candidate teaches most.
    best = int(np.argmax(gains if gains.max() > 0 else deviations[rest]))
    forecast = Forecast(float(means[rest][best]), float(scales[rest][best]), max(seen - 1, 1))
    return candidates[best], forecast


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


def _worst_error(errors: Array, costs: Array) -> float:
    """Return the reference point's error: beyond it, all networks are equally useless."""
    front = errors[is_non_dominated(np.column_stack([errors, costs]))]
    least = float(front.min())
    return least + _WIDER_ERROR * max(float(front.max()) - least, 0.1 * least)


def _reference_costs(reachable: Array, turn: int) -> Array:
    """Return the reference point's costs, which decide what a step along the front is worth.

    Those of the front as it is expected make its cheap end and its middle dense, but leave nothing
    to gain for a costly network that is better than expected; those of everything do, and spend
    many trainings there. So they take turns.

    Args:
        reachable: Expected errors and costs of trained networks and candidates,
            ``(n, 1 + costs)``.
        turn: Counts the proposals.
    """
    costs = (reachable if turn % 2 else reachable[is_non_dominated(reachable)])[:, 1:]
    least, most = costs.min(axis=0), costs.max(axis=0)
    spans = np.where(most > least, most - least, 0.1 * abs(least))
    # Costs that are all 0, such as bytes off the chip of networks that fit, leave room like others.
    spans = np.where(spans > 0, spans, np.maximum(np.ptp(reachable[:, 1:], axis=0), 1.0))
    return np.asarray(least + _WIDER_COST * spans)


def _staircase(
    errors: Array, costs: Array, usable: NDArray[np.bool_], reference: Array
) -> Staircase:
    if not usable.any():
        return staircase(errors[:0], costs[:0], _worst_error(errors, costs), reference)
    errors, costs = errors[usable], costs[usable]
    front = is_non_dominated(np.column_stack([errors, costs]))
    return staircase(errors[front], costs[front], _worst_error(errors, costs), reference)
