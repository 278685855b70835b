"""KerasTuner's hyperparameters, drawn from an Optuna trial: the only seam between the two."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import keras_tuner
import optuna
from keras_tuner.engine import hyperparameters as kinds

from nas.errors import StudyLostError, one_line

INDEX_SUFFIX = "__index"
"""Ordered choices are drawn by position, so that samplers know which values are neighbours."""

EXPONENT_SUFFIX = "__exponent"
"""Stepped logarithmic values are drawn by exponent, which Optuna cannot do itself."""


class OptunaHyperParameters(keras_tuner.HyperParameters):  # type: ignore[misc]
    """Hyperparameters whose values an Optuna trial draws as the space asks for them.

    Args:
        trial: A live or fixed Optuna trial.
    """

    def __init__(self, trial: optuna.trial.BaseTrial) -> None:
        super().__init__()
        self._trial = trial
        if isinstance(trial, optuna.Trial):
            # Optuna proposes at the first question. A sampler that reads the space itself has to be
            # done by then: one space is read at a time.
            _ = trial.relative_params

    def _register(self, hyperparameter: Any, overwrite: bool = False) -> Any:
        """Draw a value when an active hyperparameter is asked for the first time."""
        if self.is_active(hyperparameter) and hyperparameter.name not in self.values:
            self.values[hyperparameter.name] = self._drawn(hyperparameter)
        return super()._register(hyperparameter, overwrite)

    def _drawn(self, hyperparameter: Any) -> Any:
        try:
            return _draw(self._trial, hyperparameter)
        except (TypeError, ValueError):  # what is asked for cannot be drawn
            raise
        except Exception as error:
            if not isinstance(self._trial, optuna.Trial):
                raise
            raise StudyLostError(one_line(error)) from error

    def copy(self) -> Any:
        """Return a plain copy that no longer draws."""
        return keras_tuner.HyperParameters.from_config(self.get_config())


def fixed_hyperparameters(values: Mapping[str, Any]) -> Any:
    """Return hyperparameters that have these values and defaults for the others."""
    fixed = keras_tuner.HyperParameters()
    fixed.values = dict(values)
    return fixed


def encode(space: Sequence[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Turn hyperparameter values into the parameters of an Optuna trial.

    Args:
        space: KerasTuner hyperparameters, as a built space lists them.
        values: Values by hyperparameter name.

    Returns:
        Optuna parameters by name, for ``study.enqueue_trial``.
    """
    active = [kind for kind in space if kind.name in values and _is_active(kind, values)]
    encoded = [_encode(kind, values[kind.name]) for kind in active]
    return {name: value for entry in encoded for name, value in entry.items()}


def _draw(trial: optuna.trial.BaseTrial, kind: Any) -> Any:
    match kind:
        case kinds.Fixed():
            return kind.value
        case kinds.Boolean():
            return trial.suggest_categorical(kind.name, [False, True])
        case kinds.Choice():
            return _draw_choice(trial, kind)
        case kinds.Int() | kinds.Float():
            return _draw_number(trial, kind)
    raise TypeError(f"hyperparameter {kind.name!r}: {type(kind).__name__} cannot be searched")


def _draw_choice(trial: optuna.trial.BaseTrial, kind: Any) -> Any:
    values = list(kind.values)
    if not _is_ordered(kind):
        return trial.suggest_categorical(_choice_name(kind), values)
    return values[trial.suggest_int(kind.name + INDEX_SUFFIX, 0, len(values) - 1)]


def _draw_number(trial: optuna.trial.BaseTrial, kind: Any) -> int | float:
    if kind.sampling == "reverse_log":
        raise TypeError(f"hyperparameter {kind.name!r}: reverse_log sampling cannot be searched")
    low, high, logarithmic = kind.min_value, kind.max_value, kind.sampling == "log"
    if logarithmic and kind.step is not None:
        steps = math.floor(math.log(high / low, kind.step) + 1e-9)
        exponent = trial.suggest_int(kind.name + EXPONENT_SUFFIX, 0, steps)
        stepped: int | float = type(low)(low * kind.step**exponent)
        return stepped
    if isinstance(kind, kinds.Int):
        return trial.suggest_int(kind.name, low, high, step=kind.step or 1, log=logarithmic)
    return trial.suggest_float(kind.name, low, high, step=kind.step, log=logarithmic)


def _encode(kind: Any, value: Any) -> dict[str, Any]:
    if isinstance(kind, kinds.Fixed):
        return {}
    if isinstance(kind, kinds.Choice) and _is_ordered(kind):
        return {kind.name + INDEX_SUFFIX: list(kind.values).index(value)}
    if isinstance(kind, kinds.Choice):
        return {_choice_name(kind): value}
    if getattr(kind, "sampling", None) == "log" and kind.step is not None:
        exponent = round(math.log(value / kind.min_value, kind.step))
        return {kind.name + EXPONENT_SUFFIX: exponent}
    return {kind.name: value}


def _is_active(kind: Any, values: Mapping[str, Any]) -> bool:
    return all(condition.is_active(values) for condition in kind.conditions)


def _choice_name(kind: Any) -> str:
    """Return the name of an unordered choice in Optuna, where one name has the same choices always.

    KerasTuner allows others under another condition.
    """
    return f"{kind.name} of {', '.join(map(str, kind.values))}" if kind.conditions else kind.name


def _is_ordered(kind: Any) -> bool:
    """Tell whether a choice's values have an order that a sampler can use."""
    return bool(kind.ordered) and len(kind.values) > 2
