"""How much of each objective's spread each hyperparameter explains by itself."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.records.record import Record
from objectives import Objective

_LEVELS = 5
_FEWEST = 10
_SHUFFLES = 200
_CHANCE = 0.01
_SEED = 0


def knob_importance(
    records: Sequence[Record], objectives: Sequence[Objective]
) -> dict[str, list[float | None]]:
    """Return the share of each objective's variance that a hyperparameter explains alone.

    The correlation ratio of Pearson (1905), which is the first-order sensitivity index of Sobol,
    with Kelley's (1935) correction for chance: ``1 - (n - 1) / (n - k) * within / total``, the
    sums of squares within the ``k`` groups of equal value and around the mean. A hyperparameter
    with more than five numbers is divided at its quintiles. Effects of several together are not
    in it, nor are candidates that a search never drew. A share counts only where values shuffled
    among the candidates are explained as well at most once in a hundred times.

    Args:
        records: Candidates of any status; the complete ones count.
        objectives: What the search pursues.

    Returns:
        A share from 0 to 1 for each objective, by hyperparameter, the most important first; 0 is
        no more than chance explains, ``None`` too few candidates (fewer than ten) or nothing that
        varies.

    References:
        Kelley, An Unbiased Correlation Ratio Measure, PNAS 21, 1935, doi:10.1073/pnas.21.9.554.
        Fisher, The Design of Experiments, 1935, section 21, for the shuffling.
    """
    complete = [record for record in records if record.status == "complete"]
    names = sorted({name for record in complete for name in record.hyperparameters})
    found = {
        name: [_explained(complete, name, objective) for objective in objectives] for name in names
    }
    varied = {name: shares for name, shares in found.items() if any(s is not None for s in shares)}
    strongest = {name: max(s or 0.0 for s in shares) for name, shares in varied.items()}
    return {name: varied[name] for name in sorted(varied, key=lambda name: -strongest[name])}


def _explained(records: Sequence[Record], name: str, objective: Objective) -> float | None:
    pairs = [
        (record.hyperparameters[name], value)
        for record in records
        if name in record.hyperparameters and (value := objective.value(vars(record))) is not None
    ]
    if len(pairs) < _FEWEST:
        return None
    groups = _groups([setting for setting, _ in pairs])
    values = np.array([value for _, value in pairs])
    count, total = int(groups.max()) + 1, float(((values - values.mean()) ** 2).sum())
    if count < 2 or count >= len(values) or not total > 0:
        return None
    between = float(_between(groups, values[np.newaxis])[0])
    if (_between(groups, _shuffled(values)) >= between).mean() > _CHANCE:
        return 0.0
    within = total - between
    return max(0.0, 1 - (len(values) - 1) / (len(values) - count) * within / total)


def _between(groups: NDArray[np.intp], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of squares between groups for each row of values, ``(rows,)``."""
    members = np.eye(int(groups.max()) + 1)[groups]
    centred = rows - rows.mean(axis=1, keepdims=True)
    between: NDArray[np.float64] = ((centred @ members) ** 2 / members.sum(axis=0)).sum(axis=1)
    return between


def _shuffled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values in as many orders, always the same ones, ``(orders, n)``."""
    rows = np.tile(values, (_SHUFFLES, 1))
    return np.random.default_rng(_SEED).permuted(rows, axis=1)


def _groups(settings: Sequence[Any]) -> NDArray[np.intp]:
    """Return the group of each setting, numbered from 0 without gaps."""
    is_numeric = all(isinstance(each, int | float) for each in settings)
    if is_numeric and len(set(settings)) > _LEVELS:
        numbers = np.array(settings, dtype=np.float64)
        edges = np.quantile(numbers, np.arange(1, _LEVELS) / _LEVELS)
        keys: Any = np.searchsorted(edges, numbers)
    else:
        keys = np.array([repr(each) for each in settings])
    groups: NDArray[np.intp] = np.unique(keys, return_inverse=True)[1]
    return groups
