"""The sampler in a study: no repeats, nothing barred, seeded, in batches, better than chance."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import StudyDirection
from optuna.trial import TrialState

from nas.sampling.acquisition import _reference_costs, _staircase
from nas.sampling.improvement import expected_improvement
from nas.sampling.proposals import Budget, Description
from nas.sampling.sampler import CostAwareSampler, reason_to_fall_back
from tests.sampling.spaces import describe, error

BUDGET = Budget(first=60, more=1, seconds=None)


def new_study(seed: int = 0) -> optuna.Study:
    sampler = CostAwareSampler(describe, seed, BUDGET)
    return optuna.create_study(directions=["maximize", "minimize"], sampler=sampler)


def ask(study: optuna.Study) -> tuple[optuna.Trial, str, float]:
    trial = study.ask()
    description = describe(trial)
    assert description.costs is not None
    return trial, description.id, description.costs[0]


def search(study: optuna.Study, trials: int) -> list[str]:
    names = []
    for _ in range(trials):
        trial, name, cost = ask(study)
        study.tell(trial, [1 - error(name), cost])
        names.append(name)
    return names


def test_no_network_is_proposed_twice_and_none_that_breaks_a_constraint() -> None:
    names = search(new_study(), 45)
    assert len(set(names)) == 45
    for name in names:
        _, width, depth = name.split("-")
        assert int(width) * (1 + int(depth)) <= 60


def test_it_finds_what_is_best_at_its_cost() -> None:
    names = search(new_study(), 35)
    assert {"deep-20-2", "deep-19-2", "deep-18-2"} & set(names)
    later = names[10:]
    assert sum(name.endswith("-2") or name.endswith("-0") for name in later) > len(later) / 2


def test_the_same_seed_and_history_propose_the_same_also_after_a_restart() -> None:
    whole = new_study()
    names = search(whole, 25)
    assert search(new_study(), 25) == names
    resumed = new_study()
    resumed.add_trials(whole.get_trials()[:20])
    assert search(resumed, 5) == names[20:]
    assert search(new_study(seed=1), 25) != names


def test_a_resumed_search_reads_no_trained_candidate_again_but_with_another_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(trial: optuna.trial.BaseTrial) -> Description:
        raise RuntimeError(f"described again: {trial.number}")

    storage = JournalStorage(JournalFileBackend(str(tmp_path / "study")))
    whole = optuna.create_study(
        storage=storage,
        directions=["maximize", "minimize"],
        sampler=CostAwareSampler(describe, 0, BUDGET),
    )
    search(whole, 15)
    reopened = JournalStorage(JournalFileBackend(str(tmp_path / "study")))
    trials = optuna.load_study(study_name=None, storage=reopened).get_trials()
    expected = [CostAwareSampler(describe, 0, BUDGET)._pool.read(each.params) for each in trials]
    resumed = CostAwareSampler(refuse, 0, BUDGET)
    assert [resumed._described(each) for each in trials] == expected
    monkeypatch.setattr("nas.sampling.sampler._version", lambda: "0.0.0")
    with pytest.raises(RuntimeError, match="described again"):
        CostAwareSampler(refuse, 0, BUDGET)._described(trials[0])


def test_candidates_at_work_are_not_proposed_again_and_spread_the_batch() -> None:
    study = new_study()
    search(study, 15)
    batch = [ask(study)[1] for _ in range(6)]
    assert len(set(batch)) == 6
    assert not set(batch) & {describe(t).id for t in study.get_trials(states=[TrialState.COMPLETE])}


def test_presets_come_first_and_count_as_trained() -> None:
    study = new_study()
    study.enqueue_trial({"kind": "flat", "width": 5, "flip": True})
    names = search(study, 20)
    assert names[0] == "flat-5-0"
    assert names.count("flat-5-0") == 1


def test_failed_and_infeasible_candidates_do_not_stop_it() -> None:
    study = new_study()
    for number in range(30):
        trial, name, cost = ask(study)
        is_complete = number % 3 > 0
        trial.set_constraint("evaluated", 0.0 if is_complete else 1.0)
        study.tell(trial, [1 - error(name) if is_complete else 0.0, cost])
    assert len({trial.params["width"] for trial in study.get_trials()}) > 5


def test_an_interrupted_candidate_counts_once_it_is_finished() -> None:
    study = new_study()
    search(study, 8)
    interrupted, name, cost = ask(study)
    study.tell(interrupted, state=TrialState.FAIL)
    study.enqueue_trial(interrupted.params)
    again, same, _ = ask(study)
    assert same == name
    sampler = study.sampler
    assert isinstance(sampler, CostAwareSampler)
    assert [each.description.id for each in sampler._history(study, -1).pending] == [name]
    study.tell(again, [1 - error(name), cost])
    history = sampler._history(study, -1)
    assert [each.proposal.description.id for each in history.observed][-1] == name
    assert len(history.observed) == 9
    assert history.pending == []


def test_a_network_that_the_space_then_refuses_is_not_proposed_again() -> None:
    """The trial fails before it has all its settings, so that they do not tell which it was."""
    study = new_study()
    search(study, 8)
    proposed = []
    for _ in range(5):
        trial = study.ask()
        proposed.append(tuple(sorted(trial.relative_params.items())))
        study.tell(trial, state=TrialState.FAIL)
    assert len(set(proposed)) == 5


def test_with_many_at_work_the_first_result_does_not_decide() -> None:
    study = new_study()
    begun = [ask(study) for _ in range(12)]
    sampler = study.sampler
    assert isinstance(sampler, CostAwareSampler)
    for number, (trial, name, cost) in enumerate(begun[:3]):
        study.tell(trial, [1 - error(name), cost])
        forecast = sampler.expected(ask(study)[0].number)
        assert (forecast is None) == (number < 2)
    assert forecast is not None
    assert forecast.scale > 0.01


def test_what_is_at_work_makes_the_forecast_no_surer() -> None:
    scales = []
    for at_work in (0, 12):
        study = new_study()
        search(study, 10)
        for _ in range(at_work):
            ask(study)
        sampler = study.sampler
        assert isinstance(sampler, CostAwareSampler)
        forecast = sampler.expected(ask(study)[0].number)
        assert forecast is not None
        scales.append(forecast.scale)
    assert scales[1] > 0.7 * scales[0]


def test_costs_that_are_all_0_change_no_choice() -> None:
    """Such as bytes off the chip where every network fits."""
    chosen = []
    for constant in (0.0, 1.0, None):
        costs = () if constant is None else (constant,)
        sampler = CostAwareSampler(partial(with_costs, costs), 0, BUDGET)
        directions = (StudyDirection.MAXIMIZE, *[StudyDirection.MINIMIZE] * (1 + len(costs)))
        study = optuna.create_study(directions=directions, sampler=sampler)
        names = []
        for _ in range(20):
            trial, name, cost = ask(study)
            study.tell(trial, [1 - error(name), cost, *costs])
            names.append(name)
        chosen.append(names)
    assert chosen[0] == chosen[1] == chosen[2]


def with_costs(more: tuple[float, ...], trial: optuna.trial.BaseTrial) -> Description:
    description = describe(trial)
    assert description.costs is not None
    return replace(description, costs=(*description.costs, *more))


def test_an_exhausted_space_is_drawn_at_random() -> None:
    sampler = CostAwareSampler(tiny, 0, BUDGET)
    study = optuna.create_study(directions=["maximize", "minimize"], sampler=sampler)
    for _ in range(5):
        trial = study.ask()
        study.tell(trial, [0.5, float(tiny(trial).id)])
    assert {trial.params["width"] for trial in study.get_trials()} == {1, 2, 3}


def tiny(trial: optuna.trial.BaseTrial) -> Description:
    width = trial.suggest_int("width", 1, 3)
    return Description(str(width), {"width": float(width)}, (float(width),))


def test_one_objective_is_expected_improvement() -> None:
    sampler = CostAwareSampler(without_costs, 0, BUDGET)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for _ in range(30):
        trial = study.ask()
        study.tell(trial, 1 - error(describe(trial).id))
    assert study.best_value > 1 - error("deep-18-2")


def without_costs(trial: optuna.trial.BaseTrial) -> Description:
    return replace(describe(trial), costs=())


def test_a_better_network_beyond_the_front_s_costs_gains_at_every_other_turn() -> None:
    """Costs 2, 4 and 12 are seen: bound 2 + 1.1 * 10 = 13. At cost 10, (13 - 10) * (0.2 - 0.1).

    Costs 2 and 4 are those of the expected front: bound 2 + 1.1 * 2 = 4.2.
    """
    errors, costs = np.array([0.3, 0.2]), np.array([[2.0], [4.0]])
    reachable = np.array([[0.3, 2.0], [0.2, 4.0], [0.5, 12.0]])
    gains = []
    for turn in (1, 2, 3):
        reference = _reference_costs(reachable, turn)
        stairs = _staircase(errors, costs, np.array([True, True]), reference)
        gains += [*expected_improvement(stairs, np.array([[10.0]]), np.log([0.1]), np.zeros(1))]
    assert gains == pytest.approx([0.3, 0.0, 0.3])
    assert _reference_costs(reachable, turn=2) == pytest.approx([4.2])


def test_without_a_usable_network_every_cost_gains() -> None:
    """The bound on the error: 0.2 + 1.3 * (0.3 - 0.2) = 0.33."""
    errors, costs = np.array([0.3, 0.2]), np.array([[2.0], [4.0]])
    stairs = _staircase(errors, costs, np.array([False, False]), np.array([5.0]))
    gain = expected_improvement(stairs, np.array([[1.0]]), np.log([0.13]), np.zeros(1))
    assert gain == pytest.approx([4 * 0.2])


@pytest.mark.parametrize(
    ("objectives", "reason"),
    [
        (["accuracy", "latency_ms", "memory_bytes"], None),
        (["accuracy"], None),
        (["latency_ms", "accuracy"], "the first objective must be accuracy, got latency_ms"),
        (["accuracy", "training_memory_bytes"],
         "training_memory_bytes is not known before training"),
    ],
)  # fmt: skip
def test_it_says_which_objectives_it_cannot_serve(
    objectives: list[str], reason: str | None
) -> None:
    assert reason_to_fall_back(objectives) == reason
