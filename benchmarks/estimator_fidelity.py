"""How well estimates agree with measured devices: ``python -m benchmarks.estimator_fidelity``.

Every family of measurements is predicted with constants fitted without it, beside a line in
multiply-accumulates and a line in operator counts fitted on the same rows. The measurements are not
part of the project; see ``benchmarks/fidelity_data.py`` for where they have to be. Takes a
minute on two cores.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.fidelity_cells import FAMILY, read_cells
from benchmarks.fidelity_cpu import cpu_errors
from benchmarks.fidelity_data import read_measurements
from benchmarks.fidelity_families import (
    Flags,
    Predictions,
    calibrate_interval,
    left_out_coverage,
    predict_baseline,
    predict_groups,
    predict_left_out,
)
from benchmarks.fidelity_fit import (
    CONSTANTS,
    Linear,
    Prepared,
    calibration_of,
    fit,
    linearize,
    package_logs,
    predict,
    prepare,
)
from benchmarks.fidelity_memory import compare_compiled, find_cliffs, summarize
from benchmarks.fidelity_plots import draw
from benchmarks.fidelity_print import render
from benchmarks.fidelity_scatter import dense_scatter
from benchmarks.fidelity_score import Score, Values, count_features, macs_feature, score
from benchmarks.fidelity_speed import measure_speed
from nas.errors import UserError

REFERENCE = Path(__file__).parent / "results" / "estimator_fidelity.json"
CELLS = 250
_SEED = 0


def read_rows(*, every_cell: bool) -> tuple[list[Prepared], list[Prepared]]:
    """Read the measurements to score and those to fit.

    Args:
        every_cell: Score all cells that may not be fitted, not a seeded sample of them.
    """
    measured, cells = list(read_measurements()), list(read_cells())
    held_out = [cell for cell in cells if not cell.fits]
    if not every_cell:
        chosen = np.random.default_rng(_SEED).permutation(len(held_out))[:CELLS]
        held_out = [held_out[place] for place in sorted(chosen)]
    fitted = prepare([row for row in (*measured, *cells) if row.fits])
    return prepare([*measured, *held_out]), [row for row in fitted if row.streams_as_compiled]


def evaluate(
    scored: Sequence[Prepared], fitted: Sequence[Prepared]
) -> tuple[dict[str, Any], Predictions]:
    """Compute every figure of latency.

    Returns:
        The figures by name, and the left-out predictions they are from.
    """
    start = linearize(fitted, package_logs())
    predictions = predict_left_out(scored, fitted, start)
    inside = left_out_coverage(predictions)
    refitted = fit(fitted, start=start, rounds=2)
    figures = {
        "families": _by(predictions, inside, predictions.families),
        "files": _by(predictions, inside, predictions.files),
        "whole_file_left_out": _whole_files(predictions, scored, fitted, start),
        "cells_fitted_on_a_tenth": _cells(scored, fitted, refitted),
        "interval": asdict(calibrate_interval(predictions)),
        "coverage": float(np.mean(inside)),
        "constants": _drift(refitted),
    }
    return figures, predictions


def _by(predictions: Predictions, inside: Flags, groups: Sequence[str]) -> dict[str, Any]:
    figures = {}
    for group in dict.fromkeys(groups):
        rows = np.isin(groups, [group])
        measured = predictions.measured[rows]
        figures[group] = {
            "model": asdict(score(predictions.model[rows], measured, inside[rows])),
            "macs": asdict(score(predictions.macs[rows], measured)),
            "counts": asdict(score(predictions.counts[rows], measured)),
        }
    return figures


def _whole_files(
    predictions: Predictions, scored: Sequence[Prepared], fitted: Sequence[Prepared], start: Linear
) -> dict[str, Any]:
    model, _ = predict_groups(scored, fitted, start, predictions.files)
    figures = {}
    for file in dict.fromkeys(predictions.files):
        rows = np.isin(predictions.files, [file])
        figures[file] = asdict(score(model[rows], predictions.measured[rows]))
    return figures


def _cells(
    scored: Sequence[Prepared], fitted: Sequence[Prepared], logs: Values
) -> dict[str, dict[str, Any]]:
    cells = [row for row in scored if row.measured.family == FAMILY]
    measured = np.array([row.measured.latency_ms for row in cells])
    results: dict[str, Score] = {
        "model": score(predict(cells, calibration_of(logs)), measured),
        "macs": score(predict_baseline(cells, fitted, macs_feature, keep_family=True), measured),
        "counts": score(
            predict_baseline(cells, fitted, count_features, keep_family=True), measured
        ),
    }
    return {name: asdict(result) for name, result in results.items()}


def _drift(refitted: Values) -> dict[str, dict[str, float]]:
    pairs = zip(CONSTANTS, np.exp(package_logs()), np.exp(refitted), strict=True)
    return {
        constant.name: {"package": float(held), "refitted": float(found)}
        for constant, held, found in pairs
    }


def main() -> None:
    """Measure, print and, if asked, keep the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--all", action="store_true", help=f"score all cells, not {CELLS} of them")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--plots", action="store_true", help="write docs/images/estimator-*.png")
    parser.add_argument("--save", action="store_true", help="replace the reference result")
    options = parser.parse_args()
    try:
        figures, predictions = evaluate(*read_rows(every_cell=options.all))
        figures |= {
            "cpu": {name: {k: asdict(v) for k, v in both.items()}
                    for name, both in cpu_errors().items()},
            "compiled": summarize(compare_compiled()),
            "cliffs": find_cliffs(),
            "dense_scatter": dense_scatter(),
        }  # fmt: skip
    except UserError as error:
        sys.exit(f"error: {error}")
    figures["speed"] = measure_speed()
    print(json.dumps(figures) if options.json else render(figures))
    if options.plots:
        draw(predictions)
    if options.save:
        REFERENCE.parent.mkdir(exist_ok=True)
        REFERENCE.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
