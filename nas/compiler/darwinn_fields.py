"""Field numbers of a DarwiNN package, which the Edge TPU compiler puts inside a ``.tflite`` file.

Reference: https://github.com/google-coral/libedgetpu, ``executable/executable.fbs`` (field numbers
count from the top of each table) and ``tflite/custom_op_data.cc`` (the key of the custom operator's
options).
"""

from enum import IntEnum

IDENTIFIER = b"DWN1"
PACKAGE_KEY = "4"
"""Key of the first package, for the chip named first; further chips' packages are not read."""


class Package(IntEnum):
    """Fields of ``Package``."""

    MIN_RUNTIME_VERSION = 0
    MULTI_EXECUTABLE = 1
    COMPILER_VERSION = 4


class MultiExecutable(IntEnum):
    """Fields of ``MultiExecutable``."""

    EXECUTABLES = 0


class Executable(IntEnum):
    """Fields of ``Executable``."""

    SCRATCH_BYTES = 4
    INSTRUCTION_BITSTREAMS = 5
    PARAMETERS = 6
    DMA_HINTS = 7
    NARROW_BYTES_PER_TILE = 12
    TYPE = 13


class ExecutableType(IntEnum):
    """Values of ``ExecutableType``."""

    STAND_ALONE = 0
    PARAMETER_CACHING = 1
    EXECUTION_ONLY = 2


class InstructionBitstream(IntEnum):
    """Fields of ``InstructionBitstream``."""

    BITSTREAM = 0


class DmaHints(IntEnum):
    """Fields of ``DmaHints``."""

    HINTS = 0
    FULLY_DETERMINISTIC = 1


class DmaHint(IntEnum):
    """Fields of ``DmaHint``; a union takes two, its kind and its value."""

    KIND = 0
    VALUE = 1


class HintKind(IntEnum):
    """Values of the union ``AnyHint``."""

    DMA_DESCRIPTOR = 1


class DmaDescriptor(IntEnum):
    """Fields of ``DmaDescriptorHint``."""

    META = 0
    SIZE_BYTES = 2


class Meta(IntEnum):
    """Fields of ``Meta``."""

    CONTENT = 0


class Content(IntEnum):
    """Values of ``Description``: what a transfer carries."""

    OUTPUT = 0
    INPUT = 1
    PARAMETERS = 2
    SCRATCH = 3
