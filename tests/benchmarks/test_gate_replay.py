"""The replay of recorded trainings: counts by hand, and the rules it compares."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.gate_replay import (
    CURVES,
    REFERENCE,
    Rule,
    gate_rule,
    median_rule,
    never,
    orders,
    read_curves,
    replay,
)
from nas.errors import UserError
from nas.records.record import Record, append_record
from nas.sampling.gate import TRAINED_FIRST, Gate
from objectives import DEFAULT_OBJECTIVES, OBJECTIVES
from tests.records.records import record

ROOT = Path(__file__).parents[2]
THREE = [OBJECTIVES[name] for name in DEFAULT_OBJECTIVES]
TWO = THREE[:2]
FAST = record("fast", accuracy=0.6, latency_ms=1.0, learning_curve=(0.5, 0.6), preset="fast")
SLOW = record("slow", accuracy=0.8, latency_ms=3.0, learning_curve=(0.7, 0.8))
BAD = record("bad", accuracy=0.5, latency_ms=4.0, learning_curve=(0.4, 0.5))


def stops(name: str, epoch: int) -> Rule:
    def rule(candidate: Record, curve: Sequence[float], _records: Sequence[Record]) -> bool:
        return candidate.candidate_id == name and len(curve) == epoch

    return rule


def test_a_dominated_network_stopped_early_saves_epochs_and_loses_nothing() -> None:
    result = replay([FAST, SLOW, BAD], TWO, stops("bad", 1))
    assert result.epochs_saved == pytest.approx(1 / 6)
    assert result.hypervolume_lost == pytest.approx(0.0)
    assert (result.stopped, result.untrained) == (1, 0)


def test_a_network_of_the_front_that_is_not_trained_loses_what_it_adds() -> None:
    """In the unit of the front: (0, 1) and (1, 0), the corner at (1.1, 1.1): 0.21 - 0.11."""
    result = replay([FAST, SLOW, BAD], TWO, stops("slow", 0))
    assert result.epochs_saved == pytest.approx(2 / 6)
    assert result.hypervolume_lost == pytest.approx(0.10 / 0.21)
    assert (result.stopped, result.untrained) == (1, 1)


def test_presets_and_whole_trainings_are_never_stopped() -> None:
    for rule in (stops("fast", 1), stops("slow", 2), never):
        result = replay([FAST, SLOW, BAD], TWO, rule)
        assert (result.epochs_saved, result.stopped) == (0.0, 0)


def test_the_median_rule_compares_the_best_epoch_with_running_means() -> None:
    """Means after two epochs are 0.55 for all, so 0.54 stops and 0.55 does not."""
    seen = [record(str(n), learning_curve=(0.5, 0.6)) for n in range(TRAINED_FIRST)]
    assert median_rule(BAD, (0.3, 0.54), seen)
    assert not median_rule(BAD, (0.3, 0.55), seen)
    assert not median_rule(BAD, (), seen)
    assert not median_rule(BAD, (0.3, 0.54), seen[1:])


def test_orders_begin_with_the_presets_and_hold_everybody() -> None:
    for order in orders([SLOW, BAD, FAST], 5):
        assert order[0] is FAST
        assert {each.candidate_id for each in order} == {"fast", "slow", "bad"}


def test_only_whole_curves_with_all_objectives_are_replayed(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    for number in range(TRAINED_FIRST + 1):
        append_record(path, record(str(number), learning_curve=(0.5, 0.6)))
    append_record(path, record("stopped", status="stopped", learning_curve=(0.5,), accuracy=None))
    append_record(path, record("unknown", learning_curve=(0.5, 0.6), latency_ms=None))
    assert len(read_curves(path, TWO)) == TRAINED_FIRST + 1
    with pytest.raises(UserError, match="0 trainings with whole curves; more than 10 needed"):
        read_curves(tmp_path / "missing.jsonl", TWO)


@pytest.mark.slow
def test_the_shipped_curves_give_what_the_reference_says() -> None:
    """One order in ten of those the reference was made of."""
    candidates = read_curves(CURVES, THREE)
    reference = json.loads(REFERENCE.read_text())
    assert len(candidates) == reference["candidates"] >= 40
    gate = gate_rule(Gate(THREE, reference["epochs"], 800, draws_alike=True))
    results = [replay(order, THREE, gate) for order in orders(candidates, 20)]
    saved = sorted(result.epochs_saved for result in results)
    assert saved[10] == pytest.approx(reference["gate"]["epochs_saved"], abs=0.05)
    assert sorted(r.hypervolume_lost for r in results)[10] <= 0.01


@pytest.mark.slow
def test_the_command_prints_one_object_with_both_baselines() -> None:
    command = [sys.executable, "-m", "benchmarks.gate_replay", "--orders", "5", "--json"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    figures = json.loads(done.stdout)
    assert figures["default"] == "gate"
    assert figures["none"]["epochs_saved"] == figures["none"]["hypervolume_lost"] == 0
    assert figures["median"]["stopped"] > 0
