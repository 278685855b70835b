"""A run directory: what was asked for, and where everything is written."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from nas.edgetpu.chip import LinkName
from nas.edgetpu.host import HostName
from nas.errors import UserError
from nas.json_values import convert, load
from nas.records import measurements
from objectives import DEFAULT_OBJECTIVES

COST_AWARE = "cost_aware"

SAMPLERS = (COST_AWARE, "tpe", "nsga2", "gp", "random")
"""Our own, and Optuna's."""

EXECUTORS = ("processes", "ray")

MACHINE_SETTINGS = (
    "storage", "study", "workers", "timeout_s", "executor", "ray_address", "ray_cpus",
    "check_fidelity", "device", "device_failures", "compiler", "power",
)  # fmt: skip
"""Settings of one machine, where several share a study."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a user asks a run for.

    Attributes:
        space: Registered name, dotted path or file of the search space.
        data: What the user named as data.
        image_size: Side of the stored images in pixels; ``None`` leaves it to the data.
        samples: Samples of a stored signal; ``None`` leaves it to the data.
        objectives: Names of the objectives.
        constraints: Constraints as written, such as ``latency_ms<=5``.
        trials: Candidates to record.
        timeout_s: Wall time after which no new trial starts, in seconds.
        trial_timeout_s: Wall time after which a candidate is ended and recorded as failed.
        epochs: Epochs of the brief training.
        batch_size: Examples a training step.
        augment: Random changes of the training images, of ``nas.evaluation.recipe.AUGMENTATIONS``.
        seed: Seed of splits, sampler and training.
        workers: Candidates evaluated at once.
        sampler: What proposes candidates, one of ``SAMPLERS``.
        device: Where latency comes from: ``estimate`` for the chip model, ``auto`` for a device if
            one answers, or names of devices with commas between them.
        device_failures: Failures in a row after which a device is given up and the search stops;
            ``None`` gives it up after some and goes on with estimates.
        compiler: ``edgetpu_compiler``, which measuring needs; ``None`` looks for it on ``PATH``.
        power: What measures power while a device measures: ``auto``, a sensor or a ``.csv`` log.
        link: Link to the Edge TPU, such as ``usb3``.
        clock_mhz: Clock of the Edge TPU.
        host: CPU that runs what is not mapped.
        profile: Calibration that has the three, see ``nas.calibrate``; ``None`` is the package's.
        storage: SQLAlchemy URL or journal file of a study that several machines share; ``None``
            is a journal in the run directory.
        study: Name of that study; ``None`` is one of the run's own.
        executor: Where candidates are evaluated, ``processes`` of this machine or ``ray``.
        ray_address: Ray cluster to use, ``auto`` for the one that this machine belongs to.
        ray_cpus: Processors that a candidate takes of a node of the cluster.
        gate: Whether trainings that will hardly reach the Pareto front are ended.
        inherit: Whether a candidate starts from the weights of its closest relative.
        check_fidelity: Candidates trained longer at the end, to see whether the brief training
            ranks them alike; 0 is no check.
    """

    space: str = "xception_lite"
    data: str = "pcb_synthetic"
    image_size: int | None = None
    samples: int | None = None
    objectives: tuple[str, ...] = DEFAULT_OBJECTIVES
    constraints: tuple[str, ...] = ()
    trials: int = 12
    timeout_s: float | None = None
    trial_timeout_s: float = 3600.0
    epochs: int = 5
    batch_size: int = 32
    augment: tuple[str, ...] = ()
    seed: int = 0
    workers: int = 1
    sampler: str = COST_AWARE
    device: str = "estimate"
    device_failures: int | None = None
    compiler: str | None = None
    power: str = "auto"
    link: LinkName = "usb3"
    clock_mhz: float = 500.0
    host: HostName = "desktop"
    profile: str | None = None
    storage: str | None = None
    study: str | None = None
    executor: str = "processes"
    ray_address: str = "auto"
    ray_cpus: int = 1
    gate: bool = True
    inherit: bool = False
    check_fidelity: int = 0


@dataclass(frozen=True, kw_only=True)
class RunConfig(Settings):
    """The complete configuration of a run, written to ``run.json`` before the first trial.

    Attributes:
        run_id: Tells the run from every other, in a storage that several share.
        class_names: Name of each class, by label.
        split_sizes: Examples by split.
        data_fingerprint: SHA-256 of the data in its splits.
        is_synthetic: Whether the data was drawn by this project.
        sample_rate_hz: Samples a second of signals; ``None`` if unknown, and of images.
        versions: Versions of what computed the results, by distribution name.
        git_commit: Commit of the source tree, where known.
        created_at: Start in ISO 8601, UTC.
    """

    run_id: str
    image_size: int | None
    class_names: tuple[str, ...]
    split_sizes: Mapping[str, int]
    data_fingerprint: str
    is_synthetic: bool
    sample_rate_hz: float | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    git_commit: str | None = None
    created_at: str | None = None


@dataclass(frozen=True)
class RunDirectory:
    """The files of one run."""

    path: Path

    @property
    def config(self) -> Path:
        """The configuration, ``run.json``."""
        return self.path / "run.json"

    @property
    def records(self) -> Path:
        """One line a finished candidate."""
        return self.path / "records.jsonl"

    @property
    def journal(self) -> Path:
        """Optuna's journal."""
        return self.path / "study.journal"

    @property
    def measurements(self) -> Path:
        """One line an attempt to measure a candidate on a device."""
        return self.path / measurements.FILE

    @property
    def lock(self) -> Path:
        """Held by the search that writes here; its presence marks a run's directory."""
        return self.path / "lock"

    @property
    def outputs(self) -> tuple[Path, ...]:
        """What a run writes beside its configuration and its lock."""
        models = self.path / "models"
        views = (self.front_csv, self.front_png, self.report)
        logs = (self.records, self.measurements, self.journal, self.fidelity)
        return (self.data, *logs, models, *views)

    @property
    def data(self) -> Path:
        """The decoded data set in its splits."""
        return self.path / "data"

    @property
    def fidelity(self) -> Path:
        """One line a candidate that was trained longer, to compare."""
        return self.path / "fidelity.jsonl"

    @property
    def front_csv(self) -> Path:
        """The Pareto front as a table."""
        return self.path / "pareto.csv"

    @property
    def front_png(self) -> Path:
        """The Pareto front as a picture."""
        return self.path / "pareto.png"

    @property
    def report(self) -> Path:
        """The self-contained page."""
        return self.path / "report.html"

    def model(self, candidate_id: str) -> Path:
        """The folder of one candidate's files.

        Raises:
            UserError: The id would lead out of the run, as no id of ours does.
        """
        if not re.fullmatch(r"[A-Za-z0-9_-]+", candidate_id):
            raise UserError(f"{self.path}: {candidate_id!r:.80} is no candidate's id")
        return self.path / "models" / candidate_id


def write_config(directory: RunDirectory, config: RunConfig) -> None:
    """Write ``run.json`` whole or not at all."""
    partial = directory.config.with_suffix(".partial")
    text = json.dumps(asdict(config), indent=2, ensure_ascii=False) + "\n"
    partial.write_text(text, encoding="utf-8")
    partial.replace(directory.config)


def read_config(directory: RunDirectory) -> RunConfig:
    """Read ``run.json``.

    Raises:
        UserError: The directory is no run, or its configuration cannot be read.
    """
    try:
        values = load(directory.config.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{directory.path}: not a run directory (no run.json)") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{directory.config}: cannot be read ({error})") from None
    try:
        return convert(values, RunConfig)
    except ValueError as error:
        raise UserError(f"{directory.config}: not a run's configuration ({error})") from None
