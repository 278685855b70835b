"""How long building a candidate takes and what it leaves: ``python -m benchmarks.building``.

For every registered space, on one core: random candidates built by Keras with weights, as a worker
does before training, and without, as the search does where shapes alone are not enough. Then the
growth of memory over many builds without weights. ``transfer:FOLDER`` begins with weights from
files, which are read for each candidate anew. Printed beside the reference result in
``benchmarks/results/building.json`` (``--save`` replaces it); times need a quiet machine.
"""

import argparse
import gc
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.costing_speed import draw_settings, print_table

REFERENCE = Path(__file__).parent / "results" / "building.json"
SIDES = {"nasbench201": 32}
SIDE = 224
LARGE, LARGEST = 115, 145
"""Layers of a network of about 130."""

LEARNED = "transfer:FOLDER"
MIB = 2**20

Settings = Mapping[str, Any]


def measure(name: str, builds: int, leak_builds: int) -> dict[str, float]:
    """Build one space's candidates.

    Args:
        name: A registered space, or ``LEARNED``.
        builds: Candidates to time.
        leak_builds: Builds over which memory is watched.

    Returns:
        Median number of layers; medians of the time with weights, of all and of the networks of
        about 130 layers, the most it took, and the median without weights, in milliseconds;
        memory more after a hundred builds, in MiB.
    """
    with _weights(name) as named:
        return _measure(named, builds, leak_builds)


def _measure(name: str, builds: int, leak_builds: int) -> dict[str, float]:
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
    large = [
        ms for ms, count in zip(with_weights, layers, strict=True) if LARGE <= count <= LARGEST
    ]
    _, without = _timed(build_without, drawn)
    return {
        "layers": statistics.median(layers),
        "build_ms": statistics.median(with_weights),
        "build_most_ms": max(with_weights),
        "networks_of_130_layers": len(large),
        **({"build_130_layers_ms": statistics.median(large)} if large else {}),
        "build_without_weights_ms": statistics.median(without),
        "mib_per_100_builds": _growth(build_without, drawn, leak_builds),
    }


@contextmanager
def _weights(name: str) -> Iterator[str]:
    """Give the name of a space, whose weights are there as long."""
    if name != LEARNED:
        yield name
        return
    from search_spaces.backbones import BACKBONES, make_backbone

    with TemporaryDirectory(prefix="weights-") as folder:
        for backbone in BACKBONES:
            make_backbone(backbone, SIDE).save_weights(Path(folder) / f"{backbone}.weights.h5")
            _forget()
        yield LEARNED.replace("FOLDER", folder)


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
    """Measure, print and, if asked, keep the result."""
    from nas.tensorflow_settings import quiet_tensorflow
    from search_spaces import SPACES

    quiet_tensorflow()
    spaces = (*SPACES, LEARNED)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--builds", type=int, default=20, help="candidates to time a space")
    parser.add_argument("--leak-builds", type=int, default=200, help="builds to watch memory over")
    parser.add_argument("--space", action="append", choices=spaces, help="only this space; repeat")
    parser.add_argument("--save", action="store_true", help="replace the reference result")
    options = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    reference = json.loads(REFERENCE.read_text()) if REFERENCE.exists() else {}
    results = {}
    for name in options.space or spaces:
        results[name] = measure(name, options.builds, options.leak_builds)
        print_table({name: results[name]}, reference)
    if options.save:
        REFERENCE.write_text(json.dumps({**reference, **results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
