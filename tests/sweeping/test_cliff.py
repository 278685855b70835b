from dataclasses import replace

from nas.sweeping.cliff import find_cliffs
from nas.sweeping.step import Step
from tests.sweeping.steps import step


def test_growth_in_proportion_is_no_cliff() -> None:
    assert find_cliffs([step(n, 100 * n, computing=2.0 * n) for n in range(1, 9)], "macs") == []


def test_a_spill_is_one_cliff_however_long_it_goes_on() -> None:
    steps = [step(n, 100 + n, computing=2.0, streamed_parameters=s) for n, s in
             enumerate((0, 0, 2.0, 2.1, 4.0, 6.0))]  # fmt: skip
    (cliff,) = find_cliffs(steps, "macs")
    assert (cliff.last_good, cliff.first_bad, cliff.until) == (1, 2, 5)
    assert cliff.mechanism == "parameters spill"
    assert cliff.detail == "0.00 -> 0.50 MiB are sent on every inference"
    assert (cliff.latency_before_ms, cliff.latency_after_ms) == (2.0, 4.0)
    assert cliff.share > 0.95


def test_every_step_of_64_channels_is_a_cliff_of_its_own() -> None:
    unfilled = (0.0, 1.0, 0.5, 0.2, 1.5, 0.9)
    steps = [step(n, 100 + n, computing=2.0 + 0.1 * n, unfilled_cells=ms)
             for n, ms in enumerate(unfilled)]  # fmt: skip
    cliffs = find_cliffs(steps, "macs")
    assert [(each.last_good, each.mechanism) for each in cliffs] == [
        (0, "64-channel step"), (3, "64-channel step"),
    ]  # fmt: skip


def test_mechanisms_are_told_apart() -> None:
    for cause, mechanism in (
        ("operators_on_the_CPU", "operators fall to the CPU"),
        ("cut_activations", "activations overflow"),
        ("input", "a larger input is sent"),
    ):
        steps = [step(0, 100, computing=2.0), step(1, 100, computing=2.1, **{cause: 3.0})]
        assert [each.mechanism for each in find_cliffs(steps, "macs")] == [mechanism]


def test_a_size_that_shrinks_excuses_nothing() -> None:
    steps = [step(0, 100, computing=2.0), step(1, 10, computing=2.5)]
    (cliff,) = find_cliffs(steps, "macs")
    assert (cliff.size_growth, cliff.growth) == (1.0, 1.25)


def test_steps_without_costs_are_passed_over() -> None:
    steps = [
        step(0, 100, computing=2.0),
        Step(1, reason="no"),
        step(2, 100, computing=1.0, streamed_parameters=3.0),
    ]
    (cliff,) = find_cliffs(steps, "macs")
    assert (cliff.last_good, cliff.first_bad) == (0, 2)


def test_an_added_operator_is_no_step_of_64_channels() -> None:
    before = step(0, 100, computing=2.0)
    after = replace(step(1, 100, computing=2.0, unfilled_cells=1.0), ops_total=11)
    (cliff,) = find_cliffs([before, after], "macs")
    assert cliff.mechanism == "operators are added that do not fill 64 channels"
