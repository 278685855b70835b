"""Where a run's parts are put together: the one place that knows concrete spaces and objectives."""

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.data.dataset import Dataset
from nas.data.sources import prepare_dataset
from nas.data.storage import open_dataset
from nas.edgetpu.estimator import Estimator
from nas.errors import UserError
from nas.evaluation.recipe import Recipe
from nas.provenance import git_commit, versions
from nas.study.constraint import parse_constraint
from nas.study.events import Observer
from nas.study.run import RunConfig, RunDirectory, Settings, read_config, write_config
from objectives import OBJECTIVES, Objective
from search_spaces import SPACES, Space, SpaceError, find_maker, load_space, presets

if TYPE_CHECKING:
    from nas.study.loop import Search
    from nas.study.workers import WorkerPool

OnProgress = Callable[[int, int], None]
"""Called with how many examples are ready, of how many."""


def check_settings(settings: Settings, path: Path) -> None:
    """Refuse what cannot work before anything is written.

    Args:
        settings: What is asked for.
        path: The run directory.

    Raises:
        UserError: An unknown space, objective, constraint or storage, or a run inside its data.
    """
    chosen_objectives(settings.objectives)
    for text in settings.constraints:
        parse_constraint(text)
    data = Path(settings.data).resolve()
    if data.is_dir() and path.resolve().is_relative_to(data):
        raise UserError(f"the run directory {path} lies inside the data: name one outside it")
    if settings.storage is not None:
        from nas.study.storage import check_storage

        check_storage(settings.storage)
    if settings.space not in SPACES:  # a user's own space is imported to see whether it can be
        try:
            find_maker(settings.space)
        except SpaceError as error:
            raise UserError(str(error)) from error


def chosen_objectives(names: Sequence[str]) -> list[Objective]:
    """Look objectives up by name.

    Raises:
        UserError: A name is unknown or doubled, or there is none.
    """
    for name in names:
        if name not in OBJECTIVES:
            raise UserError(f"unknown objective {name!r}; use one of {', '.join(OBJECTIVES)}")
    if not names or len(set(names)) < len(names):
        raise UserError(f"objectives must be different names, got {','.join(names)!r}")
    return [OBJECTIVES[name] for name in names]


def default_directory(space: str) -> Path:
    """Return ``runs/<space>-<timestamp>``."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", space).strip("-")
    return Path("runs") / f"{name}-{datetime.now(UTC):%Y%m%d-%H%M%S}"


def start_run(path: Path, settings: Settings, on_progress: OnProgress | None = None) -> RunConfig:
    """Decode the data into a claimed run directory, then write ``run.json``.

    Raises:
        UserError: The data cannot be used.
    """
    directory = RunDirectory(path)
    dataset = prepare_dataset(
        settings.data,
        image_size=settings.image_size,
        seed=settings.seed,
        directory=directory.data,
        on_progress=on_progress,
    )
    config = _config(settings, dataset)
    write_config(directory, config)
    return config


def resume_run(path: Path, changes: Mapping[str, Any]) -> RunConfig:
    """Take up a run with some of its budgets changed.

    Args:
        path: The run directory.
        changes: Fields of ``RunConfig`` to replace.

    Raises:
        UserError: The directory is no run.
    """
    directory = RunDirectory(path)
    config = read_config(directory)
    if any(getattr(config, name) != value for name, value in changes.items()):
        config = RunConfig(**{**vars(config), **changes})
        write_config(directory, config)
    return config


def assemble_search(
    directory: RunDirectory, config: RunConfig, pool: "WorkerPool", observer: Observer
) -> "Search":
    """Put the parts of a search together.

    Raises:
        UserError: The space, the study or the data cannot be opened.
    """
    from nas.study.loop import Search
    from nas.study.outcome import Outcomes
    from nas.study.storage import open_study

    objectives = chosen_objectives(config.objectives)
    constraints = [parse_constraint(text) for text in config.constraints]
    space = make_space(config, open_data(directory, config))
    return Search(
        directory=directory,
        space=space,
        presets=presets(space),
        outcomes=Outcomes(config, objectives, constraints),
        study=open_study(config, directory, objectives),
        pool=pool,
        estimator=make_estimator(config),
        recipe=Recipe(config.epochs, config.batch_size, config.seed),
        observer=observer,
    )


def open_data(directory: RunDirectory, config: RunConfig) -> Dataset:
    """Open the run's data, or prepare it again where it was deleted.

    Raises:
        UserError: It can neither be opened nor prepared, or it is not what the run began with.
    """
    try:
        dataset = open_dataset(directory.data)
    except UserError:
        dataset = prepare_dataset(
            config.data, image_size=config.image_size, seed=config.seed, directory=directory.data
        )
    if dataset.fingerprint != config.data_fingerprint:
        raise UserError(f"{config.data} is no longer the data that {directory.path} began with")
    return dataset


def make_space(config: RunConfig, dataset: Dataset) -> Space:
    """Make the run's search space for its data.

    Raises:
        UserError: The space cannot be loaded, or does not fit the data.
    """
    try:
        return load_space(
            config.space, input_shape=dataset.input_shape, classes=len(dataset.class_names)
        )
    except SpaceError as error:
        raise UserError(str(error)) from error
    except (TypeError, ValueError) as error:
        raise UserError(f"space {config.space!r} does not fit the data: {error}") from error


def make_estimator(config: RunConfig) -> Estimator:
    """Make the chip model of the run's device."""
    return Estimator(link=config.link, clock_mhz=config.clock_mhz, host=config.host)


def _config(settings: Settings, dataset: Dataset) -> RunConfig:
    return RunConfig(
        **{**vars(settings), "image_size": dataset.input_shape[0]},
        class_names=dataset.class_names,
        split_sizes=dataset.split_sizes,
        data_fingerprint=dataset.fingerprint,
        is_synthetic=dataset.is_synthetic,
        versions=versions(),
        git_commit=git_commit(),
        run_id=uuid.uuid4().hex[:12],
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
