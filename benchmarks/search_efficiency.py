"""How many trainings a sampler needs: ``python -m benchmarks.search_efficiency``.

Replays searches over a table of trained networks. A search sees one noisy training of each network;
it is scored by the table's means: the hypervolume of the networks trained so far as a share of the
true front's, normalized by the true front, with the reference point at 1.1 of its range. Cells that
the table does not list are barred, which every sampler is told, and cost no training. A search ends
after so many asks, most of them repeats, and what it has not reached by then is not reached.
"""

import argparse
import hashlib
import json
import math
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from numpy.typing import NDArray

from benchmarks.macro_problem import macro_problem
from benchmarks.nasbench201_problem import table_problem
from benchmarks.nasbench201_table import add_table_arguments, chosen_columns, read_table
from benchmarks.search_courses import ENOUGH, Course, KeptCourses
from benchmarks.search_efficiency_plot import draw
from benchmarks.search_problem import Problem
from nas.errors import UserError
from nas.provenance import git_commit
from nas.records.pareto import hypervolume, is_non_dominated
from nas.sampling.proposals import Budget
from nas.sampling.sampler import CostAwareSampler

DEFAULT = "cost_aware"
SAMPLERS = (DEFAULT, "tpe", "nsga2", "nsga2_default", "random", "gp")
SLOW_SAMPLERS = (DEFAULT, "tpe", "gp")
SEEDS, SEEDS_OF_SLOW = 30, 10
SHARES = (90, 95, 98, 99)
HV_AT = (25, 50, 100, 150, 200)
ASKS = 20
"""A search ends after this many asks for each network of its budget, unless told otherwise."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Score:
    """Measures trained networks by the true front."""

    losses: Array
    whole: float

    def ratio(self, trained: Sequence[int]) -> float:
        """Return the hypervolume of these networks as a share of the true front's."""
        return _volume(_front(self.losses[trained])) / self.whole


def make_score(losses: Array) -> Score:
    """Normalize losses by the range of their front.

    Args:
        losses: True losses of all networks, ``(networks, objectives)``.
    """
    front = _front(losses)
    low, high = front.min(axis=0), front.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    return Score((losses - low) / span, _volume((front - low) / span))


def _volume(front: Array) -> float:
    return hypervolume(front, np.full(front.shape[1], 1.1))


def _front(losses: Array) -> Array:
    return losses[is_non_dominated(losses)]


def make_sampler(name: str, seed: int, problem: Problem) -> optuna.samplers.BaseSampler:
    """Make a sampler; Optuna's have their defaults, but ``nsga2`` a population of 20."""
    match name:
        case "cost_aware":
            # No bound on time: figures must not depend on how busy the machine is.
            return CostAwareSampler(problem.describe, seed, Budget(seconds=None), perfect=0.0)
        case "tpe":
            return optuna.samplers.TPESampler(seed=seed)
        case "nsga2":
            return optuna.samplers.NSGAIISampler(seed=seed, population_size=20)
        case "nsga2_default":
            return optuna.samplers.NSGAIISampler(seed=seed)
        case "gp":
            return optuna.samplers.GPSampler(seed=seed)
    return optuna.samplers.RandomSampler(seed=seed)


def run_search(
    name: str, seed: int, *, problem: Problem, budget: int, noise: float, most_asks: int = ASKS
) -> Course:
    """Search once.

    Args:
        name: Sampler.
        seed: Decides the sampler's choices and, alike for all samplers, the noise.
        problem: Networks and what is known of them.
        budget: Most distinct networks trained.
        noise: Standard deviation of the logarithm of a single training's error.
        most_asks: Most asks for each network of the budget.
    """
    seen = problem.losses.copy()
    seen[:, 0] *= np.exp(noise * np.random.default_rng((seed, 99)).standard_normal(len(seen)))
    sampler = make_sampler(name, seed, problem)
    study = optuna.create_study(directions=["minimize"] * seen.shape[1], sampler=sampler)
    score = make_score(problem.losses)
    worst = seen.max(axis=0)
    trained: dict[int, float] = {}
    barred, slowest, asks = 0, 0.0, 0
    while len(trained) < min(budget, len(seen)) and asks < most_asks * budget:
        started = time.perf_counter()
        trial = study.ask()
        place = problem.place(trial)
        slowest = max(slowest, time.perf_counter() - started)
        asks += 1
        # Told as failed, barred cells would stall Optuna's samplers.
        trial.set_constraint("listed", 1.0 if place is None else 0.0)
        study.tell(trial, (worst if place is None else seen[place]).tolist())
        if place is None:
            barred += 1
        elif place not in trained:
            trained[place] = score.ratio([*trained, place])
            if trained[place] >= ENOUGH:
                break
    return Course(tuple(trained.values()), asks - barred - len(trained), barred, slowest)


