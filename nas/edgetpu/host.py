"""The CPU that runs what the Edge TPU does not: int8 latency from two constants a host.

The constants are least squares on the six classification networks of Coral's benchmark page, which
ran the interpreter that ships with Coral's runtime: mean error 10 % on the desktop, 16 % on the
Cortex-A53 (worst: SqueezeNet, 47 % low there). A newer interpreter with XNNPACK is 10 – 20 times
faster on a desktop. Reference: https://coral.ai/docs/edgetpu/benchmarks/
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from nas.network.network import HostWork, Operator

HostName = Literal["desktop", "a53", "pi4"]


_CUSTOM_PASSES = 5
"""Passes over its inputs of a custom operator: detections are converted, sorted and compared."""


@dataclass(frozen=True)
class Host:
    """A CPU beside the Edge TPU.

    Attributes:
        name: ``desktop``, ``a53`` or ``pi4``.
        ms_per_gmac: Milliseconds for 10⁹ multiply-accumulates.
        ms_per_million_elements: Milliseconds for 10⁶ elements written.
        active_w: Watts above idle of one core computing.
        share_w: Watts above idle while it feeds the Edge TPU.
        invoke_ms: What an inference costs this host beyond a desktop, in milliseconds.
        usb_input_factor: How much longer than a desktop it takes to send input and program over
            USB; parameters are sent from where they lie.
        output_factor: How much longer than a desktop it takes to fetch an output.
        ms_per_million_pixels: Milliseconds to put 10⁶ output pixels in order.
        usb3_mb_per_s: USB 3 bandwidth of this host where it is below the link's, in 10⁶ bytes/s.
        source: Where the numbers are from.
    """

    name: HostName
    ms_per_gmac: float
    ms_per_million_elements: float
    active_w: float
    share_w: float
    invoke_ms: float
    usb_input_factor: float
    output_factor: float
    ms_per_million_pixels: float
    usb3_mb_per_s: float | None
    source: str


HOSTS: dict[HostName, Host] = {
    "desktop": Host(
        "desktop", 44.6, 5.98, 15.0, 2.0, 0.0, 1.0, 1.0, 66.4, None,
        "latency: Coral benchmarks; pixels: fit on analysis; power unverified",
    ),
    "a53": Host(
        "a53", 242.0, 8.92, 1.5, 0.72, 0.148, 1.42, 1.91, 141.0, None,
        "latency, invoke: Coral; share: Dev Board traces; active power unverified",
    ),
    "pi4": Host(
        "pi4", 157.0, 5.80, 3.0, 1.0, 1.85, 1.0, 1.4, 70.0, 272.0,
        "bandwidth, invoke: Coral reference timings; the rest scaled from the A53, unverified",
    ),
}  # fmt: skip


CPU_INTERVALS: dict[HostName, tuple[float, float]] = {
    "desktop": (0.52, 1.87), "a53": (0.77, 2.04), "pi4": (0.52, 2.04),
}  # fmt: skip
"""Measured over estimated CPU latency at the ends of an 80 % interval.

Lowest and highest of the seven networks of Coral's benchmark page, each predicted with rates fitted
on the other six (``benchmarks/fidelity_cpu.py``): of seven, the quantiles at 10 % and 90 % of n + 1
are the ends. No measurement of a Raspberry Pi 4 is at hand; it takes the wider ends of both.
"""


def cpu_latency_ms(operator: Operator, host: Host) -> float:
    """Time of one operator on the host's CPU, in milliseconds, int8, one thread."""
    macs_ms = operator.macs / 1e9 * host.ms_per_gmac
    return macs_ms + _touched_elements(operator) / 1e6 * host.ms_per_million_elements


def front_end_ms(work: HostWork | None, host: Host) -> float | None:
    """Time to prepare one input in milliseconds, ``None`` where nothing is prepared.

    At the rates of int8 operators, as no measurement of a transform on these hosts is at hand.
    """
    if work is None:
        return None
    return work.macs / 1e9 * host.ms_per_gmac + work.elements / 1e6 * host.ms_per_million_elements


def _touched_elements(operator: Operator) -> int:
    if operator.type == "CUSTOM":
        return _CUSTOM_PASSES * sum(tensor.elements for tensor in operator.activations)
    return sum(tensor.elements for tensor in operator.outputs)


def network_cpu_latency_ms(operators: Iterable[Operator], host: Host) -> float:
    """Time of the whole network on the host's CPU, in milliseconds."""
    return sum(cpu_latency_ms(operator, host) for operator in operators)
