"""Study B again: ``python -m examples.study_b``.

All adjustments of the study over their ranges, on one pre-trained network's architecture and on the
estimator: the study's counts beside those of the adjusted networks, where latency jumps and why,
and the study's recommendations beside what this network says to them.

Study: DeLozier et al., Adjusting a network for transfer learning, Symmetry 2024, 16(1), 91.
"""

import argparse
import gc
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

from examples.common import (
    BLUE,
    GREY,
    INK,
    VERMILION,
    StudyParser,
    plain_logarithmic,
    prepare_plot,
    print_lines,
    print_table,
    run_study,
    save_figure,
    say,
)
from nas.adjustment.inputs import image_input, vector_input
from nas.command import parse_count
from nas.edgetpu.estimator import Estimator
from nas.errors import UserError
from nas.sweeping.adjustments import (
    RANGES,
    SIZE_WORDS,
    Adjustment,
    AdjustmentName,
    choose_adjustment,
)
from nas.sweeping.laboratory import ModelLaboratory
from nas.sweeping.recommendation import Recommendation, check_recommendations
from nas.sweeping.step import Step, estimated
from nas.sweeping.sweep import Sweep, cost_steps
from search_spaces.weightless import without_weights

DEV_BOARD = Estimator(link="pcie", host="a53")
"""What the study measured; here it is estimated."""

STUDY_SIDE = 224
STUDY_COLUMNS = (1, 2, 3, 4, 4.5, 5, 5.5, 6, 7, 8, 9, 10)
STUDY_VECTOR_UNITS = 588
STUDY_VECTOR_WEIGHTS = {10: 5_880, 100: 58_800, 1000: 588_000}
STUDY_IMAGE_MIB = 9.19
"""Counts that the study tells, for a network of 224 × 224 × 3: channels of a widened layer by
round, and of the input adapters."""

Count = tuple[str, str, str]
"""What is counted, in the study, and here."""


def redo(options: argparse.Namespace) -> None:
    """Sweep every adjustment and show what the study says beside what is found."""
    from nas.subject import open_application

    model = open_application(options.model, options.image_size, None).model
    adjustments = [
        choose_adjustment(model, name, None, thinned(RANGES[name], options.steps))
        for name in options.adjust
    ]
    gc.freeze()  # what is loaded stays: the collector need not look through it
    sweeps = [_sweep(options.model, model, each) for each in adjustments]
    _report(options.model, sweeps, _counts(model, adjustments), _recommendations(model, sweeps))
    save_figure(draw(options.model, sweeps), options.out / "study_b.png")


def thinned(values: Sequence[float], most: int | None) -> tuple[float, ...]:
    """Return at most so many values, evenly spaced, the first and the last among them."""
    if most is None or len(values) <= most:
        return tuple(values)
    return tuple(values[round(at * (len(values) - 1) / max(1, most - 1))] for at in range(most))


def _sweep(name: str, model: Any, adjustment: Adjustment) -> Sweep:
    say(f"{adjustment.words}: costing {len(adjustment.values)} networks")
    setup = {name: getattr(DEV_BOARD, name) for name in ("link", "clock_mhz", "host")}
    steps = tuple(cost_steps(model, adjustment, estimated(DEV_BOARD)))
    return Sweep(name, setup, adjustment, steps)


def _recommendations(model: Any, sweeps: Sequence[Sweep]) -> tuple[Recommendation, ...]:
    say("checking the recommendations")
    steps = [step for sweep in sweeps for step in sweep.steps]
    baseline = next(step for step in (sweep.baseline for sweep in sweeps) if step is not None)
    laboratory = ModelLaboratory(model, estimated(DEV_BOARD))
    return check_recommendations(baseline, steps, laboratory)


