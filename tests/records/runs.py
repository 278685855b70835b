"""Run configurations for tests."""

from typing import Any

from nas.records.run import RunConfig


def run_config(**values: Any) -> RunConfig:
    """A small run's configuration, changed where a test cares."""
    settings: dict[str, Any] = {
        "run_id": "test",
        "space": "xception_lite",
        "data": "pcb_synthetic",
        "image_size": 32,
        "objectives": ("accuracy", "latency_ms", "memory_bytes"),
        "constraints": (),
        "trials": 4,
        "timeout_s": None,
        "trial_timeout_s": 600.0,
        "epochs": 1,
        "batch_size": 16,
        "seed": 0,
        "workers": 1,
        "sampler": "tpe",
        "device": "estimate",
        "link": "usb3",
        "clock_mhz": 500.0,
        "host": "desktop",
        "storage": None,
        "class_names": ("defect", "ok"),
        "split_sizes": {"train": 10, "validation": 5, "calibration": 2, "test": 5},
        "data_fingerprint": "0" * 64,
        "is_synthetic": True,
    }
    return RunConfig(**{**settings, **values})