def summarize(courses: Sequence[Course]) -> dict[str, Any]:
    """Return medians and quartiles; a search that never reached a share counts as infinite.

    ``duplicates`` are asks for a network trained before. They are answered from its record, for
    every sampler alike, so that no search trains a network twice.
    """
    to = {percent: [course.to(percent) for course in courses] for percent in SHARES}
    at = {n: [course.at(n) for course in courses] for n in HV_AT}
    return {
        **{f"to_{percent}": _quantile(values, 0.5) for percent, values in to.items()},
        "quartiles": {
            f"to_{percent}": [_quantile(values, 0.25), _quantile(values, 0.75)]
            for percent, values in to.items()
        },
        "hv_at": {str(n): _median(values) for n, values in at.items()},
        "duplicates": float(np.median([course.repeats for course in courses])),
        "most_duplicates": max(course.repeats for course in courses),
        "barred": float(np.median([course.barred for course in courses])),
        "trainings": float(np.median([len(course.ratios) for course in courses])),
        "slowest_ask_s": round(max(course.slowest_s for course in courses), 3),
        "seeds": len(courses),
    }


def _median(shares: Sequence[float | None]) -> float | None:
    known = [share for share in shares if share is not None]
    return round(float(np.median(known)), 4) if len(known) == len(shares) else None


def _quantile(values: Sequence[int | None], share: float) -> float | None:
    """Return a quantile between the two nearest values, ``None`` if one of them is not reached."""
    known = sorted(math.inf if value is None else float(value) for value in values)
    place = share * (len(known) - 1)
    low, high = known[math.floor(place)], known[math.ceil(place)]
    quantile = low if low == high else low + (place % 1) * (high - low)
    return quantile if math.isfinite(quantile) else None


def not_worse(ours: Sequence[Course], theirs: Sequence[Course], percent: int) -> float:
    """Return the share of common seeds on which we need no more trainings than they do."""
    pairs = [(a.to(percent), b.to(percent)) for a, b in zip(ours, theirs, strict=False)]
    return float(np.mean([b is None or (a is not None and a <= b) for a, b in pairs]))


def measure(options: argparse.Namespace, problem: Problem) -> dict[str, list[Course]]:
    """Run all searches that are not kept, as many at once as there are processes."""
    kept = KeptCourses(options.keep)
    searches = {name: list(_searches(name, options)) for name in options.samplers}
    context = get_context("fork")  # hands the table over without reading it again
    with ProcessPoolExecutor(options.processes, mp_context=context) as executor:
        running = {
            executor.submit(
                run_search, name, search["seed"], problem=problem, budget=options.budget,
                noise=options.noise, most_asks=options.asks,
            ): search
            for name, wanted in searches.items()
            for search in wanted
            if kept.find(search) is None
        }  # fmt: skip
        for done in as_completed(running):
            kept.add(running[done], done.result())
            search = running[done]
            print(f"{search['sampler']}: seed {search['seed']} done", file=sys.stderr)
    return {
        name: [course for search in wanted if (course := kept.find(search)) is not None]
        for name, wanted in searches.items()
    }


