"""Trains a few candidates of a finished search again, for longer."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from nas.edgetpu.estimator import Estimator
from nas.evaluation.recipe import Recipe
from nas.executors.executor import Executor
from nas.executors.workers import Assignment, ResultMessage
from nas.records.fidelity import (
    LONGER,
    Comparison,
    Fidelity,
    append_comparison,
    choose,
    compare,
    read_comparisons,
)
from nas.records.record import Record
from nas.records.run import RunConfig, RunDirectory

POLL_S = 1.0

LONGER_FOLDER = "longer"
"""Holds what the longer training writes, in the candidate's folder."""


@dataclass(frozen=True)
class FidelityCheck:
    """Compares brief with longer training.

    What was compared before is not trained again, so an interrupted check goes on.

    Attributes:
        directory: The run.
        config: Its configuration; ``check_fidelity`` candidates are compared.
        recipe: The brief training.
        estimator: Chip model.
        pool: Worker processes; the longer training needs a longer limit on time.
        say: Told a line for each candidate that is done.
    """

    directory: RunDirectory
    config: RunConfig
    recipe: Recipe
    estimator: Estimator
    pool: Executor
    say: Callable[[str], None]

    def run(self, records: Sequence[Record]) -> Fidelity | None:
        """Train what is missing and return how well brief training ranks.

        Args:
            records: All records of the search.

        Returns:
            The rank correlation, or ``None`` if no candidate could be compared.
        """
        chosen = choose(records, self.config.check_fidelity)
        known = {each.candidate_id: each for each in read_comparisons(self.directory.fidelity)}
        missing = [record for record in chosen if record.candidate_id not in known]
        try:
            for comparison in self._train(missing):
                known[comparison.candidate_id] = comparison
        finally:
            self.pool.close()
        return compare([known[record.candidate_id] for record in chosen])

    def _train(self, missing: Sequence[Record]) -> Iterator[Comparison]:
        """Train candidates for longer and yield what came of each, written down before."""
        waiting = list(enumerate(missing))
        running: dict[int, Record] = {}
        while waiting or running:
            while waiting and self.pool.has_room:
                number, record = waiting.pop(0)
                running[number] = record
                self.pool.submit(self._assignment(number, record))
            for message in self.pool.wait(POLL_S):
                if isinstance(message, ResultMessage):
                    comparison = self._comparison(running.pop(message.trial), message)
                    append_comparison(self.directory.fidelity, comparison)
                    self.say(f"  {self._line(comparison)}")
                    yield comparison

    def _assignment(self, number: int, record: Record) -> Assignment:
        return Assignment(
            trial=number,
            space=self.config.space,
            hyperparameters=record.hyperparameters,
            data_directory=self.directory.data,
            model_directory=self.directory.model(record.candidate_id) / LONGER_FOLDER,
            recipe=replace(self.recipe, epochs=self._longer_epochs),
            estimator=self.estimator,
        )

    @property
    def _longer_epochs(self) -> int:
        return LONGER * self.recipe.epochs

    def _comparison(self, record: Record, result: ResultMessage) -> Comparison:
        evaluation = result.evaluation
        return Comparison(
            candidate_id=record.candidate_id,
            epochs=self.recipe.epochs,
            accuracy=record.accuracy or 0.0,
            longer_epochs=self._longer_epochs,
            longer_accuracy=None if evaluation is None else evaluation.accuracy,
            reason=result.reason,
        )

    def _line(self, comparison: Comparison) -> str:
        brief, longer = comparison.accuracy, comparison.longer_accuracy
        became = f"failed: {comparison.reason}" if longer is None else f"{100 * longer:.1f} %"
        return (
            f"{comparison.candidate_id}: {100 * brief:.1f} % after {comparison.epochs} epochs, "
            f"after {comparison.longer_epochs}: {became}"
        )
