"""Whether the Edge TPU compiler will accept a network, before asking it.

The outcome is ``yes``, ``no`` or ``uncertain``: the compiler's failures on large activations are
not monotonic in the resolution, so a network beyond the chip's activation memory is uncertain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from nas.edgetpu.chip import CHIP, MIB
from nas.edgetpu.memory import held_activation_bytes, peak_activation_bytes
from nas.edgetpu.placement import Placed
from nas.network.network import Network

Outcome = Literal["yes", "no", "uncertain"]

LARGE_ACTIVATIONS = "Compilation failed due to large activation tensors in model."
NOT_QUANTIZED = "Model not quantized"


@dataclass(frozen=True)
class Compilation:
    """What the compiler is expected to say.

    Attributes:
        outcome: ``yes``, ``no`` or ``uncertain``.
        reason: One sentence, naming the operator and its position where one is to blame.
    """

    outcome: Outcome
    reason: str


def predict_compilation(network: Network, placed: Sequence[Placed]) -> Compilation:
    """Predict the compiler's answer.

    Args:
        network: The network.
        placed: Where each of its operators runs.
    """
    if not any(entry.target == "edgetpu" for entry in placed):
        return Compilation("no", _nothing_mapped(placed))
    doubtful = next((entry for entry in placed if not entry.is_certain), None)
    if doubtful is not None:
        return Compilation("uncertain", _sentence(doubtful))
    if network.subgraphs > 1:
        reason = f"the file holds {network.subgraphs} subgraphs; only the first is looked at"
        return Compilation("uncertain", reason)
    return _judge_activations(network) or Compilation("yes", _summary(placed))


def _judge_activations(network: Network) -> Compilation | None:
    peak = peak_activation_bytes(network)
    if peak <= CHIP.narrow_bytes or held_activation_bytes(network) == 0:
        return None
    return Compilation(
        "uncertain",
        f"activations need {peak / MIB:.1f} MiB at a time, the chip has "
        f"{CHIP.narrow_bytes / MIB:.1f} MiB and branches keep them alive; "
        f"the compiler may say: {LARGE_ACTIVATIONS}",
    )


def _nothing_mapped(placed: Sequence[Placed]) -> str:
    outputs = [tensor for entry in placed for tensor in entry.operator.outputs]
    if not any(tensor.dtype in ("int8", "uint8") for tensor in outputs):
        return f"{NOT_QUANTIZED}: convert it to int8 with a representative dataset"
    blame = next((e for e in placed if e.operator.type not in ("QUANTIZE", "CAST")), placed[0])
    return f"no operator can be mapped; {_sentence(blame)}"


def _sentence(entry: Placed) -> str:
    return f"operator {entry.operator.index} ({entry.operator.type}): {entry.reason}"


def _summary(placed: Sequence[Placed]) -> str:
    mapped = sum(entry.target == "edgetpu" for entry in placed)
    if mapped == len(placed):
        return f"all {mapped} operators are mapped"
    first = next(entry for entry in placed if entry.target == "cpu")
    return f"{mapped} of {len(placed)} operators are mapped; {_sentence(first)}"
