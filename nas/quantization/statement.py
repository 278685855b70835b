"""What forensics found, as text for a terminal, as Markdown and as JSON."""

from collections.abc import Callable
from textwrap import fill
from typing import Any

from nas.evaluation.interval import accuracy_interval
from nas.quantization.forensics import Forensics, Trial
from nas.quantization.layer_noise import LayerNoise
from nas.quantization.loss import Change

SHOWN_LAYERS = 5

_LAYER_HEADER = ("layer", "operator", "SQNR dB", "noise", "alone costs")
_TRIAL_HEADER = ("remedy", "int8", "95 % interval", "gained", "lost", "SQNR dB")
_LONGEST_NAME = 25
_WIDTH = 80

_RESTORED = (
    " These weights are the search's own, of which only the int8 file was left: the float network "
    "here has the same rounded weights, so that what rounding them costs is not seen."
)

_Row = tuple[str, ...]


def as_text(found: Forensics) -> str:
    """Return lines for a terminal of 80 columns."""
    return "\n".join(_written(found, _aligned, lambda text: fill(text, _WIDTH)))


def as_markdown(found: Forensics) -> str:
    """Return a section of the model card."""
    return "\n".join(["## Quantization\n", *_written(found, _piped, str)]) + "\n"


def _written(
    found: Forensics,
    table: Callable[[_Row, list[_Row]], list[str]],
    paragraph: Callable[[str], str],
) -> list[str]:
    if not found.trials:
        return [paragraph(_summary(found))]
    layers = table(_LAYER_HEADER, _layer_rows(found))
    trials = table(_TRIAL_HEADER, _trial_rows(found))
    return [paragraph(_summary(found)), "", *layers, "", *trials, "", paragraph(_verdict(found))]


def as_json(found: Forensics) -> dict[str, Any]:
    """Return everything but the files, for ``quantization.json``."""
    return {
        "split": "validation",
        "float_weights": "of the int8 file" if found.is_restored else "as trained",
        "loss": _change(found.loss),
        "sqnr_db": found.sqnr_db,
        "layers": [
            {
                "layer": layer.layer,
                "operator": layer.operator,
                "sqnr_db": layer.sqnr_db,
                "noise_share": layer.noise_share,
                "alone": None if layer.alone is None else _change(layer.alone),
            }
            for layer in found.layers
        ],
        "remedies": [
            {
                "remedy": trial.remedy,
                "done": trial.said,
                "change": _change(trial.change),
                "sqnr_db": trial.sqnr_db,
            }
            for trial in found.trials
        ],
        "applied": None if found.chosen is None else found.chosen.remedy,
    }


def _change(change: Change) -> dict[str, Any]:
    low, high = accuracy_interval(change.after, change.examples)
    return {
        "examples": change.examples,
        "before": change.before,
        "after": change.after,
        "after_low": low,
        "after_high": high,
        "lost": change.lost,
        "gained": change.gained,
    }


def _summary(found: Forensics) -> str:
    loss = found.loss
    judged = (
        f"more than chance explains (p {loss.chance:.2g})"
        if loss.is_loss
        else "no more than chance explains"
    )
    return (
        f"Float {loss.before:.4f}, int8 {loss.after:.4f} on {loss.examples} validation examples: "
        f"{loss.lost} lost, {loss.gained} gained, {judged}."
        f"{_RESTORED if found.is_restored else ''}"
    )


def _verdict(found: Forensics) -> str:
    chosen = found.chosen
    if chosen is None:
        return "No remedy gains more on validation than chance explains: the plain file is kept."
    return f"Applied, as the most accurate on validation: {chosen.remedy} ({chosen.said})."


def _layer_rows(found: Forensics) -> list[_Row]:
    worst = sorted(found.layers, key=lambda layer: -layer.noise_share)[:SHOWN_LAYERS]
    return [
        (
            _short(layer.layer),
            layer.operator,
            _decibels(layer.sqnr_db),
            f"{100 * layer.noise_share:.1f} %",
            _cost(layer),
        )
        for layer in worst
    ]


def _cost(layer: LayerNoise) -> str:
    if layer.alone is None:
        return "not tried"
    return f"{layer.alone.lost} lost, {layer.alone.gained} gained"


def _trial_rows(found: Forensics) -> list[_Row]:
    low, high = accuracy_interval(found.loss.after, found.loss.examples)
    plain = ("none", f"{found.loss.after:.4f}", f"{low:.4f} – {high:.4f}", "", "")
    return [(*plain, _decibels(found.sqnr_db)), *map(_trial_row, found.trials)]


def _trial_row(trial: Trial) -> _Row:
    low, high = accuracy_interval(trial.change.after, trial.change.examples)
    return (
        trial.remedy,
        f"{trial.change.after:.4f}",
        f"{low:.4f} – {high:.4f}",
        str(trial.change.gained),
        str(trial.change.lost),
        _decibels(trial.sqnr_db),
    )


def _decibels(value: float | None) -> str:
    return "no noise" if value is None else f"{value:.1f}"


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _aligned(header: _Row, rows: list[_Row]) -> list[str]:
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (header, *rows)
    ]


def _piped(header: _Row, rows: list[_Row]) -> list[str]:
    cells = [[cell.replace("|", "/").replace("`", "'") for cell in row] for row in (header, *rows)]
    lines = [f"| {' | '.join(row)} |" for row in cells]
    return [lines[0], "|---" * len(header) + "|", *lines[1:]]
