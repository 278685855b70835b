"""A training that fails costs itself only, and whatever is shipped is looked into."""

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from nas.bundle import final_training
from nas.bundle.final_training import Choice, FailedTraining, Final, FinalTraining
from nas.bundle.seeds import seed_results, seeds_sentence
from nas.errors import CandidateError, UserError
from nas.evaluation.deployable import Trained
from nas.evaluation.quantization import quantize
from nas.evaluation.recipe import Recipe
from nas.quantization.remedies import REMEDIES
from tests.quantization import networks
from tests.records.records import record

CONTENT = (Path(__file__).parents[1] / "data" / "convolutional_int8.tflite").read_bytes()


def choice(searched: Path, build: Any = None, dataset: Any = None, **values: Any) -> Choice:
    found = record(**{"seed": 9, "epochs": 3, "accuracy": 0.6, **values})
    return Choice(found, searched, dataset, build, lambda _model: ())


class Trainings:
    """Stands for what trains and measures: accuracies, or what goes wrong, by seed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, by_seed: dict[int, Any]) -> None:
        self.by_seed = by_seed
        monkeypatch.setattr(final_training, "retrain", self.retrain)
        monkeypatch.setattr(final_training, "validate", lambda *_: 0.6)
        monkeypatch.setattr(final_training, "measure", self.measure)
        monkeypatch.setattr(FinalTraining, "_refine_searched", lambda _self, searched: searched)

    def retrain(self, *values: Any, **_: Any) -> Trained:
        recipe = values[2]
        found = self.by_seed[recipe.seed]
        if isinstance(found, Exception):
            raise found
        return Trained(CONTENT, found, found, recipe.seed, recipe.epochs, 1)

    def measure(self, best: Trained, *_: Any, tried: Any) -> Any:
        return SimpleNamespace(trained=best, tried=tuple(tried))

    def run(self, searched: Path) -> Final:
        self.said: list[str] = []
        training = FinalTraining(choice(searched), always_examined=False, say=self.said.append)
        return training.run([Recipe(3, 16, seed) for seed in self.by_seed])


NAN = CandidateError("the loss became nan in epoch 2")


def test_a_training_that_fails_costs_that_seed_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trainings = Trainings(monkeypatch, {0: 0.7, 1: NAN, 2: 0.8, 3: RuntimeError("a\nb")})
    final = trainings.run(tmp_path / "none")
    assert final.network.trained.seed == 2
    assert final.failed == (
        FailedTraining(1, "the loss became nan in epoch 2"), FailedTraining(3, "RuntimeError: a b"),
    )  # fmt: skip
    assert "  failed from seed 1: the loss became nan in epoch 2" in trainings.said
    assert seeds_sentence(final).endswith("2 of 4 trainings failed.")
    told = {each["seed"]: (each["validation_accuracy"], each["failed"]) for each in
            seed_results(final)}  # fmt: skip
    assert told[1] == (None, "the loss became nan in epoch 2")
    assert told[2] == (0.8, None)


def test_where_all_fail_the_weights_of_the_search_are_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    searched = tmp_path / "model.tflite"
    searched.write_bytes(CONTENT)
    trainings = Trainings(monkeypatch, {0: NAN, 1: NAN})
    final = trainings.run(searched)
    assert (final.network.trained.seed, final.network.trained.accuracy) == (9, 0.6)
    assert trainings.said[-1] == (
        "  no training worked: the weights of the search's 3 epochs are kept"
    )


def test_where_nothing_is_left_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trainings = Trainings(monkeypatch, {0: NAN})
    with pytest.raises(CandidateError, match=r"no training of a worked \(the loss became nan"):
        trainings.run(tmp_path / "none")


def test_what_the_user_has_to_put_right_is_no_failed_training(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trainings = Trainings(monkeypatch, {0: UserError("no pretrained weights"), 1: 0.7})
    with pytest.raises(UserError, match="no pretrained weights"):
        trainings.run(tmp_path / "none")


def unstable(model: Any) -> Any:
    """Build a network that half of the seeds, among them 1, fill with NaN."""

    def build() -> Any:
        is_broken = random.random() < 0.5  # noqa: S311  drawn from the training's seed
        copy = keras.models.clone_model(model)
        if is_broken:
            kernel, bias = copy.get_layer("mix").get_weights()
            copy.get_layer("mix").set_weights([kernel * np.nan, bias])
        return copy

    return build


@pytest.mark.slow
def test_real_trainings_of_which_one_becomes_nan(tmp_path: Path) -> None:
    model = networks.depthwise(networks.PLAIN)
    dataset = networks.dataset(model, networks.pictures(40, seed=2))
    chosen = choice(tmp_path / "none", unstable(model), dataset)
    said: list[str] = []
    final = FinalTraining(chosen, always_examined=False, say=said.append).run(
        [Recipe(1, 64, seed) for seed in (0, 1)]
    )
    assert [each.seed for each in final.network.tried] == [0]
    assert final.failed == (FailedTraining(1, "the loss became nan in epoch 1"),)
    assert final.forensics is not None
    assert not final.forensics.is_restored


@pytest.mark.slow
def test_the_weights_of_the_search_are_looked_into_as_well(tmp_path: Path) -> None:
    model = networks.depthwise(networks.UNEVEN)
    dataset = networks.dataset(model, networks.pictures(40, seed=2))
    searched = tmp_path / "model.tflite"
    searched.write_bytes(quantize(model, dataset.calibration))
    build = lambda: keras.models.clone_model(model)  # noqa: E731
    chosen = choice(searched, build, dataset)
    training = FinalTraining(chosen, always_examined=True, say=lambda _: None)
    final = training.run([Recipe(1, 64, 0)])
    forensics = final.forensics
    assert forensics is not None
    assert forensics.is_restored
    assert [trial.remedy for trial in forensics.trials] == list(REMEDIES)
    assert forensics.chosen is not None
    assert final.network.trained.content == forensics.chosen.content
    assert final.network.trained.accuracy == forensics.chosen.change.after
    assert final.network.trained.seed == 9


@pytest.mark.slow
def test_a_space_that_fails_now_leaves_the_weights_of_the_search(tmp_path: Path) -> None:
    model = networks.depthwise(networks.PLAIN)
    dataset = networks.dataset(model, networks.pictures(40, seed=2))
    searched = tmp_path / "model.tflite"
    searched.write_bytes(quantize(model, dataset.calibration))

    def build() -> Any:
        raise ZeroDivisionError("changed since")

    training = FinalTraining(
        choice(searched, build, dataset), always_examined=False, say=lambda _: None
    )
    final = training.run([Recipe(1, 64, 0)])
    assert final.network.trained.content == searched.read_bytes()
    assert final.failed == (FailedTraining(0, "ZeroDivisionError: changed since"),)
    assert final.forensics is not None
    assert final.forensics.is_restored
