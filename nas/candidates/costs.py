"""A candidate's costs, as fields of its record."""

from typing import Any

from nas.candidates.reading import Reading
from nas.edgetpu.estimator import Estimate, Estimator


def known_costs(reading: Reading, estimator: Estimator) -> dict[str, Any]:
    """Return what is known before training: nothing of a network that has to be converted."""
    if reading.network is None:
        return {}
    return cost_fields(estimator.estimate(reading.network)) | {"parameters": reading.parameters}


def cost_fields(estimate: Estimate) -> dict[str, Any]:
    """Return what the chip model says of a network under the names that records use."""
    return {
        "latency_ms": estimate.latency_ms,
        "latency_low_ms": estimate.latency_low_ms,
        "latency_high_ms": estimate.latency_high_ms,
        "latency_source": "estimate",
        "energy_mj": estimate.energy_mj,
        "energy_source": "estimate",
        "memory_bytes": estimate.parameter_bytes,
        "on_chip_bytes": estimate.on_chip_bytes,
        "off_chip_bytes": estimate.off_chip_bytes,
        "peak_activation_bytes": estimate.peak_activation_bytes,
        "macs": estimate.macs,
        "front_end_ms": estimate.front_end_ms,
        "ops_total": estimate.ops_total,
        "ops_mapped": estimate.ops_mapped,
    }
