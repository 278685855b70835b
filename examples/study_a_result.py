"""Study A's table and picture: what was trained here beside what the study reported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from examples.common import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    VERMILION,
    Interval,
    difference,
    over_seeds,
    percent,
    plain_logarithmic,
    points,
    prepare_plot,
    print_lines,
    print_table,
    span,
)
from examples.training import Result
from nas.edgetpu.estimator import Estimate

LITE, SEARCHED = "xception-lite", "searched"
HAND_MADE = {
    LITE: ("xception_lite", "xception-lite"),
    "mobilenet-v2": ("mobilenet_lite", "mobilenet-v2"),
    "xception": ("xception_lite", "xception"),
}
"""Search space and preset of each hand-made network."""

REPORTED = {"xception": 0.8810, LITE: 0.9030, "mobilenet-v2": 0.5050}
"""Test accuracy on the whole PCB set at 224², float, last of 60 epochs, one run: Nuh Mih et al.,
Canadian AI 2024, arXiv 2403.10569."""

_ORDER = ("xception", LITE, "mobilenet-v2", SEARCHED)
_LOOKS = {
    "xception": ("s", ORANGE), LITE: ("D", VERMILION), "mobilenet-v2": ("^", GREEN),
    SEARCHED: ("o", BLUE),
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One trained network and what it costs.

    Attributes:
        trained: Its training.
        memory_bytes: Parameter memory it needs on the Edge TPU.
        latency: One inference in milliseconds, estimated, with its 80 % interval.
    """

    trained: Result
    memory_bytes: int
    latency: Interval

    @classmethod
    def of(cls, trained: Result, costs: Estimate) -> Self:
        """Join a training with the costs of its file."""
        low, high = costs.latency_low_ms, costs.latency_high_ms
        # Every operator of these spaces is mapped, so that no cost is unknown.
        assert costs.latency_ms is not None and low is not None and high is not None  # noqa: S101
        return cls(trained, costs.parameter_bytes, (costs.latency_ms, low, high))

    @property
    def kind(self) -> str:
        """The hand-made network's name, or that it was searched."""
        return self.trained.network if self.trained.network in HAND_MADE else SEARCHED


@dataclass(frozen=True)
class Verdict:
    """Whether the searched networks dominate Xception-Lite.

    Attributes:
        accuracy: By how much they are more accurate, with its 95 % interval.
        memory: Their memory over that of Xception-Lite, one a seed.
        latency: Their latency over that of Xception-Lite, one a seed.
    """

    accuracy: Interval
    memory: tuple[float, ...]
    latency: tuple[float, ...]

    @property
    def is_as_accurate(self) -> bool:
        """Whether the interval leaves open that they are as accurate, or shows them to be more."""
        return self.accuracy[2] >= 0

    @property
    def dominates(self) -> bool:
        """Whether they are not less accurate within the interval and cost less in every seed."""
        return self.is_as_accurate and max(self.memory) < 1 and max(self.latency) < 1

    def words(self) -> list[str]:
        """Say it in sentences."""
        most = "not lower within the interval" if self.is_as_accurate else "lower"
        said = "confirmed" if self.dominates else "not confirmed"
        return [
            f"Accuracy, searched less Xception-Lite: {points(self.accuracy)}: {most}. Parameter "
            f"memory {span(self.memory, _share)} and estimated latency "
            f"{span(self.latency, _share)} of Xception-Lite's.",
            f"The search dominates the hand-made Xception-Lite here: {said}.",
        ]


