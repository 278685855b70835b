"""Where a run's parts are put together: the one place that knows concrete spaces and objectives."""

import re
import uuid
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.data.dataset import Dataset
from nas.data.sources import prepare_dataset
from nas.data.storage import open_dataset
from nas.errors import UserError
from nas.evaluation.recipe import Recipe, parse_augmentation
from nas.provenance import git_commit, versions
from nas.records.chip_model import make_estimator
from nas.records.constraint import parse_constraint
from nas.records.run import RunConfig, RunDirectory, Settings, read_config, write_config
from nas.study.events import Observer
from objectives import OBJECTIVES, Objective
from search_spaces import SPACES, Space, SpaceError, find_maker, load_space, presets

if TYPE_CHECKING:
    from nas.executors.executor import Executor
    from nas.records.fidelity import Fidelity
    from nas.sampling.gate import Gate
    from nas.study.loop import Search
    from nas.study.measuring import Bench, Measuring
    from nas.study.outcome import Outcomes

OnProgress = Callable[[int, int], None]
"""Called with how many examples are ready, of how many."""


def check_settings(settings: Settings, path: Path) -> str | None:
    """Refuse what cannot work before anything is written.

    Args:
        settings: What is asked for.
        path: The run directory.

    Returns:
        What will be done otherwise than asked for, in words, or ``None``.

    Raises:
        UserError: An unknown space, objective, augmentation, constraint or storage, a sampler that
            cannot run here, or a run inside its data.
    """
    from nas.sampling.samplers import fitting_sampler

    chosen_objectives(settings.objectives)
    sampler, reason = fitting_sampler(settings.sampler, settings.objectives)
    parse_augmentation(settings.augment, are_images=True)  # whether they are, the data tells
    for text in settings.constraints:
        parse_constraint(text)
    data = Path(settings.data).resolve()
    if data.is_dir() and path.resolve().is_relative_to(data):
        raise UserError(f"the run directory {path} lies inside the data: name one outside it")
    if settings.inherit and settings.executor == "ray":
        raise UserError("--inherit needs --executor processes: nodes do not share weights")
    if settings.storage is not None:
        from nas.study.storage import check_storage

        check_storage(settings.storage)
    if settings.space not in SPACES:  # a user's own space is imported to see whether it can be
        try:
            find_maker(settings.space)
        except SpaceError as error:
            raise UserError(str(error)) from error
    return None if reason is None else f"sampler {sampler} instead of {settings.sampler}: {reason}"


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
        samples=settings.samples,
        seed=settings.seed,
        directory=directory.data,
        on_progress=on_progress,
    )
    config = _config(settings, dataset)
    if config.study is not None:
        from nas.study.storage import check_study

        check_study(config)
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
    directory: RunDirectory,
    config: RunConfig,
    pool: "Executor",
    observer: Observer,
    bench: "Bench | None" = None,
) -> "Search":
    """Put the parts of a search together.

    Args:
        directory: Where everything is written.
        config: The run.
        pool: Evaluates candidates.
        observer: Told what happens.
        bench: Measures candidates; ``None`` leaves the estimates.

    Raises:
        UserError: The space, the study or the data cannot be opened.
    """
    from nas.sampling.description import Describer
    from nas.sampling.samplers import expectations, make_sampler, preparation
    from nas.study.loop import Search
    from nas.study.outcome import Outcomes
    from nas.study.storage import open_study

    objectives = chosen_objectives(config.objectives)
    constraints = [parse_constraint(text) for text in config.constraints]
    space = make_space(config, open_data(directory, config))
    estimator = make_estimator(config)
    describe = Describer(space, estimator, objectives[1:], constraints)
    sampler = make_sampler(config.sampler, _sampler_seed(config), describe)
    outcomes = Outcomes(config, objectives, constraints)
    study = open_study(config, directory, objectives, sampler)
    return Search(
        directory=directory,
        space=space,
        presets=presets(space),
        outcomes=outcomes,
        study=study,
        pool=pool,
        estimator=estimator,
        recipe=make_recipe(config),
        observer=observer,
        gate=make_gate(config, objectives) if config.gate else None,
        expected=expectations(sampler),
        prepare=preparation(sampler, study),
        measuring=None if bench is None else _make_measuring(directory, outcomes, observer, bench),
    )


