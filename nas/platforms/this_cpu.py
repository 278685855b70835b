"""A model timed on the CPU of this computer."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from nas.errors import UserError

THREADS = 1
_WARM_UP = 5
_LEAST_RUNS, _MOST_RUNS = 20, 2000
_SECONDS = 1.0


@dataclass(frozen=True)
class CpuMeasurement:
    """Latency of a model on this computer's CPU, measured.

    Attributes:
        name: The model's file.
        latency_ms: Median of one inference on one thread, in milliseconds.
        latency_low_ms: Lower quartile.
        latency_high_ms: Upper quartile.
        runs: Inferences timed.
        interpreter: What ran it.
    """

    name: str
    latency_ms: float
    latency_low_ms: float
    latency_high_ms: float
    runs: int
    interpreter: str


def measure_cpu(path: Path) -> CpuMeasurement:
    """Time a model for about a second, after a warm-up, on zeros.

    Args:
        path: A ``.tflite`` that is not compiled for the Edge TPU.

    Raises:
        UserError: The interpreter refuses the model.
    """
    from importlib.metadata import version

    from ai_edge_litert.interpreter import Interpreter

    try:
        interpreter = Interpreter(model_path=os.fspath(path), num_threads=THREADS)
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        line = " ".join(str(error).split())
        raise UserError(f"{path}: the interpreter refuses the model ({line:.200})") from None
    for _ in range(_WARM_UP):
        interpreter.invoke()
    times: list[float] = []
    began = time.perf_counter()
    while len(times) < _LEAST_RUNS or (
        time.perf_counter() - began < _SECONDS and len(times) < _MOST_RUNS
    ):
        started = time.perf_counter()
        interpreter.invoke()
        times.append(1000 * (time.perf_counter() - started))
    low, middle, high = quantiles(times, n=4)
    runner = f"LiteRT {version('ai-edge-litert')}, {THREADS} thread"
    return CpuMeasurement(path.name, middle, low, high, len(times), runner)
