"""Memory, each kind by itself: on the chip, streamed to it, and while training."""

from objectives.objective import Objective

MEMORY_BYTES = Objective("memory_bytes", "Parameter memory (bytes)", "minimize", pessimistic=1e10)
OFF_CHIP_BYTES = Objective(
    "off_chip_bytes", "Parameters streamed on every inference (bytes)", "minimize", pessimistic=1e10
)
PARAMETERS = Objective("parameters", "Parameters", "minimize", pessimistic=1e10)
TRAINING_MEMORY_BYTES = Objective(
    "training_memory_bytes", "Peak training memory (bytes)", "minimize", pessimistic=1e12
)
