"""Holding a run directory, so that one search at a time writes into it."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from nas.errors import UserError
from nas.records.run import RunDirectory, read_config


@contextmanager
def claimed(directory: RunDirectory, *, resumed: bool) -> Iterator[None]:
    """Hold a run directory from before anything is written into it until the search ends.

    A new one in which no run began, because its data cannot be read for instance, is removed.

    Args:
        directory: The run; made if it is new.
        resumed: Whether the run is there already and goes on.

    Raises:
        UserError: It cannot be written, holds something else, or another search runs in it.
    """
    is_new = not directory.path.exists()
    try:
        _check(directory, resumed=resumed)
        directory.path.mkdir(parents=True, exist_ok=True)
        file = directory.lock.open("a")
    except OSError as error:
        raise UserError(
            f"run directory {directory.path} cannot be written: {error.strerror}"
        ) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(f"{directory.path}: another search is running here") from None
        try:
            yield
        except BaseException:
            if is_new and not directory.config.exists():  # it never came to be a run
                shutil.rmtree(directory.path, ignore_errors=True)
            raise


def _check(directory: RunDirectory, *, resumed: bool) -> None:
    """Refuse a directory that is no run's, or that a new run would overwrite."""
    if resumed:
        read_config(directory)
    elif directory.config.exists():
        raise UserError(
            f"{directory.path} holds a run: add --resume to continue it, or name another"
        )
    taken = [each.name for each in directory.outputs if each.exists()]
    if taken and not directory.lock.exists():
        raise UserError(
            f"{directory.path} holds files that are not a run's ({taken[0]}): name another"
        )
