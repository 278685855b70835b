"""Where a study is kept: a journal in the run directory, or a storage that machines share."""

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from nas.errors import StudyLostError, UserError, one_line
from nas.records.run import MACHINE_SETTINGS, RunConfig, RunDirectory, Settings
from objectives import Objective

SETTINGS = "settings"
"""Attribute of a study: what its first machine was asked for."""

MAY_DIFFER = (*MACHINE_SETTINGS, "data", "trials", "trial_timeout_s", "sampler")
"""Settings in which the machines of one study may differ."""

FINGERPRINT = "data_fingerprint"

_SETTINGS = {entry.name for entry in fields(Settings)} - set(MACHINE_SETTINGS)
_SHARED = _SETTINGS | {FINGERPRINT}

_JOURNAL_BEGINS = b'{"op_code"'
_BLOCK = 4096


def open_study(
    config: RunConfig,
    directory: RunDirectory,
    objectives: Sequence[Objective],
    sampler: optuna.samplers.BaseSampler | None = None,
) -> optuna.Study:
    """Open the run's study, or create it.

    Args:
        config: The run.
        directory: Where its journal is, if it has no other storage.
        objectives: What it pursues.
        sampler: Proposes candidates; whoever only reads needs none.

    Raises:
        UserError: The storage cannot be opened, or holds a study with other settings.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    directions = [objective.direction for objective in objectives]
    try:
        study = optuna.create_study(
            storage=_open(config.storage) if config.storage else _own_journal(directory.journal),
            study_name=study_name(config),
            sampler=sampler,
            directions=directions,
            load_if_exists=True,
        )
    except Exception as error:  # every storage raises its own errors
        raise UserError(f"the study cannot be opened: {_explained(error)}") from error
    if [direction.name.lower() for direction in study.directions] != directions:
        raise UserError(
            f"study {study.study_name!r} exists with other objectives; name another run"
        )
    if study.get_trials(deepcopy=False):
        study.sampler.reseed_rng()  # the seed would draw once more what it drew at the start
    known = _settings_of(study)
    _check_agreement(study.study_name, known, vars(config))
    if not known:
        _write_settings(study, config)
    with warnings.catch_warnings():  # experimental since Optuna 3.2; only labels the dashboard
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study.set_metric_names([objective.name for objective in objectives])
    return study


def study_name(config: RunConfig) -> str:
    """Return the name of a run's study: the one it was given, or one of its own."""
    return config.study or f"{config.space} {config.run_id}"


def check_storage(location: str) -> None:
    """Open a storage to see whether it can be.

    Args:
        location: An SQLAlchemy URL, or the path of a journal file.

    Raises:
        UserError: It cannot.
    """
    _checked(location)


def _checked(location: str) -> BaseStorage:
    try:
        return _open(location)
    except Exception as error:  # every storage raises its own errors
        raise UserError(f"--storage cannot be opened: {_explained(error)}") from error


def joined_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """Add what a named study was started with to what this machine is asked for.

    Args:
        given: Fields of ``Settings`` that the user named.

    Returns:
        The same with the study's for the rest; nothing is added where the study is not there yet.

    Raises:
        UserError: The storage cannot be opened, or the study was started with something else.
    """
    if given.get("study") is None:
        return dict(given)
    if given.get("storage") is None:
        raise UserError("--study needs --storage: where do the machines of the study meet?")
    known = _known_settings(_checked(given["storage"]), given["study"])
    _check_agreement(given["study"], known, given)
    return {**{name: known[name] for name in known.keys() & _SETTINGS}, **given}


def check_study(config: RunConfig) -> None:
    """Check before a run begins that it may share the study it names.

    Raises:
        UserError: The storage cannot be opened, or the study was started with something else.
    """
    if config.study is not None and config.storage is not None:
        known = _known_settings(_checked(config.storage), config.study)
        _check_agreement(config.study, known, vars(config))


