"""The objectives a search can have; they read records only."""

from objectives.accuracy import ACCURACY
from objectives.energy import ENERGY_MJ
from objectives.latency import LATENCY_MS, MACS
from objectives.memory import MEMORY_BYTES, OFF_CHIP_BYTES, PARAMETERS, TRAINING_MEMORY_BYTES
from objectives.objective import Objective

__all__ = ["DEFAULT_OBJECTIVES", "OBJECTIVES", "Objective"]

OBJECTIVES: dict[str, Objective] = {
    "accuracy": ACCURACY,
    "latency_ms": LATENCY_MS,
    "memory_bytes": MEMORY_BYTES,
    "energy_mj": ENERGY_MJ,
    "off_chip_bytes": OFF_CHIP_BYTES,
    "parameters": PARAMETERS,
    "macs": MACS,
    "training_memory_bytes": TRAINING_MEMORY_BYTES,
}

DEFAULT_OBJECTIVES = ("accuracy", "latency_ms", "memory_bytes")
