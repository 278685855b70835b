"""The chip model in one call: a network in, every cost out."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from nas.edgetpu.calibration import CALIBRATION, Calibration
from nas.edgetpu.chip import CHIP, POWER_PROFILES, LinkName
from nas.edgetpu.compilation import Outcome, predict_compilation
from nas.edgetpu.energy import estimate_cpu_energy_mj, estimate_energy_mj
from nas.edgetpu.host import HostName, network_cpu_latency_ms
from nas.edgetpu.interval import latency_interval
from nas.edgetpu.latency import Latency, estimate_latency
from nas.edgetpu.memory import ParameterMemory, peak_activation_bytes, place_parameters
from nas.edgetpu.placement import Placed, Target, place
from nas.edgetpu.program import instruction_bytes
from nas.errors import UserError
from nas.network.network import Network


@dataclass(frozen=True)
class OperatorEstimate:
    """Costs of one operator.

    Attributes:
        index: Position in the network.
        type: TFLite's name.
        target: Where it runs.
        reason: The compiler's status, with the rule that is broken or in doubt.
        macs: Multiply-accumulates.
        parameter_bytes: Wide memory its parameters need; 0 on the CPU.
        on_chip: Whether its parameters stay in the chip; ``None`` for an operator without any.
        latency_ms: Its time, ``None`` when its cost is not known.
    """

    index: int
    type: str
    target: Target
    reason: str
    macs: int
    parameter_bytes: int
    on_chip: bool | None
    latency_ms: float | None


@dataclass(frozen=True)
class Estimate:
    """All costs of one network; what is not known is ``None``.

    ``latency_low_ms`` to ``latency_high_ms`` is an 80 % interval of one warm inference at batch 1.
    ``parameter_bytes`` is the parameter memory the mapped operators need, the sum of
    ``on_chip_bytes`` and ``off_chip_bytes``; the latter is streamed on every inference.
    ``latency`` tells where the time goes, ``estimator`` for which set-up. ``front_end_ms`` is the
    host's preparation of the input, part of both latencies and of the energy; ``None`` without one.
    """

    latency_ms: float | None
    latency_low_ms: float | None
    latency_high_ms: float | None
    latency_source: Literal["estimate"]
    energy_mj: float | None
    energy_source: str
    cpu_latency_ms: float
    cpu_energy_mj: float
    parameter_bytes: int
    on_chip_bytes: int
    off_chip_bytes: int
    instruction_bytes: int
    peak_activation_bytes: int
    macs: int
    ops_total: int
    ops_mapped: int
    subgraphs: int
    compiles: Outcome
    compile_reason: str
    estimator: "Estimator"
    latency: Latency
    ops: tuple[OperatorEstimate, ...]
    front_end_ms: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON fields of the estimate."""
        values = asdict(self)
        setup = values.pop("estimator")
        del setup["calibration"], setup["interval"]
        return {**setup, **{k: values[k] for k in values if k != "latency"}}