@contextmanager
def lost_storage_explained() -> Iterator[None]:
    """Say in one line that a database went away during a search, or a disk is full.

    Raises:
        UserError: It did.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None or isinstance(error, BrokenPipeError):
            raise  # a defect of ours, or nobody reads what is printed
        what = ": ".join(str(part) for part in (error.filename, error.strerror or error) if part)
        raise UserError(
            f"the search cannot write any more ({what}): finished candidates are saved, --resume "
            "goes on when it can"
        ) from error
    except (Exception, StudyLostError) as error:
        from sqlalchemy.exc import SQLAlchemyError  # takes a third of a second

        lost = StudyLostError | optuna.exceptions.StorageInternalError | SQLAlchemyError
        if not isinstance(error, lost):
            raise
        raise UserError(
            f"the study's storage does not answer any more ({one_line(error, 120)}): finished "
            "candidates are saved, --resume goes on when it is back"
        ) from error


def _known_settings(storage: BaseStorage, name: str) -> dict[str, Any]:
    """Return what a study was started with; nothing if it is not there yet."""
    if name not in optuna.get_all_study_names(storage):
        return {}
    return _settings_of(optuna.load_study(study_name=name, storage=storage))


def _settings_of(study: optuna.Study) -> dict[str, Any]:
    known = study.user_attrs.get(SETTINGS, {})
    return {name: tuple(v) if isinstance(v, list) else v for name, v in known.items()}


def _check_agreement(name: str, known: Mapping[str, Any], ours: Mapping[str, Any]) -> None:
    """Refuse a machine that would do other things than its study's first one."""
    common = (known.keys() & ours.keys()) - set(MAY_DIFFER)
    # The data come last: another setting may be why they differ.
    for setting in sorted(common, key=lambda name: (name == FINGERPRINT, name)):
        if ours[setting] != known[setting]:
            raise UserError(
                f"study {name!r} was started with {setting} {known[setting]!r}, this machine has "
                f"{ours[setting]!r}: make them equal, or name another --study"
            )


def _write_settings(study: optuna.Study, config: RunConfig) -> None:
    """Write down what the study's first machine was asked for."""
    study.set_user_attr(SETTINGS, {name: getattr(config, name) for name in sorted(_SHARED)})


def _open(location: str) -> BaseStorage:
    if "://" not in location:
        return _journal(Path(location))
    from sqlalchemy.pool import NullPool

    # No connection idles while networks are trained: a server would close it.
    return RDBStorage(location, engine_kwargs={"poolclass": NullPool})


def _explained(error: Exception) -> str:
    if isinstance(error, ImportError):
        return (
            "the database's driver is not installed; "
            "PostgreSQL's comes with pip install 'edgetpu-nas[postgresql]'"
        )
    return f"{type(error).__name__}: {error}"


def _own_journal(path: Path) -> JournalStorage:
    """Open the run directory's journal, which a killed search may have left locked."""
    lock = path.with_name(path.name + ".lock")
    lock.unlink(missing_ok=True)  # the run directory is ours: whoever held it is gone
    return _journal(path)


def _journal(path: Path) -> JournalStorage:
    """Open a journal."""
    if path.exists():
        with path.open("rb") as file:
            if not _JOURNAL_BEGINS.startswith(file.read(len(_JOURNAL_BEGINS))):
                raise ValueError(f"{path} is no journal of Optuna's")
    lock = _MendingLock(path)
    if lock.acquire():
        lock.release()
    return JournalStorage(JournalFileBackend(str(path), lock))


class _MendingLock(JournalFileOpenLock):
    """A journal's lock; who has it finds whole lines only.

    A machine that dies while it writes leaves half a line, which the next one's would join: then
    nobody could read the journal any more. A lock that it left is taken after 30 s.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._journal = path

    def acquire(self) -> bool:
        """Wait for the lock, and cut off half a line at the journal's end."""
        acquired: bool = super().acquire()
        try:
            if self._journal.exists():
                _cut_unfinished_line(self._journal)
        except BaseException:
            self.release()
            raise
        return acquired


def _cut_unfinished_line(path: Path) -> None:
    with path.open("r+b") as file:
        end = start = file.seek(0, os.SEEK_END)
        tail = b""
        while start and b"\n" not in tail:
            start = max(0, start - _BLOCK)
            file.seek(start)
            tail = file.read(end - start)
        whole = start + tail.rfind(b"\n") + 1
        if whole < end:
            file.truncate(whole)
