"""KerasTuner's hyperparameters drawn by Optuna."""

from typing import Any

import keras_tuner
import optuna
import pytest

from nas.candidates.hyperparameters import OptunaHyperParameters, encode, fixed_hyperparameters


def drawn(params: dict[str, Any]) -> OptunaHyperParameters:
    return OptunaHyperParameters(optuna.trial.FixedTrial(params))


def test_an_ordered_choice_is_drawn_by_position() -> None:
    hyperparameters = drawn({"width__index": 2})
    assert hyperparameters.Choice("width", [64, 128, 728]) == 728
    assert hyperparameters.values == {"width": 728}


def test_a_choice_of_two_or_of_words_is_categorical() -> None:
    hyperparameters = drawn({"kernel": 3, "style": "b"})
    assert hyperparameters.Choice("kernel", [1, 3]) == 3
    assert hyperparameters.Choice("style", ["a", "b"]) == "b"


def test_every_kind_is_drawn_and_encoded_back() -> None:
    def ask(hp: Any) -> None:
        hp.Int("depth", 0, 8)
        hp.Int("filters", 16, 256, step=2, sampling="log")
        hp.Float("rate", 1e-4, 1e-1, sampling="log")
        hp.Float("dropout", 0.0, 0.5, step=0.1)
        hp.Boolean("bias")
        hp.Choice("width", [8, 16, 32])
        hp.Fixed("classes", 3)

    params = {"depth": 3, "filters__exponent": 2, "rate": 1e-3, "dropout": 0.3, "bias": True}
    hyperparameters = drawn({**params, "width__index": 1})
    ask(hyperparameters)
    assert hyperparameters.values == {
        "depth": 3, "filters": 64, "rate": 1e-3, "dropout": 0.3, "bias": True, "width": 16,
        "classes": 3,
    }  # fmt: skip
    assert encode(hyperparameters.space, hyperparameters.values) == {**params, "width__index": 1}


def test_a_name_asked_for_twice_is_drawn_once() -> None:
    trial = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0)).ask()
    hyperparameters = OptunaHyperParameters(trial)
    assert hyperparameters.Int("depth", 0, 1000) == hyperparameters.Int("depth", 0, 1000)


def test_an_inactive_hyperparameter_is_not_drawn() -> None:
    hyperparameters = drawn({"op": "pool"})
    hyperparameters.Choice("op", ["conv", "pool"])
    with hyperparameters.conditional_scope("op", ["conv"]):
        assert hyperparameters.Int("width", 1, 9) is None
    assert hyperparameters.values == {"op": "pool"}


def test_one_name_has_other_choices_under_other_conditions() -> None:
    def ask(hp: Any) -> str:
        kind = hp.Choice("kind", ["a", "b"])
        with hp.conditional_scope("kind", ["a"]):
            small = hp.Choice("size", ["s", "m"])
        with hp.conditional_scope("kind", ["b"]):
            large = hp.Choice("size", ["l", "xl", "xxl"], ordered=False)
        return str(small if kind == "a" else large)

    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    found = set()
    for _ in range(40):
        trial = study.ask()
        hyperparameters = OptunaHyperParameters(trial)
        size = ask(hyperparameters)
        found.add((trial.params["kind"], size))
        assert encode(hyperparameters.space, hyperparameters.values) == trial.params
        study.tell(trial, 0.0)
    assert found == {("a", "s"), ("a", "m"), ("b", "l"), ("b", "xl"), ("b", "xxl")}


@pytest.mark.parametrize(
    ("low", "high", "step", "values"),
    [(16, 100, 2, [16, 32, 64]), (1, 700, 10, [1, 10, 100]), (8, 64, 2, [8, 16, 32, 64])],
)
def test_stepped_logarithmic_values_end_before_the_maximum(
    low: int, high: int, step: int, values: list[int]
) -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    drawn_values = set()
    for _ in range(40):
        hyperparameters = OptunaHyperParameters(study.ask())
        drawn_values.add(hyperparameters.Int("x", low, high, step=step, sampling="log"))
    assert sorted(drawn_values) == values


def test_a_copy_keeps_the_values_and_no_longer_draws() -> None:
    hyperparameters = drawn({"depth": 5})
    hyperparameters.Int("depth", 0, 8)
    copy = hyperparameters.copy()
    assert type(copy) is keras_tuner.HyperParameters
    assert copy.Int("depth", 0, 8) == 5
    assert copy.Int("other", 7, 9) == 7


def test_what_optuna_cannot_draw_says_so() -> None:
    with pytest.raises(TypeError, match="'rate': reverse_log sampling cannot be searched"):
        drawn({}).Float("rate", 1e-4, 1e-1, sampling="reverse_log")


def test_fixed_hyperparameters_use_defaults_for_the_rest() -> None:
    fixed = fixed_hyperparameters({"depth": 5})
    assert fixed.Int("depth", 0, 8) == 5
    assert fixed.Int("width", 2, 8) == 2
