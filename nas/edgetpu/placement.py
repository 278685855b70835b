"""Which operators the Edge TPU compiler maps to the chip, and which stay on the host CPU.

The chip gets one connected piece of the network: an operator that breaks a rule stays on the CPU,
and so does every operator that needs its result. Only a conversion of the network's own input may
come first, on the host.

As many operators are left on the CPU as the compiler left there, in all 39 compiled models whose
source is at hand. In a DeepLab among them a branch that does not need the result of the operator
left on the CPU was mapped, although it comes later in the file.
"""

from dataclasses import dataclass
from typing import Literal

from nas.edgetpu.rules import RULES
from nas.network.network import Network, Operator

Target = Literal["edgetpu", "cpu"]

MAPPED = "Mapped to Edge TPU"
SECOND_SUBGRAPH = "More than one subgraph is not supported"


@dataclass(frozen=True)
class Placed:
    """Where one operator runs.

    Attributes:
        operator: The operator.
        target: ``edgetpu`` or ``cpu``.
        reason: The compiler's status, with the rule that is broken or in doubt.
        is_certain: False where the compiler may decide otherwise.
    """

    operator: Operator
    target: Target
    reason: str
    is_certain: bool = True


def place(network: Network) -> tuple[Placed, ...]:
    """Tell where each operator runs.

    Args:
        network: Operators in execution order.

    Returns:
        One entry an operator, in order. An operator in doubt is placed on the Edge TPU with
        ``is_certain`` false.
    """
    placed: list[Placed] = []
    on_host: dict[str, Operator] = {}
    ready = {tensor.name for tensor in network.inputs}
    for operator in network.operators:
        entry = _place_one(operator, on_host)
        placed.append(entry)
        if entry.target == "cpu":
            made = {tensor.name: operator for tensor in operator.outputs}
            if _converts_input(operator, ready):
                ready |= made.keys()
            else:
                on_host |= made
    return tuple(placed)


def _place_one(operator: Operator, on_host: dict[str, Operator]) -> Placed:
    broken = next((rule for rule in RULES if not rule.holds(operator)), None)
    if broken is not None and broken.is_certain:
        return Placed(operator, "cpu", f"{broken.status}: {broken.words}")
    cut = next((on_host[t.name] for t in operator.activations if t.name in on_host), None)
    if cut is not None:
        after = f"it needs the result of operator {cut.index} ({cut.type}) on the CPU"
        return Placed(operator, "cpu", f"{SECOND_SUBGRAPH}: {after}")
    if broken is not None:
        return Placed(operator, "edgetpu", f"{MAPPED}, in doubt: {broken.words}", False)
    return Placed(operator, "edgetpu", MAPPED)


def _converts_input(operator: Operator, ready: set[str]) -> bool:
    """Whether the operator only prepares the network's input, which the host may do first."""
    sources = {tensor.name for tensor in operator.activations}
    return operator.type in ("QUANTIZE", "CAST") and sources <= ready
