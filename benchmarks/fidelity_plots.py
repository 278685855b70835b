"""Pictures of how good the estimates are, for ``docs/estimator.md``."""

from pathlib import Path

import numpy as np

from benchmarks.fidelity_data import read_rows
from benchmarks.fidelity_families import Predictions
from benchmarks.fidelity_sweeps import convolutions, dense_layers
from nas.edgetpu.estimator import Estimator

FOLDER = Path(__file__).parents[1] / "docs" / "images"
_SIZE = (7.0, 4.2)


def draw(predictions: Predictions, folder: Path = FOLDER) -> list[Path]:
    """Draw residuals and cliffs.

    Args:
        predictions: Measurements beside left-out predictions.
        folder: Where the pictures go.

    Returns:
        The files written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / "estimator-residuals.png", folder / "estimator-cliffs.png"]
    _draw_residuals(predictions, paths[0])
    _draw_cliffs(paths[1])
    return paths


def _draw_residuals(predictions: Predictions, path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=_SIZE, layout="constrained")
    ratio = predictions.measured / predictions.model
    for file in dict.fromkeys(predictions.files):
        rows = np.isin(predictions.files, [file])
        axes.scatter(predictions.model[rows], ratio[rows], s=9, alpha=0.5, label=file)
    axes.axhline(1.0, color="black", linewidth=0.8)
    axes.set(xscale="log", yscale="log", xlabel="estimated latency, family left out (ms)",
             ylabel="measured / estimated")  # fmt: skip
    axes.set_yticks([0.5, 0.7, 1.0, 1.4, 2.0], ["0.5", "0.7", "1", "1.4", "2"])
    axes.minorticks_off()
    axes.legend(fontsize=8, markerscale=2)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _draw_cliffs(path: Path) -> None:
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(1, 2, figsize=_SIZE, layout="constrained")
    for axes, (file, build) in zip(
        panels, (("conv_sweep", convolutions), ("fc_sweep", dense_layers)), strict=True
    ):
        rows = read_rows(file)
        widths = [int(row["width"]) for row in rows]
        estimates = [Estimator("pcie").estimate(build(width)).latency_ms for width in widths]
        axes.plot(widths, [float(row["latency_ms"]) for row in rows], "o", ms=3, label="measured")
        axes.plot(widths, estimates, linewidth=1.2, label="estimated")
        axes.set(yscale="log", xlabel="width", ylabel="latency (ms)", title=file)
        axes.legend(fontsize=8)
    figure.savefig(path, dpi=110)
    plt.close(figure)
