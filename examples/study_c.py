"""Study C again: ``python -m examples.study_c``.

Dense networks on spectrograms of accelerometer signals: accuracy against energy per inference on
the Edge TPU of a Dev Board and on its Cortex-A53, and from how many weights on which one is faster
or more frugal. The study's tables and thresholds are not available, so none are printed: beside
what is computed here stands what others reported.

Study: Hosseininoorbin et al., Internet of Things 2023, arXiv 2110.08826.

Everything is kept in ``--out``: start again after an interruption and it goes on.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from examples.common import (
    BLUE,
    INK,
    VERMILION,
    Interval,
    StudyParser,
    over_seeds,
    percent,
    plain_logarithmic,
    prepare_plot,
    print_lines,
    print_table,
    run_study,
    save_figure,
    say,
    span,
)
from examples.training import TrainingLog
from nas.command import parse_count
from nas.network.network import Network
from nas.platforms.chart import Chart, Crossover, Curve, make_chart
from nas.platforms.contest import SETUPS, Contest, Quantity, Setup, contest
from nas.platforms.families import weights_of
from search_spaces import Space, load_space, presets

DATA, SPACE, BATCH_SIZE = "motion_synthetic", "spectrogram_mlp", 32
SMALLEST = "dense-128"
WIDER = {"dense-512x3": (512, 512, 512), "dense-1024x4": (1024, 1024, 1024, 1024)}
"""Neurons of the networks beside the smallest one, whose front end they share."""

CHART_INPUTS = 1024
"""Size of the chart's inputs next to that of these spectrograms, 7 x 32 x 3 values."""

QUANTITIES: dict[Quantity, str] = {"latency_ms": "ms", "energy_mj": "mJ"}

REPORTED = (
    ("dense: the Edge TPU wins from", "edgetpu", "1.7 - 2 M weights"),
    ("dense: the CPU wins again from", "cpu", "about 7.6 M weights"),
)
"""What others reported of dense networks on an Edge TPU against a host CPU, who wins then, and
where; not the study, and not against a Cortex-A53."""

MNIST = (784, 128, 10)
MNIST_REPORTED = "0.0375 on the TPU, 0.014 on the CPU"
"""Milliseconds an image on a Dev Board, as one user reported of this network."""


@dataclass(frozen=True)
class Row:
    """One network of the study.

    Attributes:
        name: What it is called.
        weights: Weights it multiplies by.
        accuracy: Mean int8 test accuracy over seeds, with its 95 % interval.
        contests: What it takes on both platforms of the first set-up, by quantity.
    """

    name: str
    weights: int
    accuracy: Interval
    contests: Mapping[Quantity, Contest]


def redo(options: argparse.Namespace) -> None:
    """Train what is missing, and show accuracy, energy and crossovers."""
    log = TrainingLog(options.out)
    log.settle({"epochs": options.epochs})
    rows = _train(log, options.epochs, options.seeds)
    chart = make_chart(SETUPS)
    _report(rows, chart)
    save_figure(draw(rows, chart), log.out / "study_c.png")


def networks(space: Space) -> dict[str, Mapping[str, Any]]:
    """Return the hyperparameters of the study's networks by name."""
    smallest = presets(space)[SMALLEST]
    shared = {name: value for name, value in smallest.items() if not name.startswith("neurons")}
    wider = {
        name: {
            **shared,
            "layers": len(neurons),
            **{f"neurons_{number}": count for number, count in enumerate(neurons, start=1)},
        }
        for name, neurons in WIDER.items()
    }
    return {SMALLEST: smallest, **wider}


def _train(log: TrainingLog, epochs: int, seeds: int) -> list[Row]:
    """Train every network with every seed that has not been, and cost it."""
    from nas.data.sources import prepare_dataset
    from nas.evaluation.recipe import Recipe

    dataset = prepare_dataset(DATA, image_size=None, seed=0, directory=log.out / "data")
    space = load_space(SPACE, input_shape=dataset.input_shape, classes=len(dataset.class_names))
    chosen = networks(space)
    for seed in range(seeds):
        for name, values in chosen.items():
            if log.find(name, seed) is None:
                say(f"training {name}, seed {seed}")
                log.train(name, space, values, dataset, Recipe(epochs, BATCH_SIZE, seed))
    return [_row(log, space, name, seeds) for name in chosen]


