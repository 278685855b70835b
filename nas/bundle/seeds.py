"""What several trainings of one network, each from a seed of its own, reached together."""

from collections.abc import Iterable
from statistics import mean, stdev
from typing import Any

from nas.bundle.final_training import Final


def seed_results(final: Final) -> list[dict[str, Any]]:
    """Return what each training reached on the validation split, as JSON values."""
    reached = [
        {
            "seed": each.seed,
            "float_accuracy": each.float_accuracy,
            "validation_accuracy": each.accuracy,
            "failed": None,
        }
        for each in final.network.tried
    ]
    nothing = {"float_accuracy": None, "validation_accuracy": None}
    return reached + [
        {"seed": each.seed, **nothing, "failed": each.reason} for each in final.failed
    ]


def seeds_sentence(final: Final) -> str:
    """Return what the trainings reached, as mean ± sample standard deviation, and how many failed.

    Empty for one training that worked.
    """
    tried, failed = final.network.tried, final.failed
    said = []
    if len(tried) > 1:
        before, after = _spreads(final)
        said.append(
            f"{len(tried)} seeds reached int8 {after} on validation, {before} before quantization."
        )
    if failed:
        said.append(f"{len(failed)} of {len(tried) + len(failed)} trainings failed.")
    return " ".join(said)


def seeds_table(final: Final) -> str:
    """Return a row a training in Markdown, and one of mean ± sample standard deviation.

    Empty for one training that worked.
    """
    tried, failed = final.network.tried, final.failed
    if len(tried) < 2 and not failed:
        return ""
    rows = [(str(each.seed), _shown(each.float_accuracy), _shown(each.accuracy)) for each in tried]
    if len(tried) > 1:
        rows.append(("mean ± standard deviation", *_spreads(final)))
    rows += [(str(each.seed), "failed", _cell(each.reason)) for each in failed]
    return "| seed | float, validation | int8, validation |\n|---|---|---|\n" + "".join(
        f"| {' | '.join(row)} |\n" for row in rows
    )


def _spreads(final: Final) -> tuple[str, str]:
    """Return mean and spread of the accuracies before and after quantization."""
    return (
        _mean_and_spread(each.float_accuracy for each in final.network.tried),
        _mean_and_spread(each.accuracy for each in final.network.tried),
    )


def _mean_and_spread(values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{mean(known):.4f} ± {stdev(known):.4f}" if len(known) > 1 else "unknown"


def _shown(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4f}"


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("`", "'")
