"""Steps with made-up costs."""

from typing import Any

from nas.edgetpu.attribution import Cause
from nas.sweeping.step import Step

CAUSES: tuple[Cause, ...] = (
    "computing", "unfilled cells", "cut activations", "streamed parameters",
    "operators on the CPU", "input", "program", "output",
)  # fmt: skip


def step(value: float, size: int, *, cpu_ms: float = 50.0, **parts: Any) -> Step:
    """A step of a convolutional network; keywords are milliseconds by cause, ``_`` for a space."""
    given = {name.replace("_", " "): ms for name, ms in parts.items()}
    causes: dict[Cause, float] = {cause: given.get(cause, 0.0) for cause in CAUSES}
    latency = sum(causes.values())
    return Step(
        value=value, parameters=size, macs=size, input_bytes=size, latency_ms=latency,
        latency_low_ms=0.85 * latency, latency_high_ms=1.25 * latency, cpu_latency_ms=cpu_ms,
        off_chip_bytes=round(causes["streamed parameters"] * (1 << 18)), on_chip_bytes=1,
        peak_activation_bytes=1 << 20, ops_total=9, ops_mapped=9, convolutions=5,
        causes_ms=causes,
    )  # fmt: skip