def _counts(model: Any, adjustments: Sequence[Adjustment]) -> list[Count]:
    """Count what the study tells in networks that are adjusted here."""
    columns = [each for each in adjustments if each.name == "columns"]
    counts = [column_count(model, each) for each in columns]
    if model.input_shape[1:] == (STUDY_SIDE, STUDY_SIDE, 3):
        counts += _input_counts(model)
    return counts


def column_count(model: Any, adjustment: Adjustment) -> Count:
    """Compare the channels of a layer widened by columns, in multiples of its own, with the study.

    Args:
        model: The Keras model, without weights.
        adjustment: Columns, of all rounds or some.
    """
    own = model.get_layer(adjustment.layer).output.shape[-1]
    found = [_channels(model, adjustment, rounds) / own for rounds in adjustment.values]
    study = [STUDY_COLUMNS[int(rounds)] for rounds in adjustment.values]
    return f"channels of `{adjustment.layer}` by round, ×", _listed(study), _listed(found)


def _channels(model: Any, adjustment: Adjustment, rounds: float) -> int:
    """Return the channels of all columns together."""
    adjusted = _without_weights(partial(adjustment.apply, model, rounds, False))
    convolutions = [
        layer
        for layer in adjusted.layers
        if layer.name.startswith(f"{adjustment.layer}_column") and hasattr(layer, "filters")
    ]
    return sum(int(layer.filters) for layer in convolutions)


def _input_counts(model: Any) -> Iterator[Count]:
    for values, weights in STUDY_VECTOR_WEIGHTS.items():
        adapted = _without_weights(partial(vector_input, model, values, copy_weights=False))
        adapter = adapted.get_layer("vector_adapter")
        study = f"{STUDY_VECTOR_UNITS}, {weights:,}"
        found = f"{adapter.units}, {adapter.count_params():,}"
        yield f"vector of {values}: outputs, weights", study, found
    large = _without_weights(partial(image_input, model, 8, copy_weights=False))
    size = prod(large.input_shape[1:]) / 2**20
    yield "image × 8, int8", f"{STUDY_IMAGE_MIB:.2f} MiB", f"{size:.2f} MiB"


def _without_weights(build: Callable[[], Any]) -> Any:
    with without_weights():
        return build()


def _listed(values: Sequence[float]) -> str:
    return " ".join(f"{value:g}" for value in values)


def _report(
    name: str,
    sweeps: Sequence[Sweep],
    counts: Sequence[Count],
    recommendations: Sequence[Recommendation],
) -> None:
    if counts:
        print_table(f"Study B on {name}: counts", ("", "study", "here"), counts)
    heads = ("adjustment", "steps", "symmetry TPU", "CPU", "last good", "cliff")
    rows = [row for sweep in sweeps for row in _rows(sweep)]
    print_table("\nCliffs on a Dev Board, estimated", heads, rows)
    verdicts = [(each.text, "recommended", each.verdict) for each in recommendations]
    print_table("\nRecommendations", ("", "study", "here"), verdicts)
    print_lines([f"{each.text}: {each.evidence}" for each in recommendations])
    print_lines([
        "Every cost is an estimate; the study measured a Coral Dev Board. Symmetry is relative "
        "latency over relative size, the median of the steps; 1 is in proportion. The least "
        "latency beyond proportion that counts as a cliff, and what tells verdicts apart, is in "
        "docs/sweep.md.",
        *_doubts(sweeps),
    ])  # fmt: skip


def _rows(sweep: Sweep) -> Iterator[tuple[str, ...]]:
    """Yield a line for every cliff, or one where there is none."""
    symmetries = [
        "?" if value is None else f"{value:.2f}"
        for value in map(sweep.median_symmetry, ("latency_ms", "cpu_latency_ms"))
    ]
    words = (sweep.adjustment.words, f"{len(sweep.steps)}", *symmetries)
    for cliff in sweep.cliffs:
        yield *words, f"{cliff.last_good:.4g}", f"{cliff.mechanism}, × {cliff.growth:.2f}"
        words = ("", "", "", "")
    if not sweep.cliffs:
        yield *words, "", "none"


