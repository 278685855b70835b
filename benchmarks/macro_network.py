"""The network of a NAS-Bench-Macro string, as operators.

Su, Huang, Li, You, Wang, Qian, Zhang and Xu, Prioritized Architecture Sampling with Monto-Carlo
Tree Search, CVPR 2021, arXiv 2103.11922: a stem, three stages of blocks of MobileNetV2, a head.
"""

from collections.abc import Sequence

from benchmarks.operator_writer import OperatorWriter
from nas.network.network import Network, Tensor

SIDE, CHANNELS, CLASSES = 32, 3, 10
BLOCKS = "012"
"""Identity; kernel 3 and expansion 3; kernel 5 and expansion 6."""
STAGES = (2, 3, 3)
"""Blocks of each stage; the first halves the sides and doubles the channels."""

_STEM, _HEAD = 32, 1280
_KERNEL_AND_EXPANSION = {"1": (3, 3), "2": (5, 6)}


def parse_stages(architecture: str) -> tuple[str, ...]:
    """Return the blocks of each stage without those that do nothing, which identifies a network.

    Raises:
        ValueError: It is no string of eight digits 0 – 2.
    """
    if len(architecture) != sum(STAGES) or not set(architecture) <= set(BLOCKS):
        raise ValueError(f"an architecture is {sum(STAGES)} digits 0 – 2, got {architecture!r}")
    stages, rest = [], architecture
    for blocks in STAGES:
        stage, rest = rest[:blocks], rest[blocks:]
        stages.append(stage[0] + stage[1:].replace("0", ""))
    return tuple(stages)


def macro_network(stages: Sequence[str]) -> Network:
    """Return the operators of a network.

    Args:
        stages: The blocks of each stage, as ``parse_stages`` gives them.
    """
    writer = OperatorWriter()
    image = Tensor("image", (1, SIDE, SIDE, CHANNELS), "int8")
    x = writer.convolve(image, _STEM, 3, activation="RELU")
    for stage in stages:
        x = _block(writer, x, stage[0], 2 * x.shape[-1], 2)
        for block in stage[1:]:
            x = _block(writer, x, block, x.shape[-1], 1)
    x = writer.convolve(x, _HEAD, 1, activation="RELU")
    return writer.network(image, writer.classify(x, CLASSES))


def _block(writer: OperatorWriter, x: Tensor, block: str, width: int, stride: int) -> Tensor:
    if block == "0":
        return writer.convolve(x, width, 1, stride)
    kernel, expansion = _KERNEL_AND_EXPANSION[block]
    inside = writer.convolve(x, expansion * x.shape[-1], 1, activation="RELU")
    inside = writer.convolve_depthwise(inside, kernel, stride, activation="RELU")
    inside = writer.convolve(inside, width, 1)
    return inside if stride > 1 else writer.write("ADD", [inside, x], x.shape)
