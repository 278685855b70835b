"""Accuracy of the steps of a sweep, by the project's own pipeline."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from nas.data.dataset import Dataset
from nas.edgetpu.estimator import Estimator
from nas.errors import CandidateError
from nas.evaluation.interval import accuracy_interval
from nas.evaluation.pipeline import evaluate
from nas.evaluation.preparation import FrontEnd
from nas.evaluation.recipe import Recipe
from nas.sweeping.adjustments import Adjustment
from nas.sweeping.step import Step


class _Silent:
    def stage(self, name: str) -> None:
        """Say nothing."""

    def epoch(self, epoch: int, accuracy: float) -> None:
        """Say nothing."""


def train_step(
    step: Step,
    build: Callable[[], Any],
    adjustment: Adjustment,
    dataset: Dataset,
    directory: Path,
    *,
    recipe: Recipe,
    estimator: Estimator,
    front_end: FrontEnd | None = None,
) -> Step:
    """Adjust a network with its weights, train it briefly and measure its int8 accuracy.

    Args:
        step: The costed step.
        build: Makes the network with weights.
        adjustment: What to adjust.
        dataset: Data; the test split is not read.
        directory: Where the int8 file is written.
        recipe: How to train.
        estimator: The chip model.
        front_end: What prepares signals for the network.

    Returns:
        The step with its accuracy, or with the reason why it has none.
    """
    if adjustment.name == "image" and step.value > 1:
        return step.untrained("the data's images are no larger than the network's own input")
    try:
        evaluation = evaluate(
            lambda: adjustment.apply(build(), step.value, True),
            dataset=dataset,
            recipe=recipe,
            estimator=estimator,
            directory=directory,
            reporter=_Silent(),
            front_end=front_end,
        )
    except CandidateError as error:
        return step.untrained(str(error))
    examples = evaluation.validation_examples
    return step.trained(evaluation.accuracy, *accuracy_interval(evaluation.accuracy, examples))
