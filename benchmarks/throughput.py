"""How much of a search's wall time is training: ``python -m benchmarks.throughput``.

Prints medians beside something measured in the same run, and compares with the reference result in
``benchmarks/results/throughput.json`` (``--save`` replaces it).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

REFERENCE = Path(__file__).parent / "results" / "throughput.json"
ROOT = Path(__file__).parents[1]
COMMANDS = ("search", "report", "export", "estimate")
QUANTIZED_PARAMETERS = 500_000


def median_s(action: Callable[[], Any], times: int) -> float:
    """Return the median wall time of an action in seconds."""
    durations = []
    for _ in range(times):
        started = time.monotonic()
        action()
        durations.append(time.monotonic() - started)
    return statistics.median(durations)


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python as a user would and return what it printed."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)


def measure_help(times: int) -> dict[str, float]:
    """Time ``--help`` of every command, beside a Python that does nothing."""
    results = {"python_s": median_s(lambda: python("-c", "pass"), times)}
    for name in COMMANDS:
        ask = partial(python, "-m", f"nas.{name}", "--help")
        results[f"help_{name}_s"] = median_s(ask, times)
    return results


def measure_quantization(times: int) -> dict[str, float]:
    """Time the quantization of a 0.5 M-parameter network at 64², beside the usual converter path.

    Both use 100 calibration images.
    """
    import numpy as np
    import tensorflow as tf

    from nas.data.dataset import Split
    from nas.evaluation.quantization import quantize

    model = half_million_network()
    images = np.random.default_rng(0).integers(0, 256, (100, 64, 64, 3), dtype=np.uint8)

    def usual_path() -> None:
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([row[None].astype("f4")] for row in images)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.convert()

    split = Split(images, np.zeros(100, np.int32))
    return {
        "quantized_parameters": model.count_params(),
        "quantize_s": median_s(lambda: quantize(model, split), times),
        "quantize_from_keras_model_s": median_s(usual_path, times),
    }


def half_million_network() -> Any:
    """Build the preset whose size comes nearest to half a million parameters."""
    from nas.candidates.hyperparameters import fixed_hyperparameters
    from search_spaces import load_space, presets

    space = load_space("xception_lite", input_shape=(64, 64, 3), classes=2)
    multipliers = (0.125, 0.1875, 0.25)
    models = [
        space.build(fixed_hyperparameters({**presets(space)["xception"], "width_multiplier": m}))
        for m in multipliers
    ]
    return min(models, key=lambda model: abs(model.count_params() - QUANTIZED_PARAMETERS))


def measure_default_run() -> dict[str, float]:
    """Time the default command, and what of it is neither training nor inference."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        started, started_at = time.monotonic(), time.time()
        python("-m", "nas.search", "--space", "xception_lite", "--run-dir", str(run))
        wall_s = time.monotonic() - started
        records = [json.loads(line) for line in (run / "records.jsonl").read_text().splitlines()]
        first = min((run / "models").glob("*/model.tflite"), key=os.path.getmtime)
        first_s = first.stat().st_mtime - started_at
    trained = [record for record in records if record["status"] == "complete"]
    working_s = sum(r["seconds"]["train"] + r["seconds"]["evaluate"] for r in trained)
    return {
        "default_run_s": wall_s,
        "first_candidate_s": first_s,
        "trained_candidates": len(trained),
        "framework_share": 1 - working_s / wall_s,
    }


def print_table(results: dict[str, float], reference: dict[str, float]) -> None:
    """Print every figure beside the reference result."""
    print(f"{'figure':<30}{'here':>12}{'reference':>12}")
    for name, value in results.items():
        known = f"{reference[name]:.3g}" if name in reference else "–"
        print(f"{name:<30}{value:>12.3g}{known:>12}")


def main() -> None:
    """Measure, print and, if asked, keep the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--times", type=int, default=3, help="repetitions of short measurements")
    parser.add_argument("--runs", type=int, default=1, help="default runs, about 4 minutes each")
    parser.add_argument("--save", action="store_true", help="replace the reference result")
    options = parser.parse_args()
    results = {**measure_help(options.times), **measure_quantization(options.times)}
    runs = [measure_default_run() for _ in range(options.runs)]
    results |= {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    reference = json.loads(REFERENCE.read_text()) if REFERENCE.exists() else {}
    print_table(results, reference)
    if options.save:
        REFERENCE.parent.mkdir(exist_ok=True)
        REFERENCE.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
