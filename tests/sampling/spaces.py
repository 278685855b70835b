"""A space on paper: a conditional setting, a cost known beforehand, a network that fails."""

import optuna

from nas.errors import CandidateError
from nas.sampling.proposals import Description


def describe(trial: optuna.trial.BaseTrial) -> Description:
    """Two kinds; only ``deep`` asks for a depth. Width 13 builds nothing, cost above 60 is barred.

    ``flip`` makes no difference to the network.
    """
    kind = trial.suggest_categorical("kind", ["flat", "deep"])
    width = trial.suggest_int("width", 1, 40)
    trial.suggest_categorical("flip", [False, True])
    depth = trial.suggest_int("depth", 1, 4) if kind == "deep" else 0
    if width == 13:
        raise CandidateError("no network has width 13")
    cost = float(width * (1 + depth))
    features = {"width": float(width), "depth": float(depth)}
    return Description(f"{kind}-{width}-{depth}", features, (cost,), is_feasible=cost <= 60)


def error(name: str) -> float:
    """Less with width and more with a depth other than 2."""
    _, width, depth = name.split("-")
    return 0.05 + 1.0 / float(width) + 0.1 * abs(float(depth) - 2)
