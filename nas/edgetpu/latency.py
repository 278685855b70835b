"""Latency of one inference: link, input, program, compute, streamed parameters, output, CPU tail.

Parameters that do not fit are sent on every inference, over the same link as the input. The chip
computes while they arrive, so a streamed layer takes the longer of the two. A convolution whose
activations do not fit the narrow memory fetches its weights several times; how often is inferred
from 18 rows of one layer sweep.

How far it is from measured devices, with every family of measurements left out of the fit in
turn, is printed by ``benchmarks/estimator_fidelity.py`` and told in ``docs/estimator.md``, with
where it is wrong. Unverified: element-wise operators other than additions, resizing, the 62.5 MHz
clock, and the slower transfers of a throttled USB stick, which are not modelled.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from nas.edgetpu.calibration import CALIBRATION, Calibration
from nas.edgetpu.chip import CLOCK_MHZ, Link, LinkName
from nas.edgetpu.compute import compute_ms
from nas.edgetpu.exchange import exchanging_operators
from nas.edgetpu.host import Host, HostName, cpu_latency_ms, front_end_ms
from nas.edgetpu.memory import ParameterMemory
from nas.edgetpu.placement import Placed
from nas.edgetpu.program import operator_instruction_bytes
from nas.edgetpu.tiling import cuts
from nas.network.network import Network, Operator, Tensor

_STREAMED_PROGRAM_BYTES = 1_100


@dataclass(frozen=True)
class Latency:
    """Where the time of one inference goes, in milliseconds.

    Attributes:
        fixed_ms: Cost of an invocation over the link.
        input_ms: Sending the input.
        program_ms: Sending the instructions, as on every inference.
        compute_ms: Compute on the chip, ``None`` when an operator's cost is not known.
        streaming_ms: Waiting for streamed parameters, beyond the compute it hides.
        output_ms: Fetching the output.
        cpu_ms: Operators on the host CPU.
        by_operator: Time of each operator, in order, with its instructions and parameters.
        front_end_ms: The host's preparation of the input; ``None`` where there is none.
    """

    fixed_ms: float
    input_ms: float
    program_ms: float
    compute_ms: float | None
    streaming_ms: float
    output_ms: float
    cpu_ms: float
    by_operator: tuple[float | None, ...]
    front_end_ms: float | None = None

    @property
    def host_ms(self) -> float:
        """Time the host's CPU computes."""
        return self.cpu_ms + (self.front_end_ms or 0.0)

    @property
    def transfer_ms(self) -> float:
        """Time bytes move while the cells wait."""
        return self.input_ms + self.program_ms + self.streaming_ms + self.output_ms

    @property
    def total_ms(self) -> float | None:
        """The whole inference, or ``None`` when a part is not known."""
        if self.compute_ms is None:
            return None
        return self.fixed_ms + self.transfer_ms + self.compute_ms + self.host_ms


def estimate_latency(
    network: Network,
    placed: Sequence[Placed],
    memory: ParameterMemory,
    program_bytes: int,
    *,
    link: LinkName,
    clock_mhz: float,
    host: HostName,
    calibration: Calibration = CALIBRATION,
) -> Latency:
    """Estimate one warm inference at batch 1.

    Args:
        network: The network.
        placed: Where each of its operators runs.
        memory: Where the parameters are kept.
        program_bytes: Size of the program.
        link: How the host reaches the chip.
        clock_mhz: Clock of the chip.
        host: The CPU for the operators that are not mapped.
        calibration: The fitted constants.
    """
    setup = _Setup(calibration, calibration.links[link], calibration.hosts[host], clock_mhz)
    return setup.latency(network, placed, memory, program_bytes)