def _make_measuring(
    directory: RunDirectory, outcomes: "Outcomes", observer: Observer, bench: "Bench"
) -> "Measuring":
    from nas.evaluation.pipeline import MODEL_FILE
    from nas.study.measuring import Measuring

    return Measuring(
        bench=bench,
        log=directory.measurements,
        model_file=lambda candidate_id: directory.model(candidate_id) / MODEL_FILE,
        outcomes=outcomes,
        observer=observer,
        needs_device=outcomes.config.device_failures is not None,
    )


def make_gate(config: RunConfig, objectives: Sequence[Objective]) -> "Gate":
    """Make what ends trainings that will hardly reach the front."""
    from nas.sampling.gate import Gate

    examples = config.split_sizes["validation"]
    return Gate(objectives, config.epochs, examples, draws_alike=config.sampler == "random")


def check_fidelity(
    directory: RunDirectory, config: RunConfig, say: Callable[[str], None]
) -> "Fidelity | None":
    """Train some of a run's candidates longer and compare, as far as it asks for that.

    Args:
        directory: The run, searched to the end.
        config: Its configuration.
        say: Told a line for each candidate that is done.

    Returns:
        The rank correlation, or ``None`` if nothing could be compared.
    """
    from nas.executors.executor import make_executor
    from nas.records.fidelity import LONGER
    from nas.records.record import read_records
    from nas.study.fidelity_check import FidelityCheck

    patient = replace(config, trial_timeout_s=LONGER * config.trial_timeout_s)
    check = FidelityCheck(
        directory=directory,
        config=config,
        recipe=make_recipe(config),
        estimator=make_estimator(config),
        pool=make_executor(patient),
        say=say,
    )
    return check.run(read_records(directory.records))


def make_recipe(config: RunConfig) -> Recipe:
    """Make the brief training of the run."""
    return Recipe(config.epochs, config.batch_size, config.seed, augmentation=config.augment)


def open_data(directory: RunDirectory, config: RunConfig) -> Dataset:
    """Open the run's data, or prepare it again where it was deleted.

    Raises:
        UserError: It can neither be opened nor prepared, or it is not what the run began with.
    """
    try:
        dataset = open_dataset(directory.data)
    except UserError:
        dataset = prepare_dataset(
            config.data,
            image_size=config.image_size,
            samples=config.samples,
            seed=config.seed,
            directory=directory.data,
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


def unmapped_note(directory: RunDirectory, config: RunConfig) -> str | None:
    """Say what of a user's own space stays on the CPU at its default settings, if anything does.

    Raises:
        UserError: The space or the data cannot be opened.
    """
    from nas.candidates.hyperparameters import fixed_hyperparameters
    from nas.candidates.reading import read_candidate
    from nas.edgetpu.remedies import unmapped_layers
    from nas.errors import CandidateError

    if config.space in SPACES:
        return None
    space = make_space(config, open_data(directory, config))
    try:
        reading = read_candidate(space, fixed_hyperparameters({}))
    except CandidateError:
        return None  # other settings may build; each that does not is recorded
    if reading.network is None:
        return reading.reason
    estimate = make_estimator(config).estimate(reading.network)
    return "; ".join(unmapped_layers(reading.network, estimate)) or None


def _sampler_seed(config: RunConfig) -> int:
    """Machines that share a study must not all propose the same."""
    return config.seed if config.study is None else zlib.crc32(config.run_id.encode())


def _config(settings: Settings, dataset: Dataset) -> RunConfig:
    from nas.sampling.samplers import fitting_sampler

    sampler, _ = fitting_sampler(settings.sampler, settings.objectives)
    found = {
        "augment": parse_augmentation(settings.augment, are_images=dataset.image_side is not None),
        "image_size": dataset.image_side,
        "sampler": sampler,
    }
    return RunConfig(
        **{**vars(settings), **found},
        class_names=dataset.class_names,
        split_sizes=dataset.split_sizes,
        data_fingerprint=dataset.fingerprint,
        is_synthetic=dataset.is_synthetic,
        sample_rate_hz=dataset.sample_rate_hz,
        versions=versions(),
        git_commit=git_commit(),
        run_id=uuid.uuid4().hex[:12],
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
