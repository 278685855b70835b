"""A run as optuna-dashboard is to show it: a study in memory, made of the run's records.

The run's own study will not do: it completes every trial, because samplers stall on others, and
says by constraints which candidates count; optuna-dashboard 0.21 does not read the constraints of
Optuna 5 and takes each for feasible.
"""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState, create_trial
from optuna_dashboard import save_note

from nas.records.record import NUMERIC_FIELDS, Record
from nas.records.run import RunConfig, RunDirectory
from nas.study.storage import study_name
from nas.view.dashboard_files import RunFiles
from nas.view.quantity import shown_interval, source
from nas.view.statement import counted, statements
from nas.view.table import export_command
from nas.view.text import plain
from objectives import Objective

_LONGEST = 600
"""Characters of a text from the data."""

_NOTE = """\
{statements}

{counts}. A trial is Complete if its candidate is; infeasible and stopped ones are Pruned and failed
ones Fail, so that none of them is among the best trials. The run's records are shown, and nothing
can be changed here.
"""


def dashboard_study(
    directory: RunDirectory,
    config: RunConfig,
    records: Sequence[Record],
    objectives: Sequence[Objective],
) -> tuple[optuna.storages.BaseStorage, RunFiles]:
    """Return a study of a run's records, and the files that belong to it.

    Args:
        directory: The run.
        config: Its configuration.
        records: All its records.
        objectives: What it pursues.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    files, storage = RunFiles(), optuna.storages.InMemoryStorage()
    study = optuna.create_study(
        storage=storage,
        study_name=plain(study_name(config)),
        directions=[objective.direction for objective in objectives],
    )
    with warnings.catch_warnings():  # experimental since Optuna 3.2
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study.set_metric_names([objective.title for objective in objectives])
    study_id = storage.get_study_id_from_name(study.study_name)
    for name, value in files.attributes([directory.front_png, directory.front_csv]).items():
        storage.set_study_system_attr(study_id, name, value)
    said = "\n".join(f"* {plain(each, _LONGEST)}" for each in statements(config, records))
    save_note(study, _NOTE.format(statements=said, counts=counted(records) or "No candidate"))
    space = _space([_parameters(record) for record in records])
    for record in records:
        study.add_trial(_trial(record, objectives, space, directory, files))
    return storage, files


def _trial(
    record: Record,
    objectives: Sequence[Objective],
    space: Mapping[str, BaseDistribution],
    directory: RunDirectory,
    files: RunFiles,
) -> FrozenTrial:
    model = directory.model(record.candidate_id) / "model.tflite"
    parameters = _parameters(record)
    values = [objective.value(record.as_dict()) for objective in objectives]
    known = [value for value in values if value is not None]
    state = _state(record, is_known=len(known) == len(values))
    trial = create_trial(
        state=state,
        values=known if state == TrialState.COMPLETE else None,
        params=parameters,
        distributions={name: space[name] for name in parameters},
        user_attrs=_attributes(record, directory),
        system_attrs=files.attributes([model]),
    )
    trial.datetime_start, trial.datetime_complete = _times(record, trial.datetime_complete)
    return trial


def _state(record: Record, *, is_known: bool) -> TrialState:
    """Return a state: the dashboard takes completed trials for those among which to choose."""
    if record.status == "failed":
        return TrialState.FAIL
    is_complete = record.status == "complete" and is_known
    return TrialState.COMPLETE if is_complete else TrialState.PRUNED


def _times(record: Record, now: datetime | None) -> tuple[datetime | None, datetime | None]:
    """Return when a candidate's evaluation began and ended, in the time of this place."""
    if record.finished_at is None:
        return now, now
    end = datetime.fromisoformat(record.finished_at).astimezone().replace(tzinfo=None)
    return end - timedelta(seconds=sum(record.seconds.values())), end


def _attributes(record: Record, directory: RunDirectory) -> dict[str, Any]:
    """Return what is known of a candidate; names carry the units."""
    export = export_command(directory.path, record.candidate_id)
    texts = {
        "candidate_id": record.candidate_id,
        "status": record.status,
        "reason": record.reason,
        "preset": record.preset,
        "accuracy, 95 %": shown_interval(record, "accuracy"),
        "latency interval": shown_interval(record, "latency_ms"),
        "latency from": source(record, "latency_ms"),
        "device": record.latency_device,
        "export": export if record.status == "complete" else None,
    }
    numbers = {name: getattr(record, name) for name in sorted(NUMERIC_FIELDS)}
    return {
        name: plain(value, _LONGEST) if isinstance(value, str) else value
        for name, value in {**texts, **numbers}.items()
        if value is not None
    }


def _parameters(record: Record) -> dict[str, Any]:
    return {plain(name): _value(value) for name, value in record.hyperparameters.items()}


def _value(value: Any) -> bool | int | float | str:
    return value if isinstance(value, bool | int | float) else plain(value)


def _space(drawn: Iterable[Mapping[str, Any]]) -> dict[str, BaseDistribution]:
    """Return the ranges of the hyperparameters, as far as they were drawn."""
    values: dict[str, list[Any]] = {}
    for parameters in drawn:
        for name, value in parameters.items():
            values.setdefault(name, []).append(value)
    return {name: _distribution(found) for name, found in values.items()}


def _distribution(values: Sequence[Any]) -> BaseDistribution:
    kinds = {type(value) for value in values}
    if kinds == {int}:
        return IntDistribution(min(values), max(values))
    if kinds <= {int, float}:
        return FloatDistribution(min(values), max(values))
    return CategoricalDistribution(sorted(set(values), key=repr))
