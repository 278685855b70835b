"""Where the time of an inference goes, by what could be changed about it."""

from typing import Literal

from nas.edgetpu.calibration import Calibration
from nas.edgetpu.chip import CHIP
from nas.edgetpu.compute import compute_ms
from nas.edgetpu.estimator import Estimate
from nas.edgetpu.tiling import cuts
from nas.network.network import Network, Operator

Cause = Literal[
    "computing", "unfilled cells", "cut activations", "streamed parameters", "operators on the CPU",
    "input", "program", "output",
]  # fmt: skip

_UNPADDED = frozenset({
    "MAX_POOL_2D", "CONCATENATION", "PAD", "PACK", "SLICE", "STRIDED_SLICE", "SPLIT", "TILE",
    "TRANSPOSE", "SPACE_TO_DEPTH", "QUANTIZE", "RESHAPE", "SQUEEZE", "EXPAND_DIMS", "RELU",
    "RELU6", "RELU_N1_TO_1",
})  # fmt: skip
"""Operators whose work is not counted in blocks of 64 channels; see ``nas.edgetpu.compute``."""


def attribute_latency(network: Network, estimate: Estimate) -> dict[Cause, float] | None:
    """Divide the latency of a network by cause.

    ``unfilled cells`` is computing for channels that only round a layer up to 64;
    ``cut activations`` what computing takes longer because activations do not fit the narrow
    memory; ``computing`` is the rest of it, with the fixed cost of an inference.

    Args:
        network: The network.
        estimate: Its estimate.

    Returns:
        Milliseconds by cause, which add up to the latency; ``None`` where that is not known.
    """
    latency = estimate.latency
    if latency.compute_ms is None:
        return None
    unfilled, cut = 0.0, 0.0
    for operator, costs in zip(network.operators, estimate.ops, strict=True):
        if costs.target == "edgetpu":
            busy = compute_ms(operator, estimate.estimator.clock_mhz, _calibration(estimate)) or 0.0
            whole = busy / (1 + _calibration(estimate).cut_share * cuts(operator))
            unfilled += whole * _unfilled_share(operator)
            cut += busy - whole
    return {
        "computing": latency.fixed_ms + latency.compute_ms - unfilled - cut,
        "unfilled cells": unfilled,
        "cut activations": cut,
        "streamed parameters": latency.streaming_ms,
        "operators on the CPU": latency.cpu_ms,
        "input": latency.input_ms,
        "program": latency.program_ms,
        "output": latency.output_ms,
    }


def _unfilled_share(operator: Operator) -> float:
    if operator.type in _UNPADDED or not operator.outputs[0].shape:
        return 0.0
    channels = operator.outputs[0].shape[-1]
    return 1 - channels / (-(-channels // CHIP.cells) * CHIP.cells)


def _calibration(estimate: Estimate) -> Calibration:
    return estimate.estimator.calibration
