"""Energy of one inference: states of the chip, and the host's share.

    idle power x latency + compute power x compute time + transfer power x transfer time
    + host power x the time it feeds the chip or computes

Energy per multiply-accumulate is no useful measure here: the marginal cost measured is about 18
times the data sheet's. The two states are solved from six rows of the data sheet, MobileNet v2 and
Inception v3 at three clocks. They give back these rows within 3 % and 15 %: for Inception v3 the
latency model is too slow. A Dev Board's MobileNet v2 comes out 20 % low. Nothing else was measured
at this level; the USB profile and the hosts' active power are unverified.
"""

from nas.edgetpu.chip import PowerProfile
from nas.edgetpu.host import Host
from nas.edgetpu.latency import Latency


def estimate_energy_mj(
    latency: Latency, profile: PowerProfile, clock_mhz: float, host: Host
) -> float | None:
    """Energy of one inference in millijoules, the host's idle power left out.

    Args:
        latency: Where the time goes.
        profile: Power of the Edge TPU.
        clock_mhz: Clock of the chip, one of the profile's.
        host: The CPU beside it.

    Returns:
        Millijoules, or ``None`` when the latency is not known.
    """
    if latency.total_ms is None or latency.compute_ms is None:
        return None
    chip = profile.idle_w * latency.total_ms
    chip += profile.compute_w[clock_mhz] * latency.compute_ms
    chip += profile.transfer_w[clock_mhz] * (latency.transfer_ms + latency.fixed_ms)
    fed_ms = latency.total_ms - latency.host_ms
    return chip + host.share_w * fed_ms + host.active_w * latency.host_ms


def estimate_cpu_energy_mj(latency_ms: float, host: Host) -> float:
    """Energy of the network on the host's CPU alone in millijoules, idle power left out."""
    return host.active_w * latency_ms
