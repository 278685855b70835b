"""Which sampler a run gets, and the one that knows costs on a real space."""

from typing import Any

import numpy as np
import optuna
import pytest

from nas.candidates.hyperparameters import OptunaHyperParameters, fixed_hyperparameters
from nas.candidates.reading import read_candidate
from nas.edgetpu.estimator import Estimator
from nas.errors import UserError
from nas.records.constraint import parse_constraint
from nas.records.run import SAMPLERS
from nas.sampling.description import Describer
from nas.sampling.draft import Draft
from nas.sampling.proposals import Budget, Describe
from nas.sampling.sampler import CostAwareSampler
from nas.sampling.samplers import fitting_sampler, make_sampler
from objectives import OBJECTIVES
from search_spaces import Space, load_space

COSTS = [OBJECTIVES["latency_ms"], OBJECTIVES["memory_bytes"]]
BOUND = parse_constraint("memory_bytes<=150KiB")


@pytest.fixture(scope="module")
def space() -> Space:
    return load_space("xception_lite", input_shape=(32, 32, 3), classes=2)


@pytest.fixture(scope="module")
def describe(space: Space) -> Describe:
    return Describer(space, Estimator(), COSTS, [BOUND])


def test_objectives_known_before_training_get_the_sampler_that_knows_costs() -> None:
    assert fitting_sampler("cost_aware", ("accuracy", "latency_ms")) == ("cost_aware", None)


@pytest.mark.parametrize(
    ("objectives", "reason"),
    [
        (("accuracy", "training_memory_bytes"), "training_memory_bytes is not known before"),
        (("latency_ms", "accuracy"), "first objective must be accuracy"),
    ],
)
def test_others_get_one_of_optuna_s_and_are_told_why(
    objectives: tuple[str, ...], reason: str
) -> None:
    name, told = fitting_sampler("cost_aware", objectives)
    assert name == "tpe"
    assert told is not None
    assert reason in told
    assert fitting_sampler("nsga2", objectives) == ("nsga2", None)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nas.sampling.samplers.find_spec", lambda _name: None)
    with pytest.raises(UserError, match="needs PyTorch: pip install torch"):
        fitting_sampler("gp", ("accuracy",))


def test_every_name_makes_a_sampler(describe: Describe) -> None:
    made = [make_sampler(name, 0, describe) for name in SAMPLERS if name != "gp"]
    assert len({type(sampler) for sampler in made}) == len(SAMPLERS) - 1
    with pytest.raises(UserError, match="unknown sampler 'x'"):
        make_sampler("x", 0, describe)


def test_a_description_is_that_of_the_network_the_space_builds(
    space: Space, describe: Describe
) -> None:
    draft = Draft({}, np.random.default_rng(0))
    description = describe(draft)
    reading = read_candidate(space, OptunaHyperParameters(optuna.trial.FixedTrial(draft.params)))
    assert reading.network
    estimate = Estimator().estimate(reading.network)
    assert description.id == reading.id
    assert list(description.costs or ()) == [estimate.latency_ms, estimate.parameter_bytes]
    assert description.is_feasible == (estimate.parameter_bytes <= BOUND.bound)


def test_a_network_known_only_by_conversion_has_no_costs() -> None:
    class Converted:
        def build(self, _hp: Any) -> Any:
            import keras

            image = keras.Input((4, 4, 1))
            return keras.Model(image, keras.layers.GaussianNoise(0.1)(keras.ops.sin(image)))

    described = Describer(Converted(), Estimator(), COSTS, [])(optuna.trial.FixedTrial({}))
    assert described.costs is None


@pytest.mark.slow
def test_the_search_space_is_explored_within_its_bounds(space: Space, describe: Describe) -> None:
    """Accuracies made up from the settings; no proposal repeats a network or breaks the bound."""
    sampler = CostAwareSampler(
        describe, seed=0, budget=Budget(first=30, more=1, seconds=1.0), random_first=4
    )
    study = optuna.create_study(directions=["maximize", "minimize", "minimize"], sampler=sampler)
    ids = []
    for _ in range(8):
        trial = study.ask()
        hp = OptunaHyperParameters(trial)
        reading = read_candidate(space, hp)
        assert reading.network is not None
        ids.append(reading.id)
        estimate = Estimator().estimate(reading.network)
        assert estimate.parameter_bytes <= BOUND.bound
        assert estimate.latency_ms is not None
        costs = estimate.latency_ms, float(estimate.parameter_bytes)
        study.tell(trial, (1 - 1 / (2 + reading.parameters / 1e4), *costs))
        assert read_candidate(space, fixed_hyperparameters(hp.values)).id == reading.id
    assert len(set(ids)) == len(ids)
