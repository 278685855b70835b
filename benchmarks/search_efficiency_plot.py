"""The courses of searches as a picture, for ``docs/search.md``."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

_SIZE = (7.0, 4.2)


def draw(courses: Mapping[str, Sequence[Sequence[float]]], path: Path) -> None:
    """Draw the median share of the hypervolume against trainings, with a band of the quartiles.

    A search that ended stays at its last share.

    Args:
        courses: For each sampler, the share after each training of each search.
        path: Where the picture goes.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=_SIZE, layout="constrained")
    length = max(len(ratios) for runs in courses.values() for ratios in runs)
    for name, runs in courses.items():
        whole = [np.pad(ratios, (0, length - len(ratios)), mode="edge") for ratios in runs]
        low, middle, high = np.quantile(whole, [0.25, 0.5, 0.75], axis=0)
        trainings = np.arange(1, length + 1)
        (line,) = axes.plot(trainings, middle, label=name)
        axes.fill_between(trainings, low, high, color=line.get_color(), alpha=0.15, linewidth=0)
    for share in (0.95, 0.98):
        axes.axhline(share, color="black", linewidth=0.6, linestyle=":")
    axes.set(xlabel="distinct networks trained", ylabel="share of the true front's hypervolume",
             ylim=(0.5, 1.005), xlim=(0, length))  # fmt: skip
    axes.legend(fontsize=8, loc="lower right")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)