def _doubts(sweeps: Sequence[Sweep]) -> Iterator[str]:
    for sweep in sweeps:
        doubtful = [step for step in sweep.steps if step.in_doubt is not None]
        if doubtful:
            yield (
                f"{sweep.adjustment.words}, in doubt at {len(doubtful)} of {len(sweep.steps)} "
                f"steps: {doubtful[0].in_doubt}; if the compiler leaves it to the CPU, all that "
                "follows goes there too"
            )


def draw(name: str, sweeps: Sequence[Sweep]) -> Any:
    """Return the picture: relative latency over relative size, a panel for each adjustment."""
    from matplotlib.figure import Figure

    columns = min(3, len(sweeps))
    rows = -(-len(sweeps) // columns)
    figure = Figure(figsize=(3.4 * columns, 0.9 + 3.1 * rows), layout="constrained")
    figure.suptitle(
        f"Study B on {name}: is latency in proportion? Estimated for a Dev Board",
        x=0.01, ha="left", fontsize=12, color=INK, parse_math=False,
    )  # fmt: skip
    plots = figure.subplots(rows, columns, squeeze=False).flat
    for number, plot in enumerate(plots):
        if number < len(sweeps):
            _draw_sweep(plot, sweeps[number])
        else:
            plot.set_axis_off()
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower center",
                  ncols=4, fontsize=10, frameon=False)  # fmt: skip
    return figure


def _draw_sweep(plot: Any, sweep: Sweep) -> None:
    size = sweep.adjustment.size
    prepare_plot(plot, sweep.adjustment.words, f"relative {SIZE_WORDS[size]}", "relative latency")
    before = sweep.baseline
    known = [step for step in sweep.steps if step.latency_ms is not None]
    if before is None or not known:
        return
    sizes = [_relative(step, before, size) for step in known]
    for cost, colour, label in (
        ("latency_ms", BLUE, "Edge TPU"),
        ("cpu_latency_ms", VERMILION, "CPU"),
    ):
        values = [_relative(step, before, cost) for step in known]
        plot.plot(sizes, values, color=colour, marker="o", markersize=3, label=label)
    along = sorted(sizes)  # two ends would not do: perhaps only one axis is logarithmic
    plot.plot(along, along, color=GREY, linestyle="--", linewidth=1, label="in proportion")
    for number, cliff in enumerate(sweep.cliffs):
        last = next(step for step in known if step.value == cliff.last_good)
        plot.axvline(_relative(last, before, size), color=INK, linewidth=0.9, linestyle=":",
                     label=None if number else "last good before a cliff")  # fmt: skip
    for axis in ("x", "y"):
        plain_logarithmic(plot, axis)


def _relative(step: Step, before: Step, field: str) -> float:
    return float(getattr(step, field) / getattr(before, field))


def _parse_adjustments(text: str) -> tuple[AdjustmentName, ...]:
    chosen = tuple(name for name in RANGES if name in text.split(","))
    if len(chosen) != len(text.split(",")):
        raise UserError(f"--adjust {text}: use names of {','.join(RANGES)}")
    return chosen


def make_parser() -> StudyParser:
    """Return the study's options."""
    parser = StudyParser("study_b", "The adjustments of study B, and where latency jumps.")
    add = parser.add_argument
    add("--model", default="MobileNetV2", metavar="NAME", help="network of keras.applications")
    add("--image-size", type=parse_count, default=STUDY_SIDE, metavar="N", help="side in pixels")
    add("--adjust", type=_parse_adjustments, default=",".join(RANGES), metavar="NAMES",
        help="what to adjust")  # fmt: skip
    add("--steps", type=parse_count, metavar="N", help="at most so many values of each range")
    add("--out", type=Path, default=Path("runs/study_b"), metavar="DIR",
        help="folder of the picture")  # fmt: skip
    return parser


if __name__ == "__main__":
    run_study(make_parser(), redo)
