"""Candidates are built without weights, and a space that refuses costs one candidate."""

import errno
from typing import Any

import keras
import optuna
import pytest
from keras.src.backend.common import global_state

from nas.candidates.candidate import build_candidate
from nas.candidates.hyperparameters import OptunaHyperParameters, fixed_hyperparameters
from nas.candidates.reading import read_candidate
from nas.errors import CandidateError, UserError, one_line
from nas.study.storage import lost_storage_explained
from tests.own_space import network


class Own:
    def build(self, hp: Any) -> Any:
        width = hp.Int("width", 1, 9)
        if width == 9:
            raise ValueError("nine is\n too wide")
        return network(width, (16, 16, 3), 2, "good")


def test_a_candidate_has_its_hyperparameters_and_a_model_that_can_be_counted() -> None:
    candidate = build_candidate(Own(), fixed_hyperparameters({"width": 4}))
    assert candidate.hyperparameters == {"width": 4}
    assert [kind.name for kind in candidate.space] == ["width"]
    # conv 3*3*3*4, batch norm 4*4, dense 4*4*4*2 + 2
    assert candidate.model.count_params() == 108 + 16 + 130


def test_keras_keeps_nothing_of_a_candidate() -> None:
    for width in (2, 3):
        build_candidate(Own(), fixed_hyperparameters({"width": width}))
    assert global_state.get_global_attribute("uninitialized_variables") == []


def test_a_network_the_space_refuses_is_a_candidate_error_in_one_line() -> None:
    with pytest.raises(CandidateError, match="cannot build this network: nine is too wide"):
        build_candidate(Own(), fixed_hyperparameters({"width": 9}))


def test_models_built_afterwards_have_weights_again() -> None:
    build_candidate(Own(), fixed_hyperparameters({"width": 2}))
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    assert model.get_weights()[0].shape == (3, 2)


def test_a_space_that_compiles_its_models_is_fine() -> None:
    """KerasTuner's own examples do; the optimizer cannot be made without weights."""

    class Compiling(Own):
        def build(self, hp: Any) -> Any:
            model = super().build(hp)
            model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="mse")
            return model

    compiled = build_candidate(Compiling(), fixed_hyperparameters({"width": 4}))
    plain = build_candidate(Own(), fixed_hyperparameters({"width": 4}))
    assert compiled.id == plain.id


def test_long_messages_are_cut() -> None:
    assert one_line(ValueError("x" * 1000), limit=10) == "x" * 9 + "…"
    assert one_line(ValueError()) == "ValueError"


class WithoutFrontEnd:
    """Raises where it is asked what prepares the inputs."""

    def build(self, hp: Any) -> Any:
        return Own().build(hp)

    def front_end(self, hyperparameters: Any) -> Any:
        raise KeyError(f"rate of {hyperparameters}")


def test_a_front_end_that_fails_costs_one_candidate() -> None:
    with pytest.raises(CandidateError, match="rate"):
        read_candidate(WithoutFrontEnd(), fixed_hyperparameters({}))


def test_a_space_that_exits_costs_one_candidate() -> None:
    class Exiting:
        def build(self, hp: Any) -> Any:
            raise SystemExit(hp.Int("width", 3, 9))

    for read in (build_candidate, read_candidate):
        with pytest.raises(CandidateError, match="cannot build this network: 3"):
            read(Exiting(), fixed_hyperparameters({}))


def test_no_candidate_is_to_blame_for_a_storage_that_fails() -> None:
    class Full(optuna.samplers.RandomSampler):
        def sample_independent(self, *_arguments: Any) -> Any:
            raise OSError(errno.ENOSPC, "No space left on device")

    trial = optuna.create_study(sampler=Full()).ask()
    with pytest.raises(UserError, match="No space left"), lost_storage_explained():
        read_candidate(Own(), OptunaHyperParameters(trial))
