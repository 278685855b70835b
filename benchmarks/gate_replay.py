"""What the gate saves and what it costs: ``python -m benchmarks.gate_replay``.

Replays recorded trainings in many random orders, as a search would have met them: presets first,
one candidate after another. A rule decides before the first epoch and after each one whether the
training goes on, and sees only what the search would have known. Epochs saved are a share of all;
hypervolume lost is a share of that of all networks trained to the end, normalized by their front,
with the reference point at 1.1 of its range. ``gate`` knows that the candidates were drawn at
random, ``curves`` is the gate where a sampler that learns but says nothing proposes them.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.errors import UserError
from nas.records.pareto import hypervolume, is_non_dominated, losses
from nas.records.record import Record, read_records
from nas.sampling.gate import TRAINED_FIRST, Gate
from objectives import DEFAULT_OBJECTIVES, OBJECTIVES, Objective

CURVES = Path(__file__).parent / "data" / "xception_lite_pcb64.jsonl"
REFERENCE = Path(__file__).parent / "results" / "gate_replay.json"
VALIDATION_EXAMPLES = 800
DEFAULT = "gate"

Rule = Callable[[Record, Sequence[float], Sequence[Record]], bool]
"""Tells from a candidate's costs, its curve so far and the records so far whether it ends now."""


def never(_candidate: Record, _curve: Sequence[float], _records: Sequence[Record]) -> bool:
    """Train everything to the end."""
    return False


def median_rule(_candidate: Record, curve: Sequence[float], records: Sequence[Record]) -> bool:
    """Stop below the median of earlier candidates, whatever the costs.

    Reference:
        The median stopping rule of Golovin et al., Google Vizier, KDD 2017, section 3.2.2,
        doi:10.1145/3097983.3098043; like the gate, it lets the first candidates pass.
    """
    complete = [record for record in records if record.status == "complete"]
    if not curve or len(complete) < TRAINED_FIRST:
        return False
    running = [np.mean(record.learning_curve[: len(curve)]) for record in complete]
    return max(curve) < float(np.median(running))


def gate_rule(gate: Gate) -> Rule:
    """Ask the gate."""

    def stops(candidate: Record, curve: Sequence[float], records: Sequence[Record]) -> bool:
        return gate.stop(vars(candidate), curve, records) is not None

    return stops


@dataclass(frozen=True)
class Replay:
    """One search replayed: shares of epochs saved and of hypervolume lost, and what was stopped."""

    epochs_saved: float
    hypervolume_lost: float
    untrained: int
    stopped: int


def replay(candidates: Sequence[Record], objectives: Sequence[Objective], rule: Rule) -> Replay:
    """Replay one order.

    Args:
        candidates: Complete records with whole curves, in the order of the search.
        objectives: What the search pursues.
        rule: What ends trainings; presets are trained to the end.
    """
    records: list[Record] = []
    for candidate in candidates:
        records.append(_trained(candidate, rule, records))
    whole = sum(len(record.learning_curve) for record in candidates)
    spent = sum(len(record.learning_curve) for record in records)
    kept = [record.status == "complete" for record in records]
    stopped = [record for record in records if record.status == "stopped"]
    return Replay(
        epochs_saved=1 - spent / whole,
        hypervolume_lost=1 - _share(losses(candidates, objectives), np.array(kept)),
        untrained=sum(not record.learning_curve for record in stopped),
        stopped=len(stopped),
    )


def _trained(candidate: Record, rule: Rule, records: Sequence[Record]) -> Record:
    for epoch in range(len(candidate.learning_curve)):
        curve = candidate.learning_curve[:epoch]
        if candidate.preset is None and rule(candidate, curve, records):
            return replace(candidate, status="stopped", accuracy=None, learning_curve=curve)
    return candidate


def _share(points: NDArray[np.float64], kept: NDArray[np.bool_]) -> float:
    """Return the hypervolume of the kept points as a share of that of all."""
    front = points[is_non_dominated(points)]
    low, high = front.min(axis=0), front.max(axis=0)
    scaled = (points - low) / np.where(high > low, high - low, 1.0)
    corner = np.full(points.shape[1], 1.1)
    return hypervolume(scaled[kept], corner) / hypervolume(scaled, corner)


def orders(candidates: Sequence[Record], count: int) -> list[list[Record]]:
    """Return random orders, presets first as in a search."""
    presets = [record for record in candidates if record.preset is not None]
    others = [record for record in candidates if record.preset is None]
    shuffles = (np.random.default_rng(seed).permutation(len(others)) for seed in range(count))
    return [presets + [others[place] for place in shuffle] for shuffle in shuffles]


