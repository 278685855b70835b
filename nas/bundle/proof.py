"""What lets anybody check a bundle where it is used: golden outputs, the promise, checksums."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nas.edgetpu.estimator import Estimate
from nas.evaluation.golden import Golden

CHECKSUMS = "SHA256SUMS"
GOLDEN = "golden.npz"
PROMISE = "promise.json"


def write_proof(folder: Path, golden: Golden, estimate: Estimate) -> None:
    """Write the golden examples and what was promised.

    Args:
        folder: The bundle.
        golden: Of the network in it.
        estimate: Its costs.
    """
    np.savez_compressed(folder / GOLDEN, inputs=golden.inputs, outputs=golden.outputs)
    setup = estimate.estimator
    promise = {
        "latency_ms": estimate.latency_ms,
        "latency_low_ms": estimate.latency_low_ms,
        "latency_high_ms": estimate.latency_high_ms,
        "latency_source": estimate.latency_source,
        "link": setup.link,
        "clock_mhz": setup.clock_mhz,
        "host": setup.host,
    }
    (folder / PROMISE).write_text(json.dumps(promise, indent=2) + "\n")


def write_checksums(folder: Path, names: Sequence[str]) -> None:
    """Write a checksum a file, in the form of ``sha256sum``."""
    digests = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    (folder / CHECKSUMS).write_text(lines)
