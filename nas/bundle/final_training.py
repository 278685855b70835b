"""The final training: the chosen network from every seed, the best kept, and what int8 costs it."""

import sys
import traceback
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras

from nas.data.dataset import Dataset
from nas.errors import CandidateError, UserError, one_line
from nas.evaluation.deployable import Deployable, Trained, measure, retrain, validate
from nas.evaluation.preparation import FrontEnd, prepare_dataset
from nas.evaluation.recipe import Recipe
from nas.network.network import Network
from nas.network.tflite import parse_network, read_model_file
from nas.quantization.float_network import FloatNetwork, restored, trained
from nas.quantization.forensics import Forensics, examine
from nas.quantization.layer_names import layer_names
from nas.quantization.statement import as_text
from nas.records.record import Record


@dataclass(frozen=True)
class Choice:
    """The network that was chosen from a run.

    Attributes:
        record: What the search recorded.
        searched: The int8 file that the search left, where it is still there.
        dataset: Data, as stored.
        build: Makes the Keras model.
        warm_start: Loads what the model's layers have learned before; returns their names.
        front_end: What prepares signals for the network.
        augmentation: Random changes of the images in the search's training.
    """

    record: Record
    searched: Path
    dataset: Dataset
    build: Callable[[], Any]
    warm_start: Callable[[Any], Collection[str]]
    front_end: FrontEnd | None = None
    augmentation: tuple[str, ...] = ()


@dataclass(frozen=True)
class FailedTraining:
    """A training that gave no network: its seed, and why."""

    seed: int
    reason: str


@dataclass(frozen=True)
class Final:
    """What the final training came to.

    Attributes:
        network: The network to ship.
        failed: The trainings that gave none.
        forensics: What int8 costs the network; ``None`` where it could not be found out.
    """

    network: Deployable
    failed: tuple[FailedTraining, ...] = ()
    forensics: Forensics | None = None


class FinalTraining:
    """Trains the chosen network, once a recipe, and keeps the best on validation.

    The search's own weights may be that. What int8 loses is looked into, always or where chance
    does not explain it.

    Args:
        choice: The network.
        always_examined: Whether to look into what int8 loses even if chance explains it.
        say: Told what is done.
    """

    def __init__(
        self, choice: Choice, *, always_examined: bool, say: Callable[[str], None]
    ) -> None:
        self._choice = choice
        self._always_examined = always_examined
        self._say = say
        self._failed: list[FailedTraining] = []
        self._examined: dict[bytes, Forensics] = {}

    def run(self, recipes: Sequence[Recipe]) -> Final:
        """Train, choose and measure.

        Args:
            recipes: How to train, each from a seed of its own.

        Raises:
            CandidateError: No training worked, and the search left no weights.
        """
        tried = [each for recipe in recipes if (each := self._train(recipe)) is not None]
        best = self._best(tried)
        network = measure(best, self._choice.dataset, self._choice.front_end, tried=tried)
        return Final(network, tuple(self._failed), self._examined.get(best.content))

    def _train(self, recipe: Recipe) -> Trained | None:
        name = self._choice.record.candidate_id
        self._say(f"Training {name} for {recipe.epochs} epochs from seed {recipe.seed} …")
        try:
            return self._retrain(recipe)
        except UserError:
            raise
        except CandidateError as error:
            self._fail(recipe.seed, one_line(error))
        except Exception as error:  # whatever a network does costs this training, not the others
            traceback.print_exc(file=sys.__stderr__)  # training.log, where native code writes too
            self._fail(recipe.seed, f"{type(error).__name__}: {one_line(error)}")
        return None

    def _retrain(self, recipe: Recipe) -> Trained:
        def tell(epoch: int, accuracy: float) -> None:
            self._say(f"  epoch {epoch}/{recipe.epochs}  validation {accuracy:.4f}")

        choice = self._choice
        found = retrain(
            choice.build,
            choice.dataset,
            recipe,
            tell,
            choice.warm_start,
            front_end=choice.front_end,
            refine=lambda model, resized, plain: self._refine(trained(model), resized, plain),
        )
        self._say(f"  float {found.float_accuracy:.4f}, int8 {found.accuracy:.4f} on validation")
        return found

    def _fail(self, seed: int, reason: str) -> None:
        self._say(f"  failed from seed {seed}: {reason}")
        self._failed.append(FailedTraining(seed, reason))

    def _refine(self, network: FloatNetwork, resized: Dataset, plain: bytes) -> bytes:
        """Return the int8 file to ship; the plain one where what it loses cannot be found out."""
        try:
            found = examine(network, resized, plain, always=self._always_examined, say=self._say)
        except CandidateError as error:
            self._say(f"What int8 loses was not found out: {one_line(error)}")
            return plain
        if found.trials:
            self._say(as_text(found))
        self._examined[found.content] = found
        return found.content

    def _best(self, tried: Sequence[Trained]) -> Trained:
        best = max(tried, key=lambda each: each.accuracy, default=None)
        searched = self._searched(best)
        if searched is None:
            if best is None:
                raise CandidateError(
                    f"no training of {self._choice.record.candidate_id} worked "
                    f"({self._failed[0].reason}), and the search left no weights: "
                    "pick another network, or try more --seeds"
                )
            return best
        if best is not None and searched.accuracy <= best.accuracy:
            return best
        reason = "no training worked" if best is None else "longer training is no better"
        self._say(f"  {reason}: the weights of the search's {searched.epochs} epochs are kept")
        return self._refine_searched(searched)

    def _searched(self, best: Trained | None) -> Trained | None:
        """Return the network that the search left, if it is there and of the same layers."""
        choice, record = self._choice, self._choice.record
        try:
            content = read_model_file(choice.searched)
            if best is not None and _layers(content) != _layers(best.content):
                return None
            accuracy = validate(content, choice.dataset, choice.front_end)
        except UserError:
            return None
        curve = record.learning_curve or ()
        epoch = 1 + max(range(len(curve)), key=curve.__getitem__) if curve else None
        return Trained(
            content, accuracy, record.float_accuracy, record.seed, record.epochs, epoch,
            choice.augmentation,
        )  # fmt: skip

    def _refine_searched(self, searched: Trained) -> Trained:
        choice = self._choice
        shape = _network(searched.content).inputs[0].shape[1:]
        resized = prepare_dataset(choice.dataset, shape, choice.front_end)
        network = restored(searched.content, self._layer_names())
        content = self._refine(network, resized, searched.content)
        accuracy = validate(content, choice.dataset, choice.front_end)
        return replace(searched, content=content, accuracy=accuracy)

    def _layer_names(self) -> tuple[str, ...]:
        """Return the names that the layers had when the search made its file."""
        keras.utils.clear_session()
        try:
            return layer_names(self._choice.build())
        except Exception:  # that may be why no training worked; the file's own names will do
            return ()


def _network(content: bytes) -> Network:
    return parse_network(content, "model.tflite")


def _layers(content: bytes) -> list[tuple[str, tuple[int, ...]]]:
    """Return the operators and their output shapes: the same for all weights of one network."""
    operators = _network(content).operators
    return [(operator.type, operator.outputs[0].shape) for operator in operators]
