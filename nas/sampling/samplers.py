"""Which sampler proposes the candidates."""

from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec

import optuna

from nas.errors import UserError
from nas.records.run import COST_AWARE, SAMPLERS
from nas.sampling.gate_forecast import Forecast
from nas.sampling.proposals import Describe
from nas.sampling.sampler import CostAwareSampler, reason_to_fall_back

FALL_BACK = "tpe"


def fitting_sampler(name: str, objectives: Sequence[str]) -> tuple[str, str | None]:
    """Return the sampler that can serve the objectives, and why it is not the one asked for.

    Args:
        name: The sampler asked for.
        objectives: Names in the study's order.

    Raises:
        UserError: The sampler needs a package that is not installed.
    """
    if name == "gp" and find_spec("torch") is None:
        raise UserError("--sampler gp needs PyTorch: pip install torch")
    reason = reason_to_fall_back(objectives) if name == COST_AWARE else None
    return (name, None) if reason is None else (FALL_BACK, reason)


def make_sampler(name: str, seed: int, describe: Describe) -> optuna.samplers.BaseSampler:
    """Make a sampler.

    Args:
        name: One of ``SAMPLERS``.
        seed: Decides everything random.
        describe: Reads the space, for the sampler that knows costs.

    Raises:
        UserError: The name is unknown.
    """
    match name:
        case "cost_aware":
            return CostAwareSampler(describe, seed)
        case "tpe":
            return optuna.samplers.TPESampler(seed=seed)
        case "nsga2":
            return optuna.samplers.NSGAIISampler(seed=seed)
        case "gp":
            return optuna.samplers.GPSampler(seed=seed)
        case "random":
            return optuna.samplers.RandomSampler(seed=seed)
    raise UserError(f"unknown sampler {name!r}; use one of {', '.join(SAMPLERS)}")


def expectations(sampler: optuna.samplers.BaseSampler) -> Callable[[int], Forecast | None]:
    """Return what tells by a trial's number which log error its sampler expects, if it does."""
    if isinstance(sampler, CostAwareSampler):
        return sampler.expected
    return lambda _number: None


def preparation(
    sampler: optuna.samplers.BaseSampler, study: optuna.Study
) -> Callable[[float], bool]:
    """Return what prepares the next proposal for some seconds and tells whether more is left."""
    if isinstance(sampler, CostAwareSampler):
        return partial(sampler.prepare, study)
    return lambda _seconds: False
