#!/usr/bin/env python3
"""Check that the network in this folder does here what it did where it was made.

    python3 verify.py [--cpu]

Needs Python 3.7 or newer, numpy and one TFLite interpreter, and no picture. Checks that no file has
changed; that the golden inputs give the golden outputs on the CPU, to the last bit; and, where an
Edge TPU answers, that it says nearly the same and keeps the promised latency.
"""

import argparse
import hashlib
import json
import statistics
import sys
import time
from typing import Any, List  # noqa: UP035

from classify import COMPILED, FOLDER, INSTALL, edgetpu_answers, make_interpreter

WARM_UP, RUNS = 10, 200
NEARLY = 8
"""Levels of 256 by which the Edge TPU's outputs may differ: it rounds otherwise than a CPU. Fast
kernels of two CPU runtimes were seen 3 apart; no Edge TPU was at hand."""


def check_files() -> List[str]:  # noqa: UP006  Python 3.7
    """Return what is wrong with the files, a line each."""
    problems = []
    for line in (FOLDER / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        path = FOLDER / name
        if not path.is_file():
            problems.append(f"{name} is missing")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            problems.append(f"{name} has changed")
    return problems


def make_reference() -> Any:
    """Return an interpreter whose kernels give the same bits in every runtime; they are slow."""
    try:
        from ai_edge_litert import interpreter as runtime
    except ImportError:
        from tflite_runtime import interpreter as runtime
    kernels = runtime.OpResolverType.BUILTIN_REF
    return runtime.Interpreter(str(FOLDER / "model.tflite"), experimental_op_resolver_type=kernels)


def run(interpreter: Any, inputs: Any) -> Any:
    """Return the quantized output of each quantized input."""
    import numpy as np

    source = interpreter.get_input_details()[0]["index"]
    target = interpreter.get_output_details()[0]["index"]
    outputs = []
    for example in inputs:
        interpreter.set_tensor(source, example[np.newaxis])
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(target)[0])
    return np.stack(outputs)


def median_ms(interpreter: Any) -> float:
    """Return the median latency of one warm inference in milliseconds."""
    for _ in range(WARM_UP):
        interpreter.invoke()
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        interpreter.invoke()
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)


def difference(interpreter: Any) -> int:
    """Return by how many levels of 256 the outputs differ from the golden ones, at most."""
    import numpy as np

    golden = np.load(str(FOLDER / "golden.npz"), allow_pickle=False)
    interpreter.allocate_tensors()
    outputs = run(interpreter, golden["inputs"])
    return int(abs(outputs.astype("int32") - golden["outputs"]).max())


def check_cpu() -> bool:
    """Compare with the golden outputs to the last bit, by reference kernels."""
    apart = difference(make_reference())
    words = "equal to the last bit" if apart == 0 else f"up to {apart} levels apart"
    interpreter = make_interpreter(use_edgetpu=False)
    interpreter.allocate_tensors()
    print(f"CPU: golden outputs {words}; {median_ms(interpreter):.3f} ms an inference")
    return apart == 0


def check_edgetpu() -> bool:
    """Compare with the golden outputs nearly, and with the promised latency."""
    promise = json.loads((FOLDER / "promise.json").read_text(encoding="utf-8"))
    interpreter = make_interpreter(use_edgetpu=True)
    apart = difference(interpreter)
    latency, low, high = (
        median_ms(interpreter),
        promise["latency_low_ms"],
        promise["latency_high_ms"],
    )
    late = high is not None and latency > high
    print(
        f"Edge TPU: golden outputs up to {apart} levels apart, {NEARLY} may be; {latency:.3f} ms "
        f"an inference, promised {low} to {high} ms over {promise['link']}, by "
        f"{promise['latency_source']}" + (": slower than promised" if late else "")
    )
    return apart <= NEARLY and not late


def main() -> int:
    """Check everything that can be checked here; 0 if all of it is well."""
    parser = argparse.ArgumentParser(description="Check the network in this folder, here.")
    parser.add_argument("--cpu", action="store_true", help="leave an Edge TPU alone")
    options = parser.parse_args()
    problems = check_files()
    for problem in problems:
        print(problem)
    if not problems:
        print("files: unchanged")
    try:
        sound = check_cpu()
        if not options.cpu and COMPILED.exists() and edgetpu_answers():
            sound = check_edgetpu() and sound
        else:
            print("Edge TPU: not checked")
    except ImportError as error:
        print(f"{error}\n{INSTALL}", file=sys.stderr)
        return 1
    except (OSError, ValueError, RuntimeError) as error:
        print(f"verify.py: {error}", file=sys.stderr)
        return 1
    well = sound and not problems
    print("verified" if well else "NOT verified")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
