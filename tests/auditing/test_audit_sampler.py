"""Drawing and changing the settings of real spaces."""

from typing import Any

import pytest

from nas.auditing.audit_sample import Sample
from nas.auditing.audit_sampler import Sampler
from nas.edgetpu.estimator import Estimator

keras: Any = pytest.importorskip("keras")
layers = keras.layers


class Doubled(keras.layers.Layer):  # type: ignore[misc]
    """A user's own layer, whose operators are not known."""

    def call(self, x: Any) -> Any:
        return 2 * x


class Conditional:
    """Knobs of every kind: ``idle`` does nothing, ``rate`` is asked for with ``drop`` alone."""

    def build(self, hp: Any) -> Any:
        inputs = keras.Input((16, 16, 3))
        x = layers.Rescaling(1 / 127.5)(inputs)
        hp.Boolean("idle")
        hp.Fixed("version", 3)
        filters = hp.Int("filters", 4, 64, step=2, sampling="log")
        kernel = hp.Choice("kernel", [1, 3, 5])
        if filters == 64 and kernel == 5:
            raise ValueError("too large")
        x = layers.Conv2D(filters, kernel, padding="same")(x)
        if hp.Boolean("drop"):
            x = layers.Dropout(hp.Float("rate", 0.1, 0.5))(x)
        x = layers.GlobalAveragePooling2D()(x)
        return keras.Model(inputs, layers.Dense(2, activation="softmax")(x))


class Own:
    """A space that shapes alone cannot tell."""

    def build(self, hp: Any) -> Any:
        inputs = keras.Input((16, 16, 3))
        x = Doubled()(inputs) if hp.Boolean("own") else inputs
        x = layers.GlobalAveragePooling2D()(x)
        return keras.Model(inputs, layers.Dense(2, activation="softmax")(x))


def _sample(space: Any, count: int, seed: int = 0) -> Sample:
    sampler = Sampler("space", space, Estimator(), seed)
    assert list(sampler.fill(count)) == list(range(1, count + 1))
    return sampler.sample


def test_half_are_drawn_and_each_is_changed_in_one_knob() -> None:
    sample = _sample(Conditional(), 80)
    built = sum(each.builds for each in sample.drawn)
    assert len(sample) == 80
    assert built - 1 <= len(sample.pairs) <= built
    for pair in (each for each in sample.pairs if each.after.builds):
        before, after = pair.before.record.hyperparameters, pair.after.record.hyperparameters
        different = {name for name in before.keys() & after.keys() if before[name] != after[name]}
        uncovered = before.keys() ^ after.keys()
        assert different | ({"drop"} if uncovered else set()) == {pair.knob}
        assert uncovered <= {"rate"}


def test_every_active_knob_has_its_turn() -> None:
    sample = _sample(Conditional(), 100)
    changed = dict.fromkeys(sample.knobs, 0)
    for pair in sample.pairs:
        changed[pair.knob] += 1
    assert changed.pop("version") == 0
    assert min(changed.values()) >= 8
    assert set(changed) == {"idle", "filters", "kernel", "drop", "rate"}


def test_knobs_are_described_as_the_space_writes_them() -> None:
    knobs = _sample(Conditional(), 40).knobs
    assert knobs["kernel"].values == (1, 3, 5)
    assert (knobs["filters"].values, knobs["filters"].is_range) == ((4, 64), True)
    assert knobs["idle"].values == (True, False)
    assert knobs["version"].values == (3,)


def test_a_setting_that_builds_nothing_is_kept_with_its_reason() -> None:
    sample = _sample(Conditional(), 200)
    failed = [each for each in sample.drawn if not each.builds]
    assert failed
    for each in failed:
        verdict = each.verdicts["builds"]
        assert (verdict.answer, verdict.kind) == ("no", "ValueError")
        assert "too large" in str(verdict.reason)
        assert each.record.latency_ms is None
        assert each.record.hyperparameters["filters"] == 64


def test_the_seed_decides_everything() -> None:
    first, again, other = (_sample(Conditional(), 30, seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_space_that_keras_has_to_build_is_read_and_its_costs_are_unknown() -> None:
    sample = _sample(Own(), 12)
    own = [each for each in sample.drawn if each.record.hyperparameters["own"]]
    assert own
    for each in own:
        assert each.verdicts["maps"].answer == "unknown"
        assert "Doubled" in str(each.verdicts["maps"].reason)
        assert each.record.latency_ms is None
        assert each.record.parameters == 3 * 2 + 2
    others = [each for each in sample.drawn if not each.record.hyperparameters["own"]]
    assert all(each.record.latency_ms is not None for each in others)


def test_a_space_without_knobs_has_nothing_to_change() -> None:
    class One:
        def build(self, _: Any) -> Any:
            inputs = keras.Input((16, 16, 3))
            return keras.Model(inputs, layers.GlobalAveragePooling2D()(inputs))

    sample = _sample(One(), 3)
    assert len(sample.drawn) == 3
    assert not sample.pairs


def test_presets_are_read_by_name_and_failing_ones_kept() -> None:
    sampler = Sampler("space", Conditional(), Estimator(), 0)
    sampler.read_presets({"small": {"filters": 4}, "never": {"filters": 64, "kernel": 5}})
    small, never = sampler.sample.presets
    assert (small.record.preset, small.builds) == ("small", True)
    assert (never.record.preset, never.builds) == ("never", False)
    assert len(sampler.sample) == 0
