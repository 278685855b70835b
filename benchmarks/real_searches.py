"""Samplers in searches that train: ``python -m benchmarks.real_searches``.

Searches a space with ``nas.search`` once for each sampler and seed, everything trained to the end.
A search is scored by the hypervolume of what it has trained so far, as a share of that of the front
of all these searches together, normalized by that front, with the reference point at 1.1 of its
range. A seed decides splits and weights alike for all samplers. Runs that are there already are
gone on with: ``--runs`` keeps them.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.search_efficiency import make_score
from nas.command import parse_count, parse_names
from nas.errors import UserError
from nas.records.pareto import losses
from nas.records.record import Record, read_records
from nas.records.run import COST_AWARE, SAMPLERS, RunDirectory, Settings
from objectives import DEFAULT_OBJECTIVES, OBJECTIVES

REFERENCE = Path(__file__).parent / "results" / "real_searches.json"

Courses = Mapping[str, Sequence[Sequence[float]]]
"""By sampler, the share of the hypervolume after each training of each seed's search."""


@dataclass(frozen=True)
class Plan:
    """What is searched.

    Attributes:
        space: Space, as ``nas.search`` names it.
        data: Data, likewise.
        samplers: What is compared.
        seeds: Searches a sampler.
        trials: Candidates a search.
        epochs: Epochs of a training.
    """

    space: str
    data: str
    samplers: Sequence[str]
    seeds: int
    trials: int
    epochs: int


def search(plan: Plan, sampler: str, seed: int, path: Path) -> list[Record]:
    """Search, or go on with a search, and return what was trained, in its order.

    Raises:
        UserError: The search failed.
    """
    wanted = ["--trials", str(plan.trials), "--run-dir", str(path)]
    started = ["--space", plan.space, "--data", plan.data, "--epochs", str(plan.epochs),
               "--seed", str(seed), "--sampler", sampler, "--no-gate"]  # fmt: skip
    options = ["--resume"] if RunDirectory(path).config.exists() else started
    command = [sys.executable, "-m", "nas.search", *options, *wanted]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(f"{' '.join(command)} ended with status {done.returncode}:\n{done.stderr}")
    return [r for r in read_records(RunDirectory(path).records) if r.status == "complete"]


def courses(searches: Mapping[str, Sequence[Sequence[Record]]]) -> Courses:
    """Score all searches by the front of all of them."""
    objectives = [OBJECTIVES[name] for name in DEFAULT_OBJECTIVES]
    every = [record for runs in searches.values() for run in runs for record in run]
    score = make_score(losses(every, objectives))
    places = iter(range(len(every)))
    numbered = {name: [[next(places) for _ in run] for run in runs]
                for name, runs in searches.items()}  # fmt: skip
    return {
        name: [[score.ratio(run[: n + 1]) for n in range(len(run))] for run in runs]
        for name, runs in numbered.items()
    }


def report(plan: Plan, scored: Courses) -> dict[str, Any]:
    """Return medians by sampler, and what ours needs to be where the others end."""
    marks = sorted({n for n in (plan.trials // 4, plan.trials // 2, plan.trials) if n})
    figures: dict[str, Any] = {"default": COST_AWARE, **vars(plan)}
    for name, runs in scored.items():
        at = {n: [run[min(n, len(run)) - 1] for run in runs] for n in marks}
        figures[name] = {
            "hv_at": {str(n): _rounded(np.median(shares)) for n, shares in at.items()},
            "quartiles": {str(n): [_rounded(np.quantile(shares, q)) for q in (0.25, 0.75)]
                          for n, shares in at.items()},
        }  # fmt: skip
        if name != COST_AWARE and COST_AWARE in scored:
            figures[name]["ours_there_after"] = [
                _first(ours, theirs[-1])
                for ours, theirs in zip(scored[COST_AWARE], runs, strict=True)
            ]
    return figures


def _first(course: Sequence[float], share: float) -> int | None:
    return next((n for n, reached in enumerate(course, start=1) if reached >= share), None)


def _rounded(value: Any) -> float:
    return round(float(value), 4)


def print_table(plan: Plan, figures: Mapping[str, Any]) -> None:
    """Print medians (quartiles) of the hypervolume after so many trainings."""
    print(f"{plan.space} on {plan.data}: {plan.trials} candidates, {plan.seeds} seeds, "
          f"{plan.epochs} epochs; hypervolume after so many trainings")  # fmt: skip
    for name in plan.samplers:
        figure = figures[name]
        cells = [
            f"{n}: {share:.3f} ({'–'.join(f'{q:.3f}' for q in figure['quartiles'][n])})"
            for n, share in figure["hv_at"].items()
        ]
        print(f"{name:<11}" + "".join(f"{cell:>26}" for cell in cells))
        if "ours_there_after" in figure:
            after = ", ".join(str(n or "never") for n in figure["ours_there_after"])
            print(f"{'':11}where it ends, {COST_AWARE} is after {after} trainings, by seed")


def main() -> int:
    """Search, print, and keep the result if that is wanted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    add = parser.add_argument
    add("--space", default="spectrogram_mlp", help="default: %(default)s")
    add("--data", default="motion_synthetic", help="default: %(default)s")
    add("--samplers", type=parse_names, default=(COST_AWARE, "tpe", "random"),
        help=f"some of {','.join(SAMPLERS)} (default: cost_aware,tpe,random)")  # fmt: skip
    add("--seeds", type=parse_count, default=5, help="searches a sampler (%(default)s)")
    add("--trials", type=parse_count, default=40, help="candidates a search (%(default)s)")
    add("--epochs", type=parse_count, default=Settings.epochs, help="of each (%(default)s)")
    add("--runs", type=Path, help="keep the runs in this folder, and go on with those in it")
    add("--json", action="store_true", help="print one JSON object")
    add("--save", action="store_true", help=f"replace the result in {REFERENCE.name}")
    options = parser.parse_args()
    plan = Plan(options.space, options.data, options.samplers, options.seeds, options.trials,
                options.epochs)  # fmt: skip
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.runs or Path(temporary)
        searches: dict[str, list[list[Record]]] = {name: [] for name in plan.samplers}
        for seed in range(plan.seeds):
            for name in plan.samplers:
                print(f"{name}: seed {seed}", file=sys.stderr)
                run = folder / f"{name}-{seed}"
                try:
                    searches[name].append(search(plan, name, seed, run))
                except UserError as error:
                    print(error, file=sys.stderr)
                    return 1
    figures = report(plan, courses(searches))
    if options.save:
        known = json.loads(REFERENCE.read_text()) if REFERENCE.exists() else {}
        known[f"{plan.space} on {plan.data}"] = figures
        REFERENCE.write_text(json.dumps(known, indent=1) + "\n")
    if options.json:
        print(json.dumps(figures))
    else:
        print_table(plan, figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
