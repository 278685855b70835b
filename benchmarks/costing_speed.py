"""How many candidates are costed a second: ``python -m benchmarks.costing_speed``.

For every registered space: the same random candidates read by shapes alone and built by Keras, in
one run, step by step, beside the reference result in ``benchmarks/results/costing_speed.json``
(``--save`` replaces it). Both readings must say the same of every candidate.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REFERENCE = Path(__file__).parent / "results" / "costing_speed.json"
SIDES = {"xception_lite": 224, "nasbench201": 32}
"""Image sides in pixels; at 224 random networks of ``xception_lite`` have about 100 layers."""

Settings = Mapping[str, Any]


class Stopwatch:
    """Sums wall times by step, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add what happens inside to a step."""
        started = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started


def draw_settings(space: Any, count: int) -> list[Settings]:
    """Draw the hyperparameters of candidates the space can build; this also warms up."""
    import optuna

    from nas.candidates.hyperparameters import OptunaHyperParameters
    from nas.candidates.reading import read_candidate
    from nas.errors import CandidateError

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    drawn: list[Settings] = []
    while len(drawn) < count:
        hp = OptunaHyperParameters(study.ask())
        try:
            drawn.append(read_candidate(space, hp).hyperparameters)
        except CandidateError:
            continue
    return drawn


def shape_graph(space: Any, settings: Settings) -> Any:
    """Build a candidate of layers that only know their shapes."""
    from nas.candidates.hyperparameters import fixed_hyperparameters
    from nas.network.shape_keras import shapes_only

    with shapes_only(space):
        return space.build(fixed_hyperparameters(settings)).graph


def keras_graph(space: Any, settings: Settings) -> Any:
    """Let Keras build a candidate without weights."""
    from nas.candidates.candidate import build_candidate
    from nas.candidates.hyperparameters import fixed_hyperparameters
    from nas.network.layer_graph import layer_graph

    return layer_graph(build_candidate(space, fixed_hyperparameters(settings)).model)


def cost(
    build: Callable[[Any, Settings], Any], space: Any, drawn: list[Settings]
) -> tuple[Stopwatch, list[tuple[str, float | None]], int]:
    """Build, read and estimate candidates one after the other.

    Returns:
        The times, each candidate's identity and latency in ms, and the number of layers of all.
    """
    from nas.candidates.network_id import network_id
    from nas.edgetpu.estimator import Estimator
    from nas.network.keras_graph import read_layer_graph

    watch, answers, layers, estimator = Stopwatch(), [], 0, Estimator()
    for settings in drawn:
        with watch.step("build"):
            graph = build(space, settings)
        with watch.step("identify"):
            identity = network_id(graph)
        with watch.step("read"):
            network = read_layer_graph(graph)
        with watch.step("estimate"):
            latency_ms = estimator.estimate(network).latency_ms
        answers.append((identity, latency_ms))
        layers += len(graph.calls)
    return watch, answers, layers


def measure(name: str, shapes: int, built: int) -> dict[str, float]:
    """Time one space by both readings.

    Args:
        name: A registered space.
        shapes: Candidates read by shapes.
        built: How many of them Keras builds as well.

    Raises:
        RuntimeError: The readings disagree.
    """
    from search_spaces import example_shape, load_space

    space = load_space(name, input_shape=example_shape(name, SIDES.get(name, 64)), classes=10)
    drawn = draw_settings(space, shapes)
    by_shapes, answers, layers = cost(shape_graph, space, drawn)
    by_keras, expected, _ = cost(keras_graph, space, drawn[:built])
    if answers[:built] != expected:
        raise RuntimeError(f"{name}: the readings by shapes and by Keras disagree")
    return {
        "layers": layers / shapes,
        **_figures("shapes", by_shapes.seconds, shapes),
        **_figures("keras", by_keras.seconds, built),
        "estimate_per_s": shapes / by_shapes.seconds["estimate"],
    }


def _figures(reading: str, seconds: Mapping[str, float], count: int) -> dict[str, float]:
    steps = {f"{reading}_{step}_ms": value / count * 1e3 for step, value in seconds.items()}
    return {**steps, f"{reading}_per_s": count / sum(seconds.values())}


def print_table(results: Mapping[str, Mapping[str, float]], reference: Settings) -> None:
    """Print every figure beside the reference result."""
    for name, figures in results.items():
        print(f"{name:<28}{'here':>12}{'reference':>12}")
        for figure, value in figures.items():
            known = reference.get(name, {}).get(figure)
            print(f"  {figure:<26}{value:>12.3g}{'–' if known is None else f'{known:.3g}':>12}")


def main() -> None:
    """Measure, print and, if asked, keep the result."""
    from search_spaces import SPACES

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--shapes", type=int, default=300, help="candidates read by shapes")
    parser.add_argument("--built", type=int, default=20, help="candidates built by Keras as well")
    parser.add_argument("--save", action="store_true", help="replace the reference result")
    options = parser.parse_args()
    results = {name: measure(name, options.shapes, options.built) for name in SPACES}
    reference = json.loads(REFERENCE.read_text()) if REFERENCE.exists() else {}
    print_table(results, reference)
    if options.save:
        REFERENCE.parent.mkdir(exist_ok=True)
        REFERENCE.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
