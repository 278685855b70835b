"""What the sampler tells the gate, and what it makes of candidates that the gate stopped."""

import math
import statistics

import pytest

from nas.sampling.gate import Verdict
from nas.sampling.sampler import RANDOM_FIRST, CostAwareSampler
from tests.sampling.spaces import error
from tests.sampling.test_sampler import ask, new_study, search


def test_the_error_that_the_surrogate_expects_is_told_once_for_what_it_chose() -> None:
    study = new_study()
    search(study, RANDOM_FIRST)
    sampler = study.sampler
    assert isinstance(sampler, CostAwareSampler)
    assert sampler.expected(RANDOM_FIRST - 1) is None
    surprises = []
    for _ in range(15):
        trial, name, cost = ask(study)
        forecast = sampler.expected(trial.number)
        assert forecast is not None
        assert sampler.expected(trial.number) is None
        surprises.append(abs(forecast.mean - math.log(error(name))) / forecast.scale)
        study.tell(trial, [1 - error(name), cost])
    assert 0.2 < statistics.median(surprises) < 1.2, "as uncertain as it says"


def test_a_stopped_candidate_counts_with_the_accuracy_that_was_expected_of_it() -> None:
    study = new_study()
    search(study, RANDOM_FIRST)
    trial, name, cost = ask(study)
    trial.set_user_attr("gate", vars(Verdict(0.99, 1 - error(name), 0.01)))
    trial.set_constraint("evaluated", 1.0)
    study.tell(trial, [0.0, cost])
    sampler = study.sampler
    assert isinstance(sampler, CostAwareSampler)
    observed = sampler._history(study, number=99).observed[-1]
    assert observed.error == pytest.approx(error(name))
    assert not observed.is_feasible
