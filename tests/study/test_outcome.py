"""What Optuna is told of a finished candidate."""

from types import SimpleNamespace
from typing import Any

import optuna
import pytest

from nas.candidates.candidate import Candidate
from nas.edgetpu.estimator import Estimator
from nas.evaluation.interval import prediction_interval
from nas.evaluation.training import Training
from nas.network.network import Network
from nas.records.constraint import parse_constraint
from nas.study.outcome import Outcomes
from objectives import OBJECTIVES
from tests.network.networks import five_dense_layers
from tests.records.records import record
from tests.records.runs import run_config

NAMES = ("accuracy", "latency_ms", "memory_bytes")
CANDIDATE = Candidate("abc", {"width": 8}, preset="tiny")


@pytest.fixture
def outcomes() -> Outcomes:
    constraints = [parse_constraint("latency_ms<=5")]
    return Outcomes(run_config(), [OBJECTIVES[name] for name in NAMES], constraints)


def new_study() -> optuna.Study:
    return optuna.create_study(directions=["maximize", "minimize", "minimize"])


def test_a_complete_candidate_is_feasible_with_its_values(outcomes: Outcomes) -> None:
    study = new_study()
    trial = study.ask()
    outcomes.tell(study, trial, record("a", accuracy=0.8, latency_ms=3.0, memory_bytes=100))
    (told,) = study.trials
    assert told.values == [0.8, 3.0, 100.0]
    assert told.constraints == {"evaluated": 0.0, "latency_ms<=5": -2.0}
    assert told.user_attrs == {"candidate_id": "a", "hyperparameters": {"width": 8}}
    assert study.best_trials == [told]


def test_what_has_no_accuracy_completes_as_infeasible_and_never_fails(outcomes: Outcomes) -> None:
    study = new_study()
    infeasible = record("b", status="infeasible", accuracy=None, latency_ms=9.0, memory_bytes=1)
    failed = record("c", status="failed", accuracy=None, latency_ms=None, memory_bytes=None)
    for each in (infeasible, failed):
        outcomes.tell(study, study.ask(), each)
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "COMPLETE"]
    assert study.trials[0].values == [0.0, 9.0, 1.0]
    assert study.trials[0].constraints == {"evaluated": 1.0, "latency_ms<=5": 4.0}
    assert study.trials[1].constraints == {"evaluated": 1.0, "latency_ms<=5": 1.0}
    assert study.best_trials == []


def test_a_lost_trial_is_added_as_it_would_have_been_told(outcomes: Outcomes) -> None:
    study, known = new_study(), record("a", latency_ms=3.0)
    trial = study.ask()
    trial.suggest_int("width", 8, 16)
    outcomes.tell(study, trial, known)
    lost = optuna.trial.FixedTrial({"width": trial.params["width"]})
    lost.suggest_int("width", 8, 16)
    outcomes.add(study, lost, known)
    told, added = study.trials
    assert added.params == told.params
    assert added.distributions == told.distributions
    assert (added.values, added.constraints) == (told.values, told.constraints)
    assert added.user_attrs == told.user_attrs


def evaluation(network: Network, accuracy: float) -> Any:
    return SimpleNamespace(
        accuracy=accuracy,
        validation_examples=100,
        training=Training((0.5, 0.9, 0.8), best_epoch=2, train_seconds=1.5),
        training_memory_bytes=10,
        model_bytes=20,
        parameters=30,
        estimate=Estimator().estimate(network),
        seconds={"train": 1.5},
        inherited_share=None,
    )


def test_an_evaluation_becomes_a_record_with_intervals(outcomes: Outcomes) -> None:
    made = outcomes.finished(CANDIDATE, 7, evaluation(five_dense_layers(64), 0.9))
    assert (made.status, made.trial, made.preset, made.seed) == ("complete", 7, "tiny", 0)
    assert (made.accuracy, made.float_accuracy, made.epochs) == (0.9, 0.9, 3)
    tested = outcomes.config.split_sizes["test"]
    assert (made.accuracy_low, made.accuracy_high) == prediction_interval(0.9, 100, tested)
    assert made.latency_source == made.energy_source == "estimate"
    assert made.latency_low_ms is not None
    assert made.latency_ms is not None
    assert made.latency_low_ms < made.latency_ms
    assert made.on_chip_bytes is not None
    assert made.off_chip_bytes is not None
    assert made.memory_bytes == made.on_chip_bytes + made.off_chip_bytes


def test_a_constraint_broken_after_training_keeps_the_accuracy() -> None:
    strict = Outcomes(run_config(), [OBJECTIVES["accuracy"]], [parse_constraint("accuracy>=0.95")])
    made = strict.finished(CANDIDATE, 0, evaluation(five_dense_layers(64), 0.9))
    assert made.status == "infeasible"
    assert made.reason == "accuracy>=0.95 does not hold: accuracy is 0.9"
    assert made.accuracy == 0.9
