"""Whether a child starts better from its parent's weights: ``python -m benchmarks.inheritance``.

Parents are drawn from a space and trained; each has one child with one setting changed, trained
from the same seed twice: from new weights and from what the parent hands down. Prints every pair
and the mean difference with its 95 % interval, and compares with the reference result in
``benchmarks/results/inheritance.json`` (``--save`` replaces it).
"""

import argparse
import json
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nas.candidates.hyperparameters import OptunaHyperParameters
from nas.candidates.reading import read_candidate
from nas.data.dataset import Dataset
from nas.data.sources import prepare_dataset
from nas.errors import CandidateError
from nas.evaluation.inheritance import LayerWeights, inherit, read_weights, save_weights
from nas.evaluation.interpreter import int8_accuracy
from nas.evaluation.pipeline import at_input_size
from nas.evaluation.quantization import quantize
from nas.evaluation.recipe import Recipe
from nas.evaluation.training import train
from nas.sampling.draft import Draft, changes
from search_spaces import Space, load_space

REFERENCE = Path(__file__).parent / "results" / "inheritance.json"
STUDENT_95 = {4: 3.18, 6: 2.57, 8: 2.36, 10: 2.26, 12: 2.20, 16: 2.13, 20: 2.09}
"""Two-sided 95 % quantiles of Student's t for so many pairs."""


@dataclass(frozen=True)
class Pair:
    """One child, trained both ways; accuracies of the int8 network on validation, 0 – 1."""

    changed: str
    share: float
    new: float
    inherited: float
    first_epoch_new: float
    first_epoch_inherited: float


def pairs(space: Space, dataset: Dataset, recipe: Recipe, count: int, seed: int) -> Iterator[Pair]:
    """Train parents and children.

    Args:
        space: Where parents come from.
        dataset: What they are trained on.
        recipe: The brief training, the same for all.
        count: Pairs.
        seed: Of the draws.
    """
    rng = np.random.default_rng(seed)
    while count:
        parent, child, changed = _family(space, rng)
        with tempfile.TemporaryDirectory() as folder:
            weights = Path(folder) / "weights.npz"
            _train(space, dataset, recipe, parent, keep=weights)
            stored = read_weights(weights)
        share, (inherited, curve) = _train_child(space, dataset, recipe, child, stored)
        _, (new, new_curve) = _train_child(space, dataset, recipe, child, [])
        yield Pair(changed, share, new, inherited, new_curve[0], curve[0])
        count -= 1


def _family(space: Space, rng: np.random.Generator) -> tuple[Draft, Draft, str]:
    """Draw a parent and a child that differ in one setting and are different networks."""
    while True:
        try:
            parent = Draft({}, rng)
            first = read_candidate(space, OptunaHyperParameters(parent))
            name = str(rng.choice(sorted(parent.params)))
            others = changes(parent.distributions[name], parent.params[name], rng)
            value = others[int(rng.integers(len(others)))]
            child = Draft({**parent.params, name: value}, rng)
            if read_candidate(space, OptunaHyperParameters(child)).id != first.id:
                return parent, child, name
        except CandidateError:
            continue


def _train_child(
    space: Space, dataset: Dataset, recipe: Recipe, draft: Draft, stored: list[LayerWeights]
) -> tuple[float, tuple[float, tuple[float, ...]]]:
    import keras

    keras.utils.set_random_seed(recipe.seed)
    model = space.build(OptunaHyperParameters(draft))
    share = inherit(model, stored)
    return share, _measure(model, dataset, recipe)


def _train(space: Space, dataset: Dataset, recipe: Recipe, draft: Draft, keep: Path) -> None:
    import keras

    keras.utils.set_random_seed(recipe.seed)
    model = space.build(OptunaHyperParameters(draft))
    _measure(model, dataset, recipe)
    save_weights(model, keep)


def _measure(model: Any, dataset: Dataset, recipe: Recipe) -> tuple[float, tuple[float, ...]]:
    resized = at_input_size(dataset, model)
    training = train(model, resized.train, resized.validation, recipe, lambda *_: None)
    content = quantize(model, resized.calibration)
    return int8_accuracy(content, resized.validation), training.learning_curve


def summarize(results: list[Pair]) -> dict[str, Any]:
    """Return the mean gain of int8 accuracy with its 95 % interval, and the pairs."""
    gains = [pair.inherited - pair.new for pair in results]
    mean = statistics.mean(gains)
    nearest = max((n for n in STUDENT_95 if n <= len(gains)), default=min(STUDENT_95))
    half = STUDENT_95[nearest] * statistics.stdev(gains) / len(gains) ** 0.5
    return {
        "pairs": len(gains),
        "gain": round(mean, 4),
        "gain_low": round(mean - half, 4),
        "gain_high": round(mean + half, 4),
        "wins": sum(gain > 0 for gain in gains),
        "children": [asdict(pair) for pair in results],
    }


def main() -> None:
    """Measure, print and, if asked, keep the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--space", default="xception_lite")
    parser.add_argument("--data", default="pcb_synthetic", help="as for nas.search")
    parser.add_argument("--image-size", type=int, default=64)
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save", action="store_true", help="replace the reference result")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        dataset = prepare_dataset(
            options.data, image_size=options.image_size, seed=options.seed, directory=Path(folder)
        )
        space = load_space(
            options.space, input_shape=dataset.input_shape, classes=len(dataset.class_names)
        )
        recipe = Recipe(options.epochs, 32, options.seed)
        print(f"{'changed':<28}{'taken over':>11}{'new':>8}{'inherited':>11}{'epoch 1':>16}")
        results = []
        for pair in pairs(space, dataset, recipe, options.pairs, options.seed):
            results.append(pair)
            first = f"{pair.first_epoch_new:.3f} → {pair.first_epoch_inherited:.3f}"
            print(
                f"{pair.changed:<28}{pair.share:>11.0%}{pair.new:>8.3f}{pair.inherited:>11.3f}"
                f"{first:>16}",
                flush=True,
            )
    summary = summarize(results)
    print(
        "gain {gain:+.4f} ({gain_low:+.4f} to {gain_high:+.4f}), {wins} of {pairs}".format(
            **summary
        )
    )
    if REFERENCE.exists():
        known = json.loads(REFERENCE.read_text())
        print("reference {gain:+.4f} ({gain_low:+.4f} to {gain_high:+.4f})".format(**known))
    if options.save:
        text = json.dumps({"data": options.data, "space": options.space, **summary}, indent=2)
        REFERENCE.write_text(text + "\n")


if __name__ == "__main__":
    main()