@dataclass(frozen=True)
class Estimator:
    """The chip, how it is reached and the host beside it.

    Attributes:
        link: ``pcie``, ``usb3`` or ``usb2``.
        clock_mhz: 500, 250, 125 or 62.5.
        host: ``desktop``, ``a53`` or ``pi4``.
        profile: Name of the calibration, ``None`` for the package's.
        calibration: The fitted constants.
        interval: Ends of the 80 % interval as shares of the estimate, ``None`` for the package's.
    """

    link: LinkName = "usb3"
    clock_mhz: float = 500.0
    host: HostName = "desktop"
    profile: str | None = None
    calibration: Calibration = field(default=CALIBRATION, repr=False, hash=False)
    interval: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        for name, allowed in (
            ("link", tuple(self.calibration.links)),
            ("clock_mhz", CHIP.clocks_mhz),
            ("host", tuple(self.calibration.hosts)),
        ):
            value = getattr(self, name)
            if value not in allowed:
                choices = ", ".join(f"{choice}" for choice in allowed)
                raise UserError(f"{name} must be one of {choices}, got {value!r}")

    def estimate(self, network: Network) -> Estimate:
        """Estimate every cost of a network; nothing is run.

        Args:
            network: Operators in execution order.
        """
        placed = place(network)
        mapped = [entry.operator for entry in placed if entry.target == "edgetpu"]
        program_bytes = instruction_bytes(mapped)
        peak_bytes = peak_activation_bytes(network)
        memory = place_parameters(mapped, program_bytes, peak_bytes)
        latency = self._latency(network, placed, memory, program_bytes)
        return self._assemble(
            network,
            placed,
            memory=memory,
            latency=latency,
            program_bytes=program_bytes,
            peak_bytes=peak_bytes,
        )

    def _latency(
        self,
        network: Network,
        placed: tuple[Placed, ...],
        memory: ParameterMemory,
        program_bytes: int,
    ) -> Latency:
        return estimate_latency(
            network, placed, memory, program_bytes,
            link=self.link, clock_mhz=self.clock_mhz, host=self.host, calibration=self.calibration,
        )  # fmt: skip

    def _assemble(
        self,
        network: Network,
        placed: tuple[Placed, ...],
        *,
        memory: ParameterMemory,
        latency: Latency,
        program_bytes: int,
        peak_bytes: int,
    ) -> Estimate:
        host, profile = self.calibration.hosts[self.host], POWER_PROFILES[self.link]
        compilation = predict_compilation(network, placed)
        low, high = _interval(latency, self.interval)
        cpu_ms = network_cpu_latency_ms(network.operators, host) + (latency.front_end_ms or 0.0)
        mapped = sum(entry.target == "edgetpu" for entry in placed)
        return Estimate(
            latency_ms=latency.total_ms,
            latency_low_ms=low,
            latency_high_ms=high,
            latency_source="estimate",
            energy_mj=estimate_energy_mj(latency, profile, self.clock_mhz, host),
            energy_source=f"estimate: {profile.name} + {host.name} host",
            cpu_latency_ms=cpu_ms,
            cpu_energy_mj=estimate_cpu_energy_mj(cpu_ms, host),
            parameter_bytes=memory.on_chip_bytes + memory.off_chip_bytes,
            on_chip_bytes=memory.on_chip_bytes,
            off_chip_bytes=memory.off_chip_bytes,
            instruction_bytes=program_bytes,
            peak_activation_bytes=peak_bytes,
            macs=network.macs,
            ops_total=len(placed),
            ops_mapped=mapped,
            subgraphs=1 if mapped else 0,
            compiles=compilation.outcome,
            compile_reason=compilation.reason,
            estimator=self,
            latency=latency,
            ops=_operators(placed, memory, latency),
            front_end_ms=latency.front_end_ms,
        )


def _interval(
    latency: Latency, ends: tuple[float, float] | None
) -> tuple[float | None, float | None]:
    latency_ms = latency.total_ms
    if latency_ms is None:
        return None, None
    if ends is None:
        return latency_interval(latency_ms, latency.streaming_ms)
    return ends[0] * latency_ms, ends[1] * latency_ms


def _operators(
    placed: tuple[Placed, ...], memory: ParameterMemory, latency: Latency
) -> tuple[OperatorEstimate, ...]:
    return tuple(
        _operator(entry, memory, latency_ms)
        for entry, latency_ms in zip(placed, latency.by_operator, strict=True)
    )


def _operator(entry: Placed, memory: ParameterMemory, latency_ms: float | None) -> OperatorEstimate:
    index = entry.operator.index
    size = memory.bytes_by_operator.get(index, 0)
    return OperatorEstimate(
        index=index,
        type=entry.operator.type,
        target=entry.target,
        reason=entry.reason,
        macs=entry.operator.macs,
        parameter_bytes=size,
        on_chip=index not in memory.streamed if size else None,
        latency_ms=latency_ms,
    )
