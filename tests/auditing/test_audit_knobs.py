import math

import pytest

from nas.auditing.audit_costs import cost_spreads
from nas.auditing.audit_knobs import KnobEffect, knob_effects
from nas.auditing.audit_sample import Knob, Pair, Sample
from tests.auditing.audits import costed, full_sample, unbuilt, unread

SETTINGS = {"a": 0, "b": 0, "idle": 0, "name": 0}


def _effects(sample: Sample) -> dict[str, KnobEffect]:
    costs = cost_spreads([each.record for each in sample.drawn if each.builds])
    return {each.knob.name: each for each in knob_effects(sample, costs)}


def _one_pair(after: object) -> KnobEffect:
    sample = Sample(
        drawn=[costed(SETTINGS)],
        pairs=[Pair("a", costed(SETTINGS), after)],  # type: ignore[arg-type]
        knobs={"a": Knob("a", (0, 1), is_range=False)},
    )
    return _effects(sample)["a"]


def test_roles() -> None:
    roles = {name: each.role for name, each in _effects(full_sample()).items()}
    assert roles == {"a": "live", "b": "live", "idle": "dead", "name": "free"}


def test_effects_are_those_of_the_formula() -> None:
    effects = _effects(full_sample())
    # Latency is 1 + 3 a + b: the variance of the sixteen draws is (9 + 1) / 4 * 16 / 15.
    scale = math.sqrt(2 * 2.5 * 16 / 15)
    for name, change in (("a", 3.0), ("b", 1.0), ("idle", 0.0)):
        effect = effects[name].effects["latency_ms"]
        assert effect is not None
        assert effect.rms_change == change
        assert effect.ratio == pytest.approx(change / scale)


def test_a_constant_cost_has_no_ratio() -> None:
    effect = _effects(full_sample())["a"].effects["peak_activation_bytes"]
    assert effect is not None
    assert (effect.rms_change, effect.ratio) == (0.0, None)


def test_the_strongest_comes_first() -> None:
    assert list(_effects(full_sample()))[:2] == ["a", "b"]


def test_changes_that_build_nothing_matter() -> None:
    effect = _one_pair(unbuilt(SETTINGS))
    assert (effect.role, effect.other_networks, effect.other_costs) == ("live", 1, 1)
    assert effect.effects["latency_ms"] is None


def test_unknown_costs_are_not_called_equal() -> None:
    sample = Sample(
        drawn=[unread(SETTINGS)],
        pairs=[Pair("a", unread(SETTINGS), unread({**SETTINGS, "a": 1}))],
        knobs={"a": Knob("a", (0, 1), is_range=False)},
    )
    assert _effects(sample)["a"].role == "unclear"


def test_what_was_not_changed_is_not_called_dead() -> None:
    sample = Sample(
        drawn=[costed(SETTINGS)],
        knobs={
            "a": Knob("a", (0, 1), is_range=False),
            "fixed": Knob("fixed", (3,), is_range=False),
        },
    )
    effects = _effects(sample)
    assert (effects["a"].role, effects["a"].active) == ("unseen", 1)
    assert effects["a"].most_other_networks is None
    assert (effects["fixed"].role, effects["fixed"].active) == ("single", 0)


def test_no_effect_in_few_changes_has_a_wide_interval() -> None:
    dead = _effects(full_sample())["idle"]
    # Wilson's upper end of 0 of 16: z² / (16 + z²).
    assert dead.most_other_networks == pytest.approx(1.96**2 / (16 + 1.96**2), abs=1e-4)
