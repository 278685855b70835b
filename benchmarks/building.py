"""How long building a candidate takes and what it leaves: ``python -m benchmarks.building``.

For every registered space, on one core: random candidates built by Keras with weights, as a worker
does before training, and without, as the search does where shapes alone are not enough. Then the
growth of memory over many builds without weights. Times need a quiet machine.
"""

import argparse
import gc
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.costing_speed import draw_settings

SIDES = {"nasbench201": 32}
SIDE = 224
MANY_LAYERS = 130
MIB = 2**20

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Result:
    """What building one space's candidates takes.

    Attributes:
        layers: Layers of each network.
        with_weights_ms: Time of each build with weights.
        without_ms: Time of each build without.
        growth_mib: Memory more after the builds of the second half of the leak test.
    """

    layers: Sequence[int]
    with_weights_ms: Sequence[float]
    without_ms: Sequence[float]
    growth_mib: float

    def row(self, name: str) -> str:
        """Return the line of the table."""
        large = [
            ms for ms, layers in zip(self.with_weights_ms, self.layers, strict=True)
            if layers >= MANY_LAYERS
        ]  # fmt: skip
        cells = (
            f"{statistics.median(self.layers):.0f}",
            f"{statistics.median(self.with_weights_ms):.0f}",
            f"{max(self.with_weights_ms):.0f}",
            f"{statistics.median(large):.0f} ({len(large)})" if large else "none",
            f"{statistics.median(self.without_ms):.0f}",
            f"{self.growth_mib:+.1f}",
        )
        return f"{name:<18}" + "".join(f"{cell:>14}" for cell in cells)


HEADS = ("layers", "ms median", "ms most", f">= {MANY_LAYERS} layers", "no weights", "MiB/100")


def measure(name: str, builds: int, leak_builds: int) -> Result:
    """Build one space's candidates.

    Args:
        name: A registered space.
        builds: Candidates to time.
        leak_builds: Builds over which memory is watched.
    """
    from nas.candidates.candidate import build_candidate
    from nas.candidates.hyperparameters import fixed_hyperparameters
    from search_spaces import example_shape, load_space

    shape = example_shape(name, SIDES.get(name, SIDE))
    space = load_space(name, input_shape=shape, classes=10)
    drawn = draw_settings(space, builds)

    def build(settings: Settings) -> Any:
        return space.build(fixed_hyperparameters(settings))

    def build_without(settings: Settings) -> Any:
        return build_candidate(space, fixed_hyperparameters(settings)).model

    build(drawn[0])
    layers, with_weights = _timed(build, drawn)
    _, without = _timed(build_without, drawn)
    return Result(layers, with_weights, without, _growth(build_without, drawn, leak_builds))


def _timed(
    build: Callable[[Settings], Any], drawn: Sequence[Settings]
) -> tuple[list[int], list[float]]:
    layers, times = [], []
    for settings in drawn:
        started = time.perf_counter()
        model = build(settings)
        times.append(1e3 * (time.perf_counter() - started))
        layers.append(len(model.layers))
        del model
        _forget()
    return layers, times


def _growth(build: Callable[[Settings], Any], drawn: Sequence[Settings], count: int) -> float:
    """Return how much memory grows over the second half of many builds, in MiB a hundred builds."""
    before = 0
    for number in range(count):
        if number == count // 2:
            before = _resident_bytes()
        build(drawn[number % len(drawn)])
        _forget()
    return (_resident_bytes() - before) / MIB * 100 / (count - count // 2)


def _forget() -> None:
    import keras

    keras.backend.clear_session(free_memory=False)
    gc.collect()


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Measure and print one table."""
    from nas.tensorflow_settings import quiet_tensorflow
    from search_spaces import SPACES

    quiet_tensorflow()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--builds", type=int, default=20, help="candidates to time a space")
    parser.add_argument("--leak-builds", type=int, default=200, help="builds to watch memory over")
    parser.add_argument("--space", action="append", help="only this space; repeat")
    options = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(f"{'space':<18}" + "".join(f"{head:>14}" for head in HEADS))
    for name in options.space or SPACES:
        print(measure(name, options.builds, options.leak_builds).row(name), flush=True)


if __name__ == "__main__":
    main()
