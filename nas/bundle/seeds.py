"""What several trainings of one network, each from a seed of its own, reached together."""

from collections.abc import Iterable, Sequence
from statistics import mean, stdev
from typing import Any

from nas.evaluation.deployable import Trained


def seed_result(trained: Trained) -> dict[str, Any]:
    """Return what one training reached on the validation split, as JSON values."""
    return {
        "seed": trained.seed,
        "float_accuracy": trained.float_accuracy,
        "validation_accuracy": trained.accuracy,
    }


def seeds_sentence(trained: Sequence[Trained]) -> str:
    """Return what several trainings reached, as mean ± sample standard deviation."""
    before, after = _spreads(trained)
    return f"{len(trained)} seeds reached int8 {after} on validation, {before} before quantization."


def seeds_table(trained: Sequence[Trained]) -> str:
    """Return a row a training in Markdown, and one of mean ± sample standard deviation."""
    rows = [
        (str(each.seed), _shown(each.float_accuracy), _shown(each.accuracy)) for each in trained
    ]
    rows.append(("mean ± standard deviation", *_spreads(trained)))
    return "| seed | float, validation | int8, validation |\n|---|---|---|\n" + "".join(
        f"| {' | '.join(row)} |\n" for row in rows
    )


def _spreads(trained: Sequence[Trained]) -> tuple[str, str]:
    """Return mean and spread of the accuracies before and after quantization."""
    return (
        _mean_and_spread(each.float_accuracy for each in trained),
        _mean_and_spread(each.accuracy for each in trained),
    )


def _mean_and_spread(values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{mean(known):.4f} ± {stdev(known):.4f}" if len(known) > 1 else "unknown"


def _shown(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4f}"
