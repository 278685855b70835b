"""One network on the Edge TPU and on the CPU beside it, in time and in energy."""

from dataclasses import dataclass
from typing import Any, Literal

from nas.edgetpu.chip import LinkName
from nas.edgetpu.estimator import Estimate, Estimator
from nas.edgetpu.host import CPU_INTERVALS, HostName
from nas.network.network import Network

Platform = Literal["edgetpu", "cpu"]
Quantity = Literal["latency_ms", "energy_mj"]

QUANTITIES: tuple[Quantity, ...] = ("latency_ms", "energy_mj")


@dataclass(frozen=True)
class Setup:
    """An Edge TPU and the CPU it competes with, which is also its host.

    Attributes:
        name: In words.
        link: How the Edge TPU is reached.
        host: The CPU.
        clock_mhz: Clock of the Edge TPU.
        own: The chip model of a calibrated device, where it is one.
    """

    name: str
    link: LinkName
    host: HostName
    clock_mhz: float = 500.0
    own: Estimator | None = None

    @property
    def estimator(self) -> Estimator:
        """The chip model of this set-up."""
        return self.own or Estimator(self.link, self.clock_mhz, self.host)


SETUPS: tuple[Setup, ...] = (
    Setup("Dev Board against its Cortex-A53", "pcie", "a53"),
    Setup("USB Accelerator against its desktop", "usb3", "desktop"),
)


@dataclass(frozen=True)
class Range:
    """A figure with its 80 % interval."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> "Range":
        """Return the range in another unit."""
        return Range(factor * self.value, factor * self.low, factor * self.high)


@dataclass(frozen=True)
class Contest:
    """What a network takes on both.

    Attributes:
        edgetpu: On the Edge TPU, its CPU operators included.
        cpu: On the CPU alone.
    """

    edgetpu: Range
    cpu: Range

    @property
    def ratio(self) -> float:
        """How many times as much the CPU takes."""
        return self.cpu.value / self.edgetpu.value

    @property
    def winner(self) -> Platform | None:
        """Which one takes less beyond both intervals; ``None`` where they overlap."""
        if self.edgetpu.high < self.cpu.low:
            return "edgetpu"
        return "cpu" if self.cpu.high < self.edgetpu.low else None

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "edgetpu": vars(self.edgetpu),
            "cpu": vars(self.cpu),
            "cpu_over_edgetpu": self.ratio,
            "winner": self.winner,
        }


def contest(network: Network, setup: Setup, quantity: Quantity) -> Contest | None:
    """Let the Edge TPU and the CPU compete for one network.

    Args:
        network: int8 operators.
        setup: Who competes.
        quantity: Milliseconds of one warm inference, or millijoules.

    Returns:
        Both figures. The energy's interval is that of the time alone: power is not known better
        than its source says. ``None`` where an operator's cost is not known.
    """
    return contest_of(setup.estimator.estimate(network), setup.host, quantity)


def contest_of(estimate: Estimate, host: HostName, quantity: Quantity) -> Contest | None:
    """Return the contest of a network whose costs are known.

    Args:
        estimate: Its costs.
        host: The CPU that the estimate is for.
        quantity: What they compete in.
    """
    taken = estimate.latency_ms
    low, high = estimate.latency_low_ms, estimate.latency_high_ms
    if taken is None or low is None or high is None:
        return None
    edgetpu, cpu_low_high = Range(taken, low, high), CPU_INTERVALS[host]
    cpu = estimate.cpu_latency_ms
    both = Contest(edgetpu, Range(cpu, *(end * cpu for end in cpu_low_high)))
    if quantity == "latency_ms":
        return both
    if estimate.energy_mj is None:
        return None
    return Contest(
        both.edgetpu.times(estimate.energy_mj / taken),
        both.cpu.times(estimate.cpu_energy_mj / cpu),
    )