def _row(log: TrainingLog, space: Space, name: str, seeds: int) -> Row:
    trained = [each for each in log.read() if each.network == name and each.seed < seeds]
    network = log.operators(trained[0], space)
    accuracies = [each.test_accuracy for each in trained]
    accuracy = over_seeds(accuracies, trained[0].test_examples)
    return Row(name, weights_of(network), accuracy, contests(network, SETUPS[0]))


def contests(network: Network, setup: Setup) -> dict[Quantity, Contest]:
    """Return what a network takes on both platforms of a set-up, as far as it is known."""
    found = {quantity: contest(network, setup, quantity) for quantity in QUANTITIES}
    return {quantity: each for quantity, each in found.items() if each is not None}


def mnist_network() -> Network:
    """Return the operators of the network that somebody else timed."""
    import keras

    from nas.network.keras_graph import read_keras_model

    inputs, hidden, outputs = MNIST
    layers = [
        keras.Input((inputs,)),
        keras.layers.Dense(hidden, activation="relu"),
        keras.layers.Dense(outputs, activation="softmax"),
    ]
    return read_keras_model(keras.Sequential(layers))


def threshold_rows(chart: Chart) -> Iterator[tuple[str, ...]]:
    """Yield, for dense networks, where the leader changes: as others reported, and computed."""
    for words, winner, reported in REPORTED:
        for setup in SETUPS:
            cells = [
                _crossovers(chart.of(setup, "dense", quantity), winner) for quantity in QUANTITIES
            ]
            yield words, setup.name, reported, *cells


def _crossovers(curves: Sequence[Curve], winner: str) -> str:
    """Write the first crossovers to a winner, over all sizes of the input."""
    found: list[Crossover] = []
    without = []
    for curve in curves:
        places = [each for each in curve.crossovers if each.after == winner]
        found += places[:1]
        without += [] if places else [f"{curve.size:,}"]
    never = [f"no change with {' or '.join(without)} inputs"] if without else []
    return "\n".join([*([_place(found)] if found else []), *never])


def _place(crossovers: Sequence[Crossover]) -> str:
    """Write where the estimates are equal, and beyond where the intervals are apart."""
    lows = [None if each.low is None else float(each.low) for each in crossovers]
    highs = [None if each.high is None else float(each.high) for each in crossovers]
    low = "?" if None in lows else _millions(min(filter(None, lows)))
    high = "?" if None in highs else _millions(max(filter(None, highs)))
    middle = span([each.parameters for each in crossovers], _millions)
    return f"{middle} M ({low}-{high})"


def _millions(number: float) -> str:
    return f"{number / 1e6:.2g}"


def _report(rows: Sequence[Row], chart: Chart) -> None:
    setup = SETUPS[0]
    heads = ("network", "weights", "int8 test accuracy", "Edge TPU, mJ", "CPU, mJ", "less energy")
    print_table(f"Study C on {DATA}: {setup.name}, intervals 95 % (accuracy) and 80 %", heads,
                [_cells(row) for row in rows])  # fmt: skip
    thresholds = ("", "set-up", "others, a host CPU", "here, faster", "here, less energy")
    print_table("\nWhere the leader changes", thresholds, list(threshold_rows(chart)))
    time = contests(mnist_network(), setup).get("latency_ms")
    found = "not known" if time is None else (
        f"{_figure(time, 'edgetpu')} on the TPU, {_figure(time, 'cpu')} on the CPU"
    )  # fmt: skip
    print_table("\nA network that was timed on a Dev Board, ms",
                ("", "one user's report", "estimated here"),
                [("MNIST, 784-128-10", MNIST_REPORTED, found)])  # fmt: skip
    print_lines([
        "The study's own thresholds are not available.",
        "Accuracy is measured, int8, on signals that this project draws; what it says of people "
        "who wear a sensor is little. Latency and energy are estimates with 80 % intervals; that "
        "of energy is of the time alone, the power of the Cortex-A53 is unverified. The CPU runs "
        "Coral's interpreter on one thread. In the thresholds a side wins outside of the brackets "
        "beyond both intervals; a question mark where neither does.",
    ])  # fmt: skip


