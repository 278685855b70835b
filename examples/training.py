"""Networks trained for a study, one line each, so that no training is done twice."""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from examples.common import same_settings, say
from nas.errors import UserError
from nas.network.network import Network, host_work
from nas.network.tflite import parse_network, read_model_file
from nas.records.json_lines import append_line, read_lines
from search_spaces import Space, find_front_end


@dataclass(frozen=True)
class Result:
    """One trained network; its int8 file lies beside the log.

    Attributes:
        network: What the study calls it.
        seed: Seed of weights, order, splits and drawn data.
        hyperparameters: What it is built from.
        epochs: Epochs of its training.
        best_epoch: Epoch whose weights it has, from 1.
        epoch_seconds: Wall time of an epoch after the first; ``None`` if there was but one.
        validation_accuracy: int8 accuracy on the validation split, 0 – 1.
        test_accuracy: int8 accuracy on the test split, which nothing was chosen by, 0 – 1.
        test_examples: Examples of the test split.
    """

    network: str
    seed: int
    hyperparameters: Mapping[str, Any]
    epochs: int
    best_epoch: int | None
    epoch_seconds: float | None
    validation_accuracy: float
    test_accuracy: float
    test_examples: int


@dataclass(frozen=True)
class TrainingLog:
    """A study's folder: ``settings.json``, ``trained.jsonl`` and the int8 files.

    Attributes:
        out: The folder.
    """

    out: Path

    def settle(self, asked: Mapping[str, Any]) -> None:
        """Write down what a new study is asked for; one that goes on must be asked the same.

        Raises:
            UserError: It was begun with other settings.
        """
        path = self.out / "settings.json"
        if path.exists():
            try:
                stored = json.loads(path.read_text(encoding="utf-8"))
            except ValueError as error:
                raise UserError(f"{path} cannot be read ({error}): name another --out") from None
            same_settings(stored, asked, self.out)
            return
        self.out.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asked, indent=2) + "\n", encoding="utf-8")

    def read(self) -> list[Result]:
        """Return all networks trained so far.

        Raises:
            UserError: A line is not one of these.
        """
        return [_parse(place, values) for place, values in read_lines(self.out / "trained.jsonl")]

    def find(self, network: str, seed: int) -> Result | None:
        """Return a network if it is trained."""
        found = (each for each in self.read() if (each.network, each.seed) == (network, seed))
        return next(found, None)

    def file(self, network: str, seed: int) -> Path:
        """Return where the int8 file of a network is."""
        return self.out / "models" / f"{network}-seed-{seed}.tflite"

    def operators(self, trained: Result, space: Space) -> Network:
        """Read the int8 file of a trained network, with what the host does before it."""
        path = self.file(trained.network, trained.seed)
        network = parse_network(read_model_file(path), str(path))
        return replace(network, front_end=host_work(find_front_end(space, trained.hyperparameters)))

    def train(
        self,
        network: str,
        space: Space,
        hyperparameters: Mapping[str, Any],
        dataset: Any,
        recipe: Any,
    ) -> Result:
        """Train a network with the project's recipe, quantize, test and keep it.

        Args:
            network: What the study calls it.
            space: What builds it.
            hyperparameters: What it is built from.
            dataset: Data with all four splits, a ``nas.data.dataset.Dataset``.
            recipe: How to train, a ``nas.evaluation.recipe.Recipe``; its seed is the network's.

        Raises:
            CandidateError: It cannot be trained or converted.
        """
        from nas.candidates.hyperparameters import fixed_hyperparameters
        from nas.evaluation.deployable import measure, retrain
        from nas.tensorflow_settings import native_output_to

        ends: list[float] = []

        def told(epoch: int, accuracy: float) -> None:
            ends.append(time.monotonic())
            say(f"  epoch {epoch}/{recipe.epochs}  validation {accuracy:.4f}")

        (self.out / "models").mkdir(parents=True, exist_ok=True)
        front_end = find_front_end(space, hyperparameters)
        with native_output_to(self.out / "native.log"):
            done = retrain(
                lambda: space.build(fixed_hyperparameters(hyperparameters)),
                dataset,
                recipe,
                told,
                lambda _model: (),
                front_end=front_end,
            )
            tested = measure(done, dataset, front_end)
        result = Result(
            network=network,
            seed=recipe.seed,
            hyperparameters=dict(hyperparameters),
            epochs=recipe.epochs,
            best_epoch=done.best_epoch,
            epoch_seconds=(ends[-1] - ends[0]) / (len(ends) - 1) if len(ends) > 1 else None,
            validation_accuracy=done.accuracy,
            test_accuracy=tested.test_accuracy,
            test_examples=tested.test_examples,
        )
        self.file(network, recipe.seed).write_bytes(done.content)
        append_line(self.out / "trained.jsonl", asdict(result))
        return result


def _parse(place: str, values: Any) -> Result:
    try:
        return Result(**values)
    except TypeError as error:
        raise UserError(f"{place}: no trained network of a study ({error})") from None
