"""Changes to a network that would pay on the Edge TPU, with the gain the chip model predicts."""

from dataclasses import dataclass

from nas.edgetpu.chip import CHIP, MIB
from nas.edgetpu.estimator import Estimate, OperatorEstimate
from nas.network.network import Network, Operator

_MAX_CUT = 16
_MIN_GAIN_MS = 0.005
_FILTERED = ("CONV_2D", "FULLY_CONNECTED", "DEPTHWISE_CONV_2D")


@dataclass(frozen=True)
class Edit:
    """One change.

    Attributes:
        gain_ms: Most that it can save of one inference, each edit taken by itself.
        words: What to change.
    """

    gain_ms: float
    words: str


def suggest_edits(network: Network, estimate: Estimate) -> list[Edit]:
    """List the edits that would pay, the largest predicted gain first.

    Args:
        network: The network.
        estimate: Its estimate.
    """
    edits = [*_fewer_channels(network, estimate), *_fit_parameters(estimate), *_leave_cpu(estimate)]
    worthwhile = [edit for edit in edits if edit.gain_ms >= _MIN_GAIN_MS]
    return sorted(worthwhile, key=lambda edit: edit.gain_ms, reverse=True)


def _channels(operator: Operator) -> int:
    return operator.outputs[0].shape[-1]


def _fewer_channels(network: Network, estimate: Estimate) -> list[Edit]:
    pairs = zip(network.operators, estimate.ops, strict=True)
    return [
        edit
        for operator, costs in pairs
        if costs.target == "edgetpu" and (edit := _round_channels(operator, costs)) is not None
    ]


def _round_channels(operator: Operator, costs: OperatorEstimate) -> Edit | None:
    if operator.type not in _FILTERED or costs.latency_ms is None:
        return None
    channels = _channels(operator)
    fewer = channels // CHIP.cells * CHIP.cells
    if not 0 < channels - fewer <= _MAX_CUT or fewer == 0:
        return None
    saved = CHIP.cells / (fewer + CHIP.cells)
    return Edit(
        costs.latency_ms * saved,
        f"operator {costs.index} ({costs.type}): {channels} -> {fewer} channels; "
        f"the cells take {CHIP.cells} at a time",
    )


def _fit_parameters(estimate: Estimate) -> list[Edit]:
    streamed = [costs for costs in estimate.ops if costs.on_chip is False]
    if not streamed:
        return []
    names = ", ".join(str(costs.index) for costs in streamed[:6])
    more = ", ..." if len(streamed) > 6 else ""
    return [
        Edit(
            estimate.latency.streaming_ms,
            f"keep all parameters on the chip: {estimate.off_chip_bytes / MIB:.2f} MiB "
            f"(operators {names}{more}) are sent on every inference",
        )
    ]


def _leave_cpu(estimate: Estimate) -> list[Edit]:
    on_cpu = [costs for costs in estimate.ops if costs.target == "cpu"]
    if not on_cpu:
        return []
    first = on_cpu[0]
    return [
        Edit(
            estimate.latency.cpu_ms,
            f"replace operator {first.index} ({first.type}), so that {len(on_cpu)} operators leave "
            f"the CPU: {first.reason}",
        )
    ]
