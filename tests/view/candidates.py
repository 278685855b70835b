"""Made-up candidates and runs for the tests of views; no network stands behind these numbers."""

import random
from pathlib import Path
from typing import Any

from nas.records.record import STATUSES, Record, Status, append_record
from nas.records.run import RunConfig, RunDirectory, write_config

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "\"><b onmouseover='alert(1)'>",
    "]]></style><!-- ${x} %{y} $a^2$ [bold red]",
    "\u202e\u2066evil\u200f\x1b[31m\x00\x07\ud800",
    "🦊👩‍🔬 naïve 表",
    "x" * 5000,
)


def candidate(
    candidate_id: str,
    accuracy: float | None = None,
    latency_ms: float | None = None,
    memory_bytes: int | None = None,
    *,
    status: Status = "complete",
    **values: Any,
) -> Record:
    """Return a record with estimated latency and no hyperparameters unless given."""
    given: dict[str, Any] = {"hyperparameters": {}, "latency_source": "estimate", **values}
    return Record(
        candidate_id,
        "made_up",
        status=status,
        accuracy=accuracy,
        latency_ms=latency_ms,
        memory_bytes=memory_bytes,
        **given,
    )


def trade_off() -> list[Record]:
    """Return three candidates on the front, one dominated, and one of each other status."""
    return [
        candidate("small", 0.70, 1.0, 100_000, hyperparameters={"filters": 8}),
        candidate("large", 0.95, 4.0, 900_000, hyperparameters={"filters": 64, "act": "relu"}),
        candidate("middle", 0.90, 2.0, 400_000, hyperparameters={"filters": 32}, preset="default"),
        candidate("worse", 0.80, 3.0, 500_000, hyperparameters={"filters": 48}),
        candidate("huge", None, 9.0, 9_000_000, status="infeasible", reason="latency_ms <= 5"),
        candidate("gated", None, 3.9, 880_000, status="stopped", reason="needs accuracy 0.96"),
        candidate("broken", status="failed", reason="out of memory"),
    ]


def many(count: int, *, measured: float = 0.0, seed: int = 7) -> list[Record]:
    """Return ``count`` complete-looking records, a share ``measured`` of them on a device."""
    draw = random.Random(seed)  # noqa: S311 - made-up data
    return [_drawn(draw, index, measured) for index in range(count)]


def _drawn(draw: random.Random, index: int, measured: float) -> Record:
    latency = draw.uniform(0.5, 6.0)
    accuracy = min(0.985, 0.6 + 0.38 * (1 - 2 ** -(0.7 * latency)) - abs(draw.gauss(0, 0.05)))
    memory = int(2e5 * latency * draw.uniform(0.7, 1.6))
    blocks = draw.randint(1, 6)
    source = "device" if draw.random() < measured else "estimate"
    spread = 0.03 if source == "device" else 0.2
    status = draw.choices(STATUSES, [80, 12, 6, 2])[0]
    is_complete = status == "complete"
    return candidate(
        f"{index:04x}{draw.getrandbits(32):08x}",
        accuracy if is_complete else None,
        latency,
        memory,
        status=status,
        preset={3: "xception_small", 11: "default"}.get(index),
        reason=None
        if is_complete
        else "off_chip_bytes <= 0, got 120,448; make the network smaller",
        accuracy_low=accuracy - 0.03 if is_complete else None,
        accuracy_high=min(accuracy + 0.025, 1.0) if is_complete else None,
        float_accuracy=accuracy + 0.006 if is_complete else None,
        latency_low_ms=latency * (1 - spread),
        latency_high_ms=latency * (1 + 1.3 * spread),
        latency_source=source,
        on_chip_bytes=min(memory, 1_000_000),
        off_chip_bytes=max(memory - 1_000_000, 0),
        parameters=memory - 20_000,
        macs=int(latency * 3.1e7),
        ops_total=40 + blocks,
        ops_mapped=40,
        epochs=4,
        trial=index,
        hyperparameters={
            "blocks": blocks,
            "filters": draw.choice([16, 24, 32, 64]),
            "residual": draw.random() < 0.5,
            "activation": draw.choice(["relu", "relu6"]),
            "learning_rate": draw.uniform(1e-4, 1e-2),
        },
    )


def configuration(**values: Any) -> RunConfig:
    """Return the configuration of a run on synthetic data."""
    given: dict[str, Any] = {
        "run_id": "made up",
        "space": "made_up",
        "data": "pcb_synthetic",
        "image_size": 48,
        "objectives": ("accuracy", "latency_ms", "memory_bytes"),
        "constraints": ("latency_ms<=5",),
        "trials": 20,
        "timeout_s": None,
        "epochs": 4,
        "batch_size": 32,
        "augment": (),
        "seed": 1,
        "workers": 2,
        "sampler": "tpe",
        "device": "estimate",
        "link": "usb3",
        "clock_mhz": 500.0,
        "host": "desktop",
        "storage": None,
        "class_names": ("good", "scratch", "missing_hole"),
        "split_sizes": {"train": 960, "validation": 240, "test": 300},
        "data_fingerprint": "0" * 64,
        "is_synthetic": True,
        "versions": {"keras": "3.15.0", "tensorflow-cpu": "2.20.0"},
        **values,
    }
    return RunConfig(**given)


def run_directory(path: Path, records: list[Record], **values: Any) -> RunDirectory:
    """Write a finished run and return it."""
    path.mkdir(parents=True)
    directory = RunDirectory(path)
    write_config(directory, configuration(**values))
    for record in records:
        append_record(directory.records, record)
    return directory