def _cells(row: Row) -> tuple[str, ...]:
    words = (row.name, f"{row.weights / 1e6:.2f} M", percent(row.accuracy))
    energy = row.contests.get("energy_mj")
    if energy is None:
        return *words, "?", "?", "not known"
    named = {"edgetpu": "Edge TPU", "cpu": "CPU", None: "too close"}[energy.winner]
    return *words, _figure(energy, "edgetpu"), _figure(energy, "cpu"), named


def _figure(found: Contest, side: str) -> str:
    taken = found.edgetpu if side == "edgetpu" else found.cpu
    return f"{taken.value:.2g} ({taken.low:.2g}-{taken.high:.2g})"


def draw(rows: Sequence[Row], chart: Chart) -> Any:
    """Return the picture: accuracy over energy, and energy over weights with the crossovers."""
    from matplotlib.figure import Figure

    setup = SETUPS[0]
    figure = Figure(figsize=(9.6, 4.6), layout="constrained")
    figure.suptitle(
        f"Study C on {DATA}, dense networks on spectrograms: {setup.name}",
        x=0.01, ha="left", fontsize=12, color=INK,
    )  # fmt: skip
    left, right = figure.subplots(1, 2)
    _draw_accuracy(left, rows)
    curves = chart.of(setup, "dense", "energy_mj")
    _draw_energy(right, next(curve for curve in curves if curve.size == CHART_INPUTS))
    figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=4,
                  fontsize=10, frameon=False)  # fmt: skip
    return figure


def _draw_accuracy(plot: Any, rows: Sequence[Row]) -> None:
    title = "Accuracy, measured, against energy, estimated"
    prepare_plot(plot, title, "mJ an inference", "int8 test accuracy, %")
    for row in rows:
        found = row.contests.get("energy_mj")
        if found is None:
            continue
        middle, low, high = (100 * value for value in row.accuracy)
        up = [[middle - low], [high - middle]]
        for taken, colour, mark in ((found.edgetpu, BLUE, "o"), (found.cpu, VERMILION, "s")):
            across = [[taken.value - taken.low], [taken.high - taken.value]]
            plot.errorbar([taken.value], [middle], xerr=across, yerr=up, fmt=mark, color=colour,
                          elinewidth=0.8)  # fmt: skip
        plot.annotate(row.name, (found.edgetpu.value, middle), xytext=(4, 5),
                      textcoords="offset points", fontsize=9, color=INK)  # fmt: skip
    plain_logarithmic(plot, "x")
    plot.margins(0.15)


def _draw_energy(plot: Any, curve: Curve) -> None:
    title = f"Energy over weights, {curve.size:,} inputs"
    prepare_plot(plot, title, "weights, millions", "mJ an inference")
    weights = [point.parameters / 1e6 for point in curve.points]
    for side, colour, label in (("edgetpu", BLUE, "Edge TPU"), ("cpu", VERMILION, "Cortex-A53")):
        taken = [getattr(point.contest, side) for point in curve.points]
        plot.fill_between(weights, [t.low for t in taken], [t.high for t in taken], color=colour,
                          alpha=0.15, linewidth=0)  # fmt: skip
        plot.plot(weights, [t.value for t in taken], color=colour, label=f"{label}, 80 %")
    for number, each in enumerate(curve.crossovers):
        plot.axvline(each.parameters / 1e6, color=INK, linewidth=0.9, linestyle=":",
                     label="equal" if number == 0 else None)  # fmt: skip
    for axis in ("x", "y"):
        plain_logarithmic(plot, axis)


def make_parser() -> StudyParser:
    """Return the study's options."""
    parser = StudyParser("study_c", "Dense networks on spectrograms: Edge TPU or CPU.")
    add = parser.add_argument
    add("--seeds", type=parse_count, default=3, metavar="N", help="repetitions")
    add("--epochs", type=parse_count, default=10, metavar="N", help="epochs of a training")
    add("--out", type=Path, default=Path("runs/study_c"), metavar="DIR", help="where all is kept")
    return parser


if __name__ == "__main__":
    run_study(make_parser(), redo)