def group(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    """Sort trained networks by kind, one a seed: of the searched ones the best on validation."""
    groups: dict[str, list[Entry]] = {}
    for kind in _ORDER:
        best: dict[int, Entry] = {}
        for entry in entries:
            seed = entry.trained.seed
            if entry.kind == kind and (
                seed not in best
                or entry.trained.validation_accuracy > best[seed].trained.validation_accuracy
            ):
                best[seed] = entry
        if best:
            groups[kind] = [best[seed] for seed in sorted(best)]
    return groups


def judge(groups: Mapping[str, Sequence[Entry]]) -> Verdict | None:
    """Compare the searched networks with Xception-Lite over the seeds that have both."""
    lite = {entry.trained.seed: entry for entry in groups.get(LITE, ())}
    pairs = [
        (entry, lite[entry.trained.seed])
        for entry in groups.get(SEARCHED, ())
        if entry.trained.seed in lite
    ]
    if not pairs:
        return None
    ours, theirs = zip(*pairs, strict=True)
    return Verdict(
        difference(accuracy(ours), accuracy(theirs)),
        tuple(one.memory_bytes / other.memory_bytes for one, other in pairs),
        tuple(one.latency[0] / other.latency[0] for one, other in pairs),
    )


def accuracy(entries: Sequence[Entry]) -> Interval:
    """Return the mean int8 test accuracy of one network a seed with its 95 % interval."""
    examples = min(entry.trained.test_examples for entry in entries)
    return over_seeds([entry.trained.test_accuracy for entry in entries], examples)


def report(entries: Sequence[Entry], side: int, data: str, *, has_drawn: bool) -> None:
    """Print the tables and what follows from them."""
    groups = group(entries)
    heads = ("network", "int8 test accuracy", "seeds", "parameter memory", "latency, ms (80 %)",
             "study, 224²")  # fmt: skip
    title = f"Study A at {side}² on {data}: means over seeds, binomial 95 % intervals"
    print_table(title, heads, [_row(kind, group) for kind, group in groups.items()])
    ordered = sorted(entries, key=lambda entry: (entry.trained.network, entry.trained.seed))
    print_table("\nEvery trained network", _HEADS, [_line(entry) for entry in ordered])
    verdict = judge(groups)
    print_lines([*(verdict.words() if verdict else ()), *_notes(has_drawn)])


def draw(entries: Sequence[Entry], side: int, data: str) -> Any:
    """Return the picture: accuracy over parameter memory and over latency."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 4.6), layout="constrained")
    figure.suptitle(
        f"Study A at {side} × {side} on {data}: hand-made networks and searched ones\n"
        "large: over seeds, with 95 % interval; small: one training, of the searched not chosen",
        x=0.01, ha="left", fontsize=12, color=INK, parse_math=False,
    )  # fmt: skip
    left, right = figure.subplots(1, 2, sharey=True)
    up = "int8 test accuracy, %"
    prepare_plot(left, "Memory on the chip", "parameter memory, KiB", up)
    prepare_plot(right, "Latency, estimated", "ms, one inference, 80 % interval", "")
    chosen = group(entries)
    for kind, found in chosen.items():
        mark, colour = _LOOKS[kind]
        if kind == SEARCHED:  # each is a network of its own
            for number, entry in enumerate(found):
                _draw_interval((left, right), [entry], mark, colour, None if number else kind)
            continue
        _draw_interval((left, right), found, mark, colour, kind)
        _draw_trainings((left, right), found, mark, colour)
    others = [e for e in entries if e.kind == SEARCHED and e not in chosen[SEARCHED]]
    _draw_trainings((left, right), others, *_LOOKS[SEARCHED])
    plain_logarithmic(left, "x")
    left.margins(0.1)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=4,
                  fontsize=10, frameon=False)  # fmt: skip
    return figure


def _draw_interval(
    plots: tuple[Any, Any], entries: Sequence[Entry], mark: str, colour: str, label: str | None
) -> None:
    """Draw the mean accuracy of one network over its seeds, with the intervals."""
    left, right = plots
    middle, low, high = (100 * value for value in accuracy(entries))
    style = {"fmt": mark, "color": colour, "markersize": 10, "fillstyle": "none",
             "markeredgewidth": 2, "elinewidth": 1}  # fmt: skip
    spread = [[middle - low], [high - middle]]
    left.errorbar([entries[0].memory_bytes / 1024], [middle], yerr=spread, label=label, **style)
    taken, least, most = entries[0].latency
    right.errorbar([taken], [middle], xerr=[[taken - least], [most - taken]], **style)


def _draw_trainings(
    plots: tuple[Any, Any], entries: Sequence[Entry], mark: str, colour: str
) -> None:
    """Draw a small point a training."""
    style = {"s": 12, "marker": mark, "color": colour, "alpha": 0.7, "linewidths": 0}
    values = [100 * entry.trained.test_accuracy for entry in entries]
    plots[0].scatter([entry.memory_bytes / 1024 for entry in entries], values, **style)
    plots[1].scatter([entry.latency[0] for entry in entries], values, **style)


def _row(kind: str, entries: Sequence[Entry]) -> tuple[str, ...]:
    reported = REPORTED.get(kind)
    return (
        kind,
        percent(accuracy(entries)),
        ", ".join(f"{100 * entry.trained.test_accuracy:.1f}" for entry in entries),
        span([entry.memory_bytes for entry in entries], _kib),
        _latencies(entries),
        "" if reported is None else f"{100 * reported:.2f} %",
    )


_HEADS = ("network", "seed", "validation", "test", "memory", "latency, ms", "best epoch")


def _line(entry: Entry) -> tuple[str, ...]:
    trained = entry.trained
    return (
        trained.network,
        f"{trained.seed}",
        f"{100 * trained.validation_accuracy:.1f} %",
        percent(over_seeds([trained.test_accuracy], trained.test_examples)),
        _kib(entry.memory_bytes),
        f"{entry.latency[0]:.3f}",
        f"{trained.best_epoch} of {trained.epochs}",
    )


def _latencies(entries: Sequence[Entry]) -> str:
    middle = span([entry.latency[0] for entry in entries], lambda value: f"{value:.3f}")
    low = min(entry.latency[1] for entry in entries)
    high = max(entry.latency[2] for entry in entries)
    return f"{middle} ({low:.2f}-{high:.2f})"


def _notes(has_drawn: bool) -> list[str]:
    drawn = "The data are drawn by this project. " if has_drawn else ""
    return [
        f"{drawn}Accuracy is measured, int8, on the test split, after the best epoch on "
        "validation. Latency is an estimate for an Edge TPU at 500 MHz over USB 3; all of them "
        "come from one chip model, whose errors they share. Memory follows from the compiler's "
        "rules. The study's figures are of float networks at 224² after 60 epochs: compare orders, "
        "not values."
    ]


def _kib(size: float) -> str:
    return f"{size / 1024:,.0f} KiB"


def _share(value: float) -> str:
    return f"{value:.2f}"