def measure(candidates: Sequence[Record], objectives: Sequence[Objective], count: int) -> Any:
    """Replay every rule over the same orders.

    Returns:
        Figures by rule, and what was replayed.
    """
    epochs = len(candidates[0].learning_curve)
    gate = Gate(objectives, epochs, VALIDATION_EXAMPLES)
    rules = {
        DEFAULT: gate_rule(replace(gate, draws_alike=True)),
        "curves": gate_rule(gate),
        "median": median_rule,
        "none": never,
    }
    shuffled = orders(candidates, count)
    figures = {
        name: summarize([replay(order, objectives, rule) for order in shuffled])
        for name, rule in rules.items()
    }
    return {
        "default": DEFAULT,
        "candidates": len(candidates),
        "epochs": epochs,
        "orders": count,
        "objectives": [objective.name for objective in objectives],
        **figures,
    }


def summarize(replays: Sequence[Replay]) -> Mapping[str, Any]:
    """Return the medians and quartiles of the orders, and the worst loss."""
    saved = [each.epochs_saved for each in replays]
    lost = [each.hypervolume_lost for each in replays]
    return {
        "epochs_saved": _quantile(saved, 0.5),
        "epochs_saved_quartiles": [_quantile(saved, 0.25), _quantile(saved, 0.75)],
        "hypervolume_lost": _quantile(lost, 0.5),
        "hypervolume_lost_quartiles": [_quantile(lost, 0.25), _quantile(lost, 0.75)],
        "hypervolume_lost_mean": round(float(np.mean(lost)), 4),
        "hypervolume_lost_most": _quantile(lost, 1.0),
        "within_one_percent": round(float(np.mean([each <= 0.01 for each in lost])), 3),
        "untrained": _quantile([each.untrained for each in replays], 0.5),
        "stopped": _quantile([each.stopped for each in replays], 0.5),
    }


def _quantile(values: Sequence[float], share: float) -> float:
    return round(float(np.quantile(values, share)), 4)


def read_curves(path: Path, objectives: Sequence[Objective]) -> list[Record]:
    """Read the candidates that were trained to the end.

    Args:
        path: A run's ``records.jsonl``, of a search without a gate.
        objectives: What the replayed search pursues.

    Raises:
        UserError: There are too few.
    """
    complete = [record for record in read_records(path) if record.status == "complete"]
    epochs = max((len(record.learning_curve) for record in complete), default=0)
    whole = [record for record in complete if len(record.learning_curve) == epochs]
    known = [r for r, row in zip(whole, losses(whole, objectives), strict=True)
             if np.isfinite(row).all()]  # fmt: skip
    if len(known) <= TRAINED_FIRST:
        raise UserError(
            f"{path}: {len(known)} trainings with whole curves; more than {TRAINED_FIRST} needed"
        )
    return known


def print_table(figures: Mapping[str, Any]) -> None:
    """Print medians with quartiles."""
    print(
        f"{figures['candidates']} trainings of {figures['epochs']} epochs in {figures['orders']} "
        f"orders; {', '.join(figures['objectives'])}; medians (quartiles)"
    )
    print(f"{'rule':<8}{'epochs saved':>26}{'hypervolume lost':>26}{'most':>9}{'≤ 1 %':>9}")
    for name in (DEFAULT, "curves", "median", "none"):
        figure = figures[name]
        cells = [_cell(figure, key) for key in ("epochs_saved", "hypervolume_lost")]
        most, within = figure["hypervolume_lost_most"], figure["within_one_percent"]
        print(f"{name:<8}" + "".join(f"{c:>26}" for c in cells) + f"{most:>9.2%}{within:>9.0%}")


def _cell(figure: Mapping[str, Any], key: str) -> str:
    low, high = figure[f"{key}_quartiles"]
    return f"{figure[key]:.2%} ({low:.2%} – {high:.2%})"


def make_parser() -> argparse.ArgumentParser:
    """Return the command's options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    add = parser.add_argument
    add("--curves", type=Path, default=CURVES,
        help="records.jsonl of a run with --no-gate; default: 5 epochs on pcb, 64²")  # fmt: skip
    add("--objectives", default=",".join(DEFAULT_OBJECTIVES), help="default: %(default)s")
    add("--orders", type=int, default=200, help="random orders (%(default)s)")
    add("--json", action="store_true", help="print one JSON object")
    add("--save", type=Path, nargs="?", const=REFERENCE, help="also write the JSON to this file")
    return parser


def main() -> int:
    """Measure and print."""
    options = make_parser().parse_args()
    names = options.objectives.split(",")
    try:
        unknown = [name for name in names if name not in OBJECTIVES]
        if unknown:
            raise UserError(f"unknown objective {unknown[0]!r}; use {', '.join(OBJECTIVES)}")
        objectives = [OBJECTIVES[name] for name in names]
        candidates = read_curves(options.curves, objectives)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    figures = measure(candidates, objectives, options.orders)
    if options.save:
        options.save.write_text(json.dumps(figures, indent=2) + "\n")
    if options.json:
        print(json.dumps(figures))
    else:
        print_table(figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
