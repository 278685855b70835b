"""Records for tests."""

from typing import Any

from nas.records.record import Record


def record(candidate_id: str = "a", **values: Any) -> Record:
    """A complete record with round numbers, changed where a test cares."""
    settings: dict[str, Any] = {
        "space": "xception_lite",
        "hyperparameters": {"width": 8},
        "status": "complete",
        "accuracy": 0.5,
        "latency_ms": 1.0,
        "memory_bytes": 1000,
    }
    return Record(candidate_id, **{**settings, **values})
