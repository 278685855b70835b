"""The pool: random candidates and neighbours of the front, one a network, none that is barred."""

import time

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from nas.errors import CandidateError
from nas.sampling.draft import Draft, changes, draw
from nas.sampling.proposals import Budget, Description, Pool
from tests.sampling.spaces import describe

SMALL = Budget(first=40, more=0, seconds=None)


def test_a_draft_keeps_what_fits_and_draws_the_rest() -> None:
    wanted = {"kind": "deep", "width": 99, "unasked": 1}
    draft = Draft(wanted, np.random.default_rng(0))
    assert describe(draft).id.startswith("deep-")
    assert list(draft.params) == ["kind", "width", "flip", "depth"]
    assert 1 <= draft.params["width"] <= 40
    assert draft.distributions["depth"] == IntDistribution(1, 4)


@pytest.mark.parametrize(
    "distribution",
    [
        IntDistribution(3, 11, step=4), IntDistribution(1, 64, log=True),
        FloatDistribution(0.1, 0.5), FloatDistribution(1e-5, 1e-1, log=True),
        FloatDistribution(0.0, 1.0, step=0.25), CategoricalDistribution((None, True, "x")),
    ],
)  # fmt: skip
def test_values_drawn_and_changed_belong_to_the_distribution(
    distribution: optuna.distributions.BaseDistribution,
) -> None:
    rng = np.random.default_rng(0)
    drawn = [draw(distribution, rng) for _ in range(50)]
    changed = [value for old in drawn for value in changes(distribution, old, rng)]
    for value in drawn + changed:
        assert distribution._contains(distribution.to_internal_repr(value))
    assert len(set(drawn)) > 2


def test_candidates_are_distinct_feasible_buildable_and_unknown() -> None:
    pool = Pool(describe, 0, SMALL)
    known = frozenset({"flat-7-0", "flat-8-0"})
    candidates = pool.candidates(0, [], known)
    names = [candidate.description.id for candidate in candidates]
    assert len(set(names)) == len(names) > 20
    assert not known & set(names)
    assert all(c.description.is_feasible for c in candidates)
    assert not any(name.split("-")[1] == "13" for name in names)


def test_neighbours_of_the_front_differ_in_one_setting() -> None:
    pool = Pool(describe, 0, Budget(first=0, more=0, seconds=None))
    parent = pool.read({"kind": "deep", "width": 10, "flip": False, "depth": 3})
    assert parent is not None
    near = {c.description.id for c in pool.candidates(5, [parent], frozenset())}
    assert {"flat-10-0", "deep-9-3", "deep-11-3", "deep-10-2", "deep-10-4"} <= near


def test_incomplete_settings_are_no_candidate() -> None:
    pool = Pool(describe, 0, SMALL)
    assert pool.read({"kind": "deep", "width": 10}) is None
    assert pool.read({"kind": "flat", "width": 13, "flip": True}) is None


def test_the_same_seed_gives_the_same_candidates() -> None:
    first, again, other = (
        Pool(describe, seed, SMALL).candidates(3, [], frozenset()) for seed in (1, 1, 2)
    )
    assert [c.params for c in first] == [c.params for c in again]
    assert [c.params for c in first] != [c.params for c in other]


def test_a_slow_space_is_bounded_by_time_and_the_pool_grows() -> None:
    def slow(trial: optuna.trial.BaseTrial) -> Description:
        time.sleep(0.01)
        return describe(trial)

    pool = Pool(slow, 0, Budget(first=1000, more=0, seconds=0.1))
    started = time.monotonic()
    few = pool.candidates(0, [], frozenset())
    assert time.monotonic() - started < 0.5
    more = pool.candidates(0, [], frozenset())
    assert 0 < len(few) < len(more)


def test_what_is_prepared_is_not_described_again_and_changes_no_proposal() -> None:
    calls = []

    def counted(trial: optuna.trial.BaseTrial) -> Description:
        calls.append(trial)
        return describe(trial)

    parent = Pool(describe, 0, SMALL).read({"kind": "deep", "width": 10, "flip": False, "depth": 3})
    assert parent is not None
    pool, steps = Pool(counted, 0, SMALL), 1
    while pool.prepare(5, [parent], seconds=1e-4):
        steps += 1
    described = len(calls)
    candidates = pool.candidates(5, [parent], frozenset())
    assert steps > 1
    assert len(calls) == described > 40
    unprepared = Pool(describe, 0, SMALL).candidates(5, [parent], frozenset())
    assert [c.params for c in candidates] == [c.params for c in unprepared]


