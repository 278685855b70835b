"""What the numbers of a run are, in plain sentences."""

from collections import Counter
from collections.abc import Sequence

from nas.records.record import STATUSES, Record
from nas.records.run import RunConfig


def statements(config: RunConfig, records: Sequence[Record]) -> list[str]:
    """Return what is estimated, what is measured and what is synthetic, a sentence each."""
    return [_data(config), _accuracy(config), *_latency(config, records), *_energy(records)]


def counted(records: Sequence[Record]) -> str:
    """Return how many candidates have each status, such as ``4 complete, 2 infeasible``."""
    counts = Counter[str](record.status for record in records)
    return ", ".join(f"{counts[status]} {status}" for status in STATUSES if counts[status])


def _data(config: RunConfig) -> str:
    if config.is_synthetic:
        return (
            f"The data {config.data} is synthetic: this project drew it. "
            "Accuracies compare networks on it and say little about real recordings."
        )
    return f"The data is {config.data}."


def _accuracy(config: RunConfig) -> str:
    size = config.split_sizes.get("validation")
    split = "the validation split" if size is None else f"{size} validation examples"
    tested = config.split_sizes.get("test")
    others = "the examples of the test split" if tested is None else f"the {tested} test examples"
    epochs = f"{config.epochs} epoch{'s' if config.epochs > 1 else ''}"
    return (
        f"Accuracy is that of the int8 network on {split}, after a training of up to "
        f"{epochs}. Its 95 % interval is that of the accuracy on {others}, which were not read."
    )


def _latency(config: RunConfig, records: Sequence[Record]) -> list[str]:
    counts = Counter(record.latency_source for record in records if record.status == "complete")
    said = []
    if counts["estimate"]:
        said.append(
            f"The latency of {_candidates(counts['estimate'])} is an estimate for an Edge TPU at "
            f"{config.clock_mhz:g} MHz over {config.link} with host {config.host}, with its 80 % "
            "interval; no device ran them."
        )
    if counts["device"]:
        said.append(
            f"The latency of {_candidates(counts['device'])} was measured on a device "
            f"({_devices(records)}), shown with its quartiles."
        )
    if counts["estimate"] and counts["device"]:
        said.append("Estimates and measurements share this front; compare them with care.")
    return said


def _energy(records: Sequence[Record]) -> list[str]:
    counts = Counter(record.energy_source for record in records if record.status == "complete")
    if not counts["device"]:
        return []
    others = "; that of the others is an estimate" if counts["estimate"] else ""
    return [
        f"The energy of {_candidates(counts['device'])} was measured by a power sensor{others}."
    ]


def _devices(records: Sequence[Record]) -> str:
    named = (record.latency_device for record in records if record.status == "complete")
    return ", ".join(sorted({name for name in named if name is not None})) or "unnamed"


def _candidates(count: int) -> str:
    return "1 candidate" if count == 1 else f"{count} candidates"
