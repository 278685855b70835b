"""One step of a sweep: an adjusted network and what it costs."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from math import prod
from typing import Any, Literal

from nas.edgetpu.attribution import Cause, attribute_latency
from nas.edgetpu.estimator import Estimate, Estimator, OperatorEstimate
from nas.network.keras_graph import read_keras_model
from nas.network.network import Network

__all__ = ["Cause", "Measure", "Step", "estimated"]

Measure = Callable[[float, Any], "Step"]
"""Costs the model of a step: (value of the adjustment, Keras model)."""


@dataclass(frozen=True)
class Step:
    """An adjusted network; what is not known is ``None``.

    Attributes:
        value: Value of what is adjusted.
        reason: Why it has no costs; ``None`` if it has.
        parameters: Parameters of the Keras model.
        macs: Multiply-accumulates of one inference.
        input_bytes: Size of its int8 input.
        latency_ms: One inference with the Edge TPU: the middle of the estimate's 80 % interval
            from ``latency_low_ms`` to ``latency_high_ms``, or measured, with the quartiles.
        latency_source: ``estimate`` or ``device``.
        cpu_latency_ms: One inference on the host alone.
        energy_mj: Energy of one inference with the Edge TPU.
        cpu_energy_mj: Energy of one inference on the host alone.
        on_chip_bytes: Parameters kept on the chip.
        off_chip_bytes: Parameters sent on every inference.
        peak_activation_bytes: Most activations alive at a time.
        ops_total: Operators.
        ops_mapped: Operators on the Edge TPU.
        convolutions: Convolutions among them.
        compiles: Whether the compiler will take it: ``yes``, ``no`` or ``uncertain``.
        first_on_cpu: The first operator on the CPU, and why.
        in_doubt: The first operator that the compiler may or may not map, and why.
        causes_ms: Milliseconds by cause; they add up to the estimated latency.
        accuracy: int8 accuracy on the validation split after a brief training, 0 – 1, with its
            95 % interval from ``accuracy_low`` to ``accuracy_high``.
        accuracy_reason: Why a training that was asked for has no accuracy.
        measured_reason: Why a latency that was to be measured is not known.
    """

    value: float
    reason: str | None = None
    parameters: int | None = None
    macs: int | None = None
    input_bytes: int | None = None
    latency_ms: float | None = None
    latency_low_ms: float | None = None
    latency_high_ms: float | None = None
    latency_source: Literal["estimate", "device"] = "estimate"
    cpu_latency_ms: float | None = None
    energy_mj: float | None = None
    cpu_energy_mj: float | None = None
    on_chip_bytes: int | None = None
    off_chip_bytes: int | None = None
    peak_activation_bytes: int | None = None
    ops_total: int | None = None
    ops_mapped: int | None = None
    convolutions: int | None = None
    compiles: str | None = None
    first_on_cpu: str | None = None
    in_doubt: str | None = None
    causes_ms: Mapping[Cause, float] | None = None
    accuracy: float | None = None
    accuracy_low: float | None = None
    accuracy_high: float | None = None
    accuracy_reason: str | None = None
    measured_reason: str | None = None

    def measured(self, low_ms: float, median_ms: float, high_ms: float) -> "Step":
        """Return the step with the latency that a device has, and its quartiles."""
        return replace(self, latency_source="device", latency_ms=median_ms,
                       latency_low_ms=low_ms, latency_high_ms=high_ms)  # fmt: skip

    def unmeasured(self, reason: str) -> "Step":
        """Return the step without a latency: beside measured ones an estimate would mislead."""
        return replace(self, latency_source="device", latency_ms=None, latency_low_ms=None,
                       latency_high_ms=None, measured_reason=reason)  # fmt: skip

    def trained(self, accuracy: float, low: float, high: float) -> "Step":
        """Return the step with the accuracy of a training, and its interval."""
        return replace(self, accuracy=accuracy, accuracy_low=low, accuracy_high=high)

    def untrained(self, reason: str) -> "Step":
        """Return the step with the reason why a training has no accuracy."""
        return replace(self, accuracy_reason=reason)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON fields."""
        return asdict(self)


def estimated(estimator: Estimator) -> Measure:
    """Return the measure that asks the chip model.

    Args:
        estimator: The chip model.
    """

    def measure(value: float, model: Any) -> Step:
        network = read_keras_model(model)
        return _step(value, model.count_params(), network, estimator.estimate(network))

    return measure


def _step(value: float, parameters: int, network: Network, estimate: Estimate) -> Step:
    on_cpu = (costs for costs in estimate.ops if costs.target == "cpu")
    doubtful = (costs for costs in estimate.ops if "in doubt" in costs.reason)
    return Step(
        value=value,
        parameters=parameters,
        macs=estimate.macs,
        input_bytes=sum(prod(tensor.shape) for tensor in network.inputs),
        latency_ms=estimate.latency_ms,
        latency_low_ms=estimate.latency_low_ms,
        latency_high_ms=estimate.latency_high_ms,
        cpu_latency_ms=estimate.cpu_latency_ms,
        energy_mj=estimate.energy_mj,
        cpu_energy_mj=estimate.cpu_energy_mj,
        on_chip_bytes=estimate.on_chip_bytes,
        off_chip_bytes=estimate.off_chip_bytes,
        peak_activation_bytes=estimate.peak_activation_bytes,
        ops_total=estimate.ops_total,
        ops_mapped=estimate.ops_mapped,
        convolutions=sum("CONV" in costs.type for costs in estimate.ops),
        compiles=estimate.compiles,
        first_on_cpu=_named(next(on_cpu, None)),
        in_doubt=_named(next(doubtful, None)),
        causes_ms=attribute_latency(network, estimate),
    )


def _named(costs: OperatorEstimate | None) -> str | None:
    if costs is None:
        return None
    return f"operator {costs.index} ({costs.type}): {costs.reason.removesuffix('.')}"