@dataclass(frozen=True)
class _Setup:
    calibration: Calibration
    link: Link
    host: Host
    clock_mhz: float

    def latency(
        self,
        network: Network,
        placed: Sequence[Placed],
        memory: ParameterMemory,
        program_bytes: int,
    ) -> Latency:
        bandwidth = _streaming_mb_per_s(self.link, self.host)
        input_bandwidth = _input_mb_per_s(self.link, self.host)
        mapped = [entry.operator for entry in placed if entry.target == "edgetpu"]
        computes = _compute_ms(mapped, self.clock_mhz, self.calibration)
        waits = {op.index: _waiting_ms(op, memory, computes[op.index], bandwidth) for op in mapped}
        setup_ms = self.link.streaming_setup_ms if memory.streamed else 0.0
        known = [time for time in computes.values() if time is not None]
        return Latency(
            fixed_ms=self.link.fixed_ms + self.host.invoke_ms if mapped else 0.0,
            input_ms=_milliseconds(_input_bytes(mapped), input_bandwidth),
            program_ms=_milliseconds(program_bytes, input_bandwidth) if mapped else 0.0,
            compute_ms=sum(known) if len(known) == len(mapped) else None,
            streaming_ms=sum(waits.values()) + setup_ms,
            output_ms=_output_ms(_outputs(network, placed), self.link, self.host),
            cpu_ms=sum(cpu_latency_ms(e.operator, self.host) for e in placed if e.target == "cpu"),
            by_operator=tuple(
                _operator_ms(entry, computes, waits, input_bandwidth, self.host) for entry in placed
            ),
            front_end_ms=front_end_ms(network.front_end, self.host),
        )


def _compute_ms(
    mapped: Sequence[Operator], clock_mhz: float, calibration: Calibration
) -> dict[int, float | None]:
    waiting = exchanging_operators(mapped)
    exchange_ms = calibration.exchange_ms * CLOCK_MHZ / clock_mhz
    times = {op.index: compute_ms(op, clock_mhz, calibration) for op in mapped}
    return {
        index: time + exchange_ms if time is not None and index in waiting else time
        for index, time in times.items()
    }


def _operator_ms(
    entry: Placed,
    computes: dict[int, float | None],
    waits: dict[int, float],
    mb_per_s: float,
    host: Host,
) -> float | None:
    operator = entry.operator
    if entry.target == "cpu":
        return cpu_latency_ms(operator, host)
    busy = computes[operator.index]
    if busy is None:
        return None
    sending = _milliseconds(operator_instruction_bytes(operator), mb_per_s)
    return busy + sending + waits[operator.index]


def _input_mb_per_s(link: Link, host: Host) -> float:
    factor = 1.0 if link.name == "pcie" else host.usb_input_factor
    return _streaming_mb_per_s(link, host) / factor


def _streaming_mb_per_s(link: Link, host: Host) -> float:
    if link.name == "usb3" and host.usb3_mb_per_s is not None:
        return host.usb3_mb_per_s
    return link.input_mb_per_s


def _milliseconds(size_bytes: int, mb_per_s: float) -> float:
    return size_bytes / mb_per_s / 1e3


def _waiting_ms(
    operator: Operator, memory: ParameterMemory, busy_ms: float | None, mb_per_s: float
) -> float:
    if operator.index not in memory.streamed:
        return 0.0
    size = memory.bytes_by_operator[operator.index] * fetches(operator) + _STREAMED_PROGRAM_BYTES
    return max(0.0, _milliseconds(size, mb_per_s) - (busy_ms or 0.0))


def fetches(operator: Operator) -> int:
    """How many times a streamed operator's parameters are sent in one inference.

    Once where its activations fit the narrow memory; otherwise twice for each cut. Inferred from
    convolutions on 64 × 64 inputs alone: 4 times at 452 – 632 filters, 6 at 642 – 702.
    """
    return max(1, 2 * cuts(operator))


def _input_bytes(mapped: Collection[Operator]) -> int:
    made = {tensor.name for operator in mapped for tensor in operator.outputs}
    read = {t.name: t for operator in mapped for t in operator.activations if t.name not in made}
    return sum(tensor.size_bytes for tensor in read.values())


def _outputs(network: Network, placed: Sequence[Placed]) -> list[Tensor]:
    made = {t.name: t for e in placed if e.target == "edgetpu" for t in e.operator.outputs}
    needed = {tensor.name for tensor in network.outputs}
    needed |= {t.name for e in placed if e.target == "cpu" for t in e.operator.activations}
    return [tensor for name, tensor in made.items() if name in needed]


def _output_ms(outputs: Sequence[Tensor], link: Link, host: Host) -> float:
    """Fetching the output, and putting it in order, which the host does pixel by pixel."""
    sent = sum(tensor.padded_bytes for tensor in outputs)
    pixels = sum(tensor.elements // max(1, (tensor.shape or (1,))[-1]) for tensor in outputs)
    fetched_ms = _milliseconds(sent, link.output_mb_per_s) * host.output_factor
    return fetched_ms + pixels / 1e6 * host.ms_per_million_pixels
