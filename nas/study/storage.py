"""Where a study is kept: a journal in the run directory, or any Optuna storage."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from nas.errors import UserError
from nas.study.run import RunConfig, RunDirectory
from objectives import Objective

SAMPLERS = ("tpe", "nsga2", "random")


def open_study(
    config: RunConfig, directory: RunDirectory, objectives: Sequence[Objective]
) -> optuna.Study:
    """Open the run's study, or create it.

    Raises:
        UserError: The storage cannot be opened, or holds a study with other objectives.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    directions = [objective.direction for objective in objectives]
    try:
        study = optuna.create_study(
            storage=config.storage or _journal(directory.journal),
            study_name=f"{config.space} {config.run_id}",
            sampler=_sampler(config.sampler, config.seed),
            directions=directions,
            load_if_exists=True,
        )
    except Exception as error:  # every storage raises its own errors
        raise UserError(f"the study cannot be opened: {type(error).__name__}: {error}") from error
    if [direction.name.lower() for direction in study.directions] != directions:
        raise UserError(
            f"study {study.study_name!r} exists with other objectives; name another run"
        )
    with warnings.catch_warnings():  # experimental since Optuna 3.2; only labels the dashboard
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study.set_metric_names([objective.name for objective in objectives])
    return study


def check_storage(url: str) -> None:
    """Open an Optuna storage to see whether it can be.

    Raises:
        UserError: It cannot.
    """
    try:
        optuna.storages.get_storage(url)
    except Exception as error:  # every storage raises its own errors
        raise UserError(f"--storage cannot be opened: {type(error).__name__}: {error}") from error


def _sampler(name: str, seed: int) -> optuna.samplers.BaseSampler:
    match name:
        case "tpe":
            return optuna.samplers.TPESampler(seed=seed)
        case "nsga2":
            return optuna.samplers.NSGAIISampler(seed=seed)
        case "random":
            return optuna.samplers.RandomSampler(seed=seed)
    raise UserError(f"unknown sampler {name!r}; use one of {', '.join(SAMPLERS)}")


def _journal(path: Path) -> JournalStorage:
    """Open a journal that a killed search may have left locked, or with half a line at its end."""
    lock = path.with_name(path.name + ".lock")
    lock.unlink(missing_ok=True)  # the run directory is ours: whoever held it is gone
    if path.exists():
        _cut_unfinished_line(path)
    return JournalStorage(JournalFileBackend(str(path), JournalFileOpenLock(str(path))))


def _cut_unfinished_line(path: Path) -> None:
    with path.open("r+b") as file:
        content = file.read()
        file.truncate(content.rfind(b"\n") + 1)
