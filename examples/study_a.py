"""Study A again: ``python -m examples.study_a``.

Xception, Xception-Lite and MobileNetV2, scaled to the images, beside networks searched within the
costs of Xception-Lite. For every seed: a search bounded by the hand-made network's memory and
latency, then the same training for the hand-made networks and for the most accurate of the front,
chosen on validation. Compared are int8 test accuracy, parameter memory and estimated latency.

Study: Nuh Mih et al., Canadian AI 2024, arXiv 2403.10569.

Everything is kept in ``--out``: start again after an interruption and it goes on.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from examples.common import StudyParser, run_study, save_figure, say
from examples.study_a_result import HAND_MADE, LITE, SEARCHED, Entry, draw, report
from examples.training import Result, TrainingLog
from nas.assembly import chosen_objectives, open_data
from nas.command import EXIT_DONE, EXIT_INTERRUPTED, parse_count
from nas.edgetpu.estimator import Estimator
from nas.errors import UserError
from nas.records.pareto import pareto_front
from nas.records.record import Record, read_records
from nas.records.run import RunDirectory, read_config
from search_spaces import Space, load_space, presets

BATCH_SIZE = 32
CANDIDATES = 2
"""Networks of a front that are trained as long as the hand-made ones."""

MEMORY_SHARE, LATENCY_SHARE = 0.5, 0.95
"""Bounds of the search, in shares of what Xception-Lite takes: training what costs more would be
wasted, as it could not dominate."""


@dataclass(frozen=True)
class Study:
    """What is asked for.

    Attributes:
        data: As ``nas.search`` takes it.
        image_size: Side of the images in pixels.
        epochs: Epochs of every training that is compared.
        trials: Candidates that a search trains.
        search_epochs: Epochs of their brief training.
        classes: Classes of the data.
        log: Where everything is kept.
    """

    data: str
    image_size: int
    epochs: int
    trials: int
    search_epochs: int
    classes: int
    log: TrainingLog

    def space(self, name: str) -> Space:
        """Make a search space for the data."""
        shape = (self.image_size, self.image_size, 3)
        return load_space(name, input_shape=shape, classes=self.classes)

    def run(self, seed: int) -> RunDirectory:
        """Return the run directory of a seed's search, whose data all its trainings use."""
        return RunDirectory(self.log.out / f"seed-{seed}")

    @property
    def recorded(self) -> int:
        """Records of a search: its trials, and the presets that its bounds refuse."""
        return self.trials + len(presets(self.space("xception_lite")))

    def bounds(self) -> list[str]:
        """Return what a searched network may cost."""
        from nas.costing import read_candidate

        name, preset = HAND_MADE[LITE]
        space = self.space(name)
        costs = Estimator().estimate(read_candidate(space, presets(space)[preset]))
        if costs.latency_ms is None:
            raise UserError(f"the latency of {LITE} is not known at {self.image_size} pixels")
        return [
            f"memory_bytes<={MEMORY_SHARE * costs.parameter_bytes:.0f}",
            f"latency_ms<={LATENCY_SHARE * costs.latency_ms:.4f}",
        ]


Step = tuple[str, Callable[[], Any]]
"""What is to be done, in words, and how."""


def redo(options: argparse.Namespace) -> None:
    """Do what is missing of the study, and show what is there."""
    study = _open(options)
    for done, (words, step) in enumerate(steps(study, range(options.seeds))):
        if done == options.steps:
            say(f"{done} steps are done, as --steps asks; start again to go on")
            break
        say(words)
        step()
    _show(study, read_entries(study, range(options.seeds)))


def _show(study: Study, entries: Sequence[Entry]) -> None:
    if not entries:
        say("no network is trained yet")
        return
    config = read_config(study.run(entries[0].trained.seed))
    name = Path(study.data).name
    report(entries, study.image_size, name, has_drawn=config.is_synthetic)
    save_figure(draw(entries, study.image_size, name), study.log.out / "study_a.png")


def steps(study: Study, seeds: Sequence[int]) -> Iterator[Step]:
    """Yield what is not done yet; each step is to be done before the next one is asked for."""
    for seed in seeds:
        if len(read_records(study.run(seed).records)) < study.recorded:
            yield f"seed {seed}: searching", partial(search, study, seed)
        for rank, record in enumerate(candidates(study, seed), start=1):
            name, values = f"{SEARCHED}-{rank}", record.hyperparameters
            yield from _training(study, name, "xception_lite", values, seed)
    for name, (space, preset) in HAND_MADE.items():
        for seed in seeds:
            values = presets(study.space(space))[preset]
            yield from _training(study, name, space, values, seed)