def test_where_hardly_anything_is_feasible_the_search_for_one_takes_longer() -> None:
    """One setting in a hundred keeps the bound."""

    def rare(trial: optuna.trial.BaseTrial) -> Description:
        value = trial.suggest_int("x", 1, 100)
        return Description(str(value), {"x": value}, (float(value),), is_feasible=value == 50)

    def slow(trial: optuna.trial.BaseTrial) -> Description:
        time.sleep(0.01)
        return rare(trial)

    hurried = Pool(slow, 0, Budget(first=200, more=0, seconds=0.005))
    assert hurried.candidates(0, [], frozenset()) == []
    patient = Pool(rare, 0, Budget(first=200, more=0, seconds=5.0))
    (found,) = patient.random_candidate(0, frozenset())
    assert found.params == {"x": 50}
    assert patient.random_candidate(0, frozenset({"50"})) == []


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nas.sampling.proposals._MOST_KEPT", 10)
    calls = []

    def counted(trial: optuna.trial.BaseTrial) -> Description:
        calls.append(trial)
        value = trial.suggest_int("x", 1, 100)
        return Description(str(value), {}, (1.0,))

    pool = Pool(counted, 0, SMALL)
    for value in range(1, 21):
        assert pool.read({"x": value}) is not None
    assert len(calls) == 20
    pool.read({"x": 20})
    assert len(calls) == 20
    pool.read({"x": 1})
    assert len(calls) == 21


def test_later_trials_look_longer_for_what_is_rare_and_a_resumed_search_finds_the_same() -> None:
    """One setting in five builds a network: of 600 the last ones take hundreds of draws each."""

    def rare(trial: optuna.trial.BaseTrial) -> Description:
        value = trial.suggest_int("x", 1, 3000)
        if value % 5:
            raise CandidateError("no network")
        return Description(str(value), {}, (1.0,))

    budget = Budget(first=2000, more=0, seconds=None)
    pool = Pool(rare, 0, budget)
    first = pool.candidates(0, [], frozenset())
    later = pool.candidates(200, [], frozenset())
    resumed = Pool(rare, 0, budget).candidates(200, [], frozenset())
    assert len(first) < 590 <= len(later) <= 600
    assert [c.description.id for c in resumed] == [c.description.id for c in later]


def test_an_exhausted_space_is_noticed_before_all_draws_are_made() -> None:
    calls = []

    def tiny(trial: optuna.trial.BaseTrial) -> Description:
        calls.append(trial)
        value = trial.suggest_int("x", 1, 4)
        return Description(str(value), {}, (1.0,))

    pool = Pool(tiny, 0, Budget(first=2000, more=0, seconds=None))
    assert len(pool.candidates(0, [], frozenset())) == 4
    assert len(calls) < 600
    assert pool.random_candidate(0, frozenset("1234")) == []
    assert len(calls) < 600


def test_where_hardly_any_settings_build_a_proposal_looks_on() -> None:
    def rare(trial: optuna.trial.BaseTrial) -> Description:
        value = trial.suggest_int("x", 0, 99_999)
        if value % 100:
            raise CandidateError("no network")
        return Description(str(value), {}, (1.0,))

    pool = Pool(rare, 0, Budget(first=2000, more=0, seconds=None))
    known: frozenset[str] = frozenset()
    for number in range(30):
        (found,) = pool.random_candidate(number, known)
        known |= {found.description.id}
    assert len(known) == 30


def test_a_space_that_builds_nothing_is_not_tried_for_ever() -> None:
    calls = []

    def broken(trial: optuna.trial.BaseTrial) -> Description:
        calls.append(trial.suggest_int("x", 0, 99_999))
        raise CandidateError("no network")

    pool = Pool(broken, 0, Budget(first=2000, more=0, seconds=None))
    assert [pool.random_candidate(number, frozenset()) for number in range(9)] == [[]] * 9
    assert len(calls) == 2000
