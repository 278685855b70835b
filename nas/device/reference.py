"""Giving a device the model that tells whether it drifts from one measurement to the next."""

from typing import Protocol

from nas.compiler.compile_answer import CompilerAnswer
from nas.device.failures import DeviceError
from nas.device.measurer import Measured


class Refers(Protocol):
    """What measures on a device, such as ``Measurer``."""

    def refer_to(self, model: bytes) -> Measured:
        """Run a model between the blocks of all others; raises ``DeviceError``."""


def give_reference(device: Refers, answer: CompilerAnswer) -> str | None:
    """Let a device measure the reference model, before anything disturbs it.

    Args:
        device: What measures.
        answer: The reference model, compiled.

    Returns:
        Why drift from one model to the next is not seen, where it is not.
    """
    if answer.content is None:
        return f"no reference model: {answer.compilation.reason}"
    try:
        figures = device.refer_to(answer.content).figures
    except DeviceError as error:
        return f"no reference model: {error}"
    return None if figures.is_good else f"the reference model is {figures.status}: {figures.reason}"