def _training(
    study: Study, name: str, space: str, values: Mapping[str, Any], seed: int
) -> Iterator[Step]:
    if study.log.find(name, seed) is None:
        words = f"seed {seed}: training {name}"
        yield words, partial(train, study, name, space, values, seed)


def search(study: Study, seed: int) -> None:
    """Search, or go on with a search, as ``nas.search`` does.

    Raises:
        UserError: The search failed.
    """
    run = study.run(seed)
    words = ["--run-dir", str(run.path)]
    if run.config.exists():
        words.append("--resume")
    else:
        words += [
            "--space", "xception_lite", "--data", study.data,
            "--image-size", str(study.image_size), "--trials", str(study.recorded),
            "--epochs", str(study.search_epochs), "--batch-size", str(BATCH_SIZE),
            "--seed", str(seed),
        ]  # fmt: skip
        for bound in study.bounds():
            words += ["--constraint", bound]
    done = subprocess.run(  # noqa: S603  our own command
        [sys.executable, "-m", "nas.search", *words], stdout=subprocess.DEVNULL, check=False
    )
    if done.returncode == EXIT_INTERRUPTED:
        raise KeyboardInterrupt
    if done.returncode != EXIT_DONE:
        raise UserError(f"the search in {run.path} ended with status {done.returncode}")


def candidates(study: Study, seed: int) -> list[Record]:
    """Return the most accurate of a seed's front on validation."""
    run = study.run(seed)
    objectives = chosen_objectives(read_config(run).objectives)
    return pareto_front(read_records(run.records), objectives)[:CANDIDATES]


def train(study: Study, name: str, space: str, values: Mapping[str, Any], seed: int) -> Result:
    """Train one network on the data of a seed's search."""
    from nas.evaluation.recipe import Recipe

    run = study.run(seed)
    dataset = open_data(run, read_config(run))
    recipe = Recipe(study.epochs, BATCH_SIZE, seed)
    return study.log.train(name, study.space(space), values, dataset, recipe)


def read_entries(study: Study, seeds: Sequence[int]) -> list[Entry]:
    """Return all trained networks of some seeds with their costs, which their int8 files tell."""
    spaces = {name: study.space(name) for name in ("xception_lite", "mobilenet_lite")}
    entries = []
    for trained in study.log.read():
        space = spaces[HAND_MADE.get(trained.network, ("xception_lite", ""))[0]]
        if trained.seed in seeds:
            costs = Estimator().estimate(study.log.operators(trained, space))
            entries.append(Entry.of(trained, costs))
    return entries


def _open(options: argparse.Namespace) -> Study:
    """Begin the study in its folder, or take it up."""
    names = ("data", "image_size", "epochs", "trials", "search_epochs")
    asked = {name: getattr(options, name) for name in names}
    log = TrainingLog(options.out)
    classes = _count_classes(asked["data"], log.out)  # data that cannot be used begin no study
    log.settle(asked)
    return Study(**asked, classes=classes, log=log)


def _count_classes(data: str, out: Path) -> int:
    """Return how many classes the data has: a search that was begun knows, else it is decoded."""
    from nas.data.sources import prepare_dataset

    for config in sorted(out.glob("seed-*/run.json")):
        return len(read_config(RunDirectory(config.parent)).class_names)
    with TemporaryDirectory(prefix="study-a-") as folder:
        return len(prepare_dataset(data, image_size=16, seed=0, directory=Path(folder)).class_names)


def make_parser() -> StudyParser:
    """Return the study's options."""
    parser = StudyParser("study_a", "Xception, Xception-Lite and MobileNetV2 against a search.")
    add = parser.add_argument
    add("--data", default="pcb_synthetic", metavar="SPEC", help="images, as nas.search takes them")
    add("--image-size", type=parse_count, default=64, metavar="N", help="side in pixels")
    add("--seeds", type=parse_count, default=3, metavar="N", help="repetitions")
    add("--epochs", type=parse_count, default=5, metavar="N", help="epochs of a training")
    add("--trials", type=parse_count, default=8, metavar="N", help="candidates of a search")
    add("--search-epochs", type=parse_count, default=2, metavar="N",
        help="epochs of a candidate's brief training")  # fmt: skip
    add("--steps", type=parse_count, metavar="N",
        help="stop after so many trainings and searches (default: when all are done)")  # fmt: skip
    add("--out", type=Path, default=Path("runs/study_a"), metavar="DIR", help="where all is kept")
    return parser


if __name__ == "__main__":
    run_study(make_parser(), redo)