def _searches(name: str, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Tell all that decides the searches of a sampler; of our own code the commit, no more."""
    seeds = options.seeds or (SEEDS_OF_SLOW if name in SLOW_SAMPLERS else SEEDS)
    shared = {
        "sampler": name,
        "budget": options.budget,
        "asks": options.asks,
        "noise": options.noise,
        "table": hashlib.sha256(options.table.read_bytes()).hexdigest()[:16],
        "columns": [options.accuracy, options.latency, options.params],
        "code": git_commit() if name == DEFAULT else optuna.__version__,
    }
    return ({**shared, "seed": seed} for seed in range(seeds))


def report(courses: dict[str, list[Course]]) -> dict[str, Any]:
    """Return the figures of all samplers, and of ours on the seeds it has in common with each."""
    figures = {name: summarize(runs) for name, runs in courses.items()}
    if DEFAULT in courses:
        figures[DEFAULT]["not_worse"] = {
            name: {f"to_{p}": round(not_worse(courses[DEFAULT], runs, p), 3) for p in SHARES}
            for name, runs in courses.items()
            if name != DEFAULT
        }
    return {"default": DEFAULT, **figures}


def print_table(figures: dict[str, Any]) -> None:
    """Print medians with quartiles: trainings until a share of the true front's hypervolume."""
    print(f"{'sampler':<14}" + "".join(f"{f'to {p} %':>20}" for p in SHARES) + f"{'repeats':>9}")
    for name, figure in figures.items():
        if name == "default":
            continue
        cells = [_cell(figure[f"to_{p}"], figure["quartiles"][f"to_{p}"]) for p in SHARES]
        print(f"{name:<14}" + "".join(f"{c:>20}" for c in cells) + f"{figure['duplicates']:>9g}")
    for name, shares in figures.get(DEFAULT, {}).get("not_worse", {}).items():
        print(f"not worse than {name} on the same seed: {shares}")


def _cell(median: float | None, quartiles: Sequence[float | None]) -> str:
    numbers = ["never" if n is None else f"{n:g}" for n in (median, *quartiles)]
    return f"{numbers[0]} ({numbers[1]}–{numbers[2]})"


def _samplers(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in SAMPLERS]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"unknown sampler {unknown[0]!r}; use {', '.join(SAMPLERS)}"
        )
    return names


def make_parser() -> argparse.ArgumentParser:
    """Return the command's options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    add_table_arguments(parser)
    add = parser.add_argument
    add("--seeds", type=int, help=f"searches a sampler ({SEEDS}, or {SEEDS_OF_SLOW} for slow ones)")
    add("--budget", type=int, default=400, help="most trainings of a search (%(default)s)")
    add("--asks", type=int, default=ASKS,
        help="most asks for each training of the budget (%(default)s): an ask of tpe or gp takes "
        "the longer the more there were")  # fmt: skip
    add("--samplers", type=_samplers, default=list(SAMPLERS),
        help=f"some of {','.join(SAMPLERS)}; gp needs PyTorch")  # fmt: skip
    add("--noise", type=float, default=0.03,
        help="deviation of a single training's log error (%(default)s)")  # fmt: skip
    add("--processes", type=int, default=1, help="searches at once (%(default)s)")
    add("--keep", type=Path, metavar="FILE.jsonl",
        help="keep each finished search there and run none again: an hour of gp goes on where it "
        "was cut")  # fmt: skip
    add("--json", action="store_true", help="print one JSON object")
    add("--save", type=Path, help="also write the JSON to this file")
    add("--picture", type=Path, help="also draw the courses to this file")
    return parser


def read_problem(options: argparse.Namespace) -> Problem:
    """Read a table of cells, or the file of NAS-Bench-Macro.

    Raises:
        UserError: It is neither.
    """
    with_params = options.params is not None
    if options.table.suffix == ".json":
        return macro_problem(options.table, with_params=with_params)
    table = read_table(options.table, chosen_columns(options))
    print(f"{table.rows} rows: {len(table.networks)} networks; left out {table.disconnected} "
          f"disconnected and {table.unmeasured} unmeasured", file=sys.stderr)  # fmt: skip
    return table_problem(table, with_params=with_params)


def main() -> int:
    """Measure and print."""
    options = make_parser().parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if "gp" in options.samplers and find_spec("torch") is None:
        options.samplers.remove("gp")
        print("gp is left out: Optuna's GPSampler needs PyTorch", file=sys.stderr)
    try:
        problem = read_problem(options)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    courses = measure(options, problem)
    figures = report(courses)
    if options.picture:
        draw({name: [course.ratios for course in runs] for name, runs in courses.items()},
             ENOUGH, options.picture)  # fmt: skip
    text = json.dumps(figures, indent=None if options.json else 2)
    if options.save:
        options.save.write_text(json.dumps(figures, indent=2) + "\n")
    if options.json:
        print(text)
    else:
        print_table(figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
