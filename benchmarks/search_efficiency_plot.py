"""The courses of searches as a picture, for ``docs/search.md``."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_SIZE = (7.0, 4.2)

Array = NDArray[np.float64]


def draw(courses: Mapping[str, Sequence[Sequence[float]]], enough: float, path: Path) -> None:
    """Draw the median share of the hypervolume against trainings, with a band of the quartiles.

    Args:
        courses: For each sampler, the share after each training of each search.
        enough: Share at which searches end; they stay there.
        path: Where the picture goes.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=_SIZE, layout="constrained")
    length = max(len(ratios) for runs in courses.values() for ratios in runs)
    for name, runs in courses.items():
        low, middle, high = np.quantile(_common(runs, enough, length), [0.25, 0.5, 0.75], axis=0)
        trainings = np.arange(1, len(middle) + 1)
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


def _common(runs: Sequence[Sequence[float]], enough: float, length: int) -> Array:
    """Return the shares as far as all searches went, ``(searches, trainings)``.

    One that ended with less than enough was cut short: nobody knows how it would have gone on.
    """
    shortest = min([len(ratios) for ratios in runs if not ratios or ratios[-1] < enough],
                   default=length)  # fmt: skip
    return np.array([[*ratios, *list(ratios[-1:]) * length][:shortest] for ratios in runs])
