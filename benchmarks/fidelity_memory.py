"""Parameter memory and placement against what the compiler wrote into its files."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import mean

from benchmarks.fidelity_data import FOLDER, read_rows
from benchmarks.fidelity_sweeps import convolutions, dense_layers
from nas.edgetpu.estimator import Estimate, Estimator
from nas.network.tflite import read_network

_CLIFFS = {"conv_sweep": convolutions, "fc_sweep": dense_layers}


@dataclass(frozen=True)
class Compiled:
    """One compiled model beside its estimate.

    Attributes:
        name: File name.
        parameter_error: Relative error of the parameter bytes.
        streams_right: Whether streaming is told from caching as the compiler decided.
        cpu_right: Whether as many operators stay on the CPU.
    """

    name: str
    parameter_error: float
    streams_right: bool
    cpu_right: bool


def compare_compiled() -> list[Compiled]:
    """Estimate every compiled model whose source is at hand.

    Raises:
        UserError: The data are not there.
    """
    return list(_compiled())


def _compiled() -> Iterator[Compiled]:
    for row in read_rows("compiled_models"):
        path = FOLDER / "models" / row["model_file"]
        if row["model_file"] and path.exists():
            yield _compare(row, Estimator().estimate(read_network(path)))


def _compare(row: dict[str, str], estimate: Estimate) -> Compiled:
    streamed = float(row["streamed_param_bytes"])
    total = float(row["cached_param_bytes"]) + streamed
    return Compiled(
        row["model_file"],
        estimate.parameter_bytes / total - 1,
        (estimate.off_chip_bytes > 0) == (streamed > 0),
        estimate.ops_total - estimate.ops_mapped == int(float(row["cpu_ops"])),
    )


def summarize(compiled: list[Compiled]) -> dict[str, float]:
    """Return the figures of the compiled models."""
    return {
        "models": len(compiled),
        "parameter_mean_error": mean(abs(one.parameter_error) for one in compiled),
        "parameter_worst": max((one.parameter_error for one in compiled), key=abs),
        "streaming_right": mean(one.streams_right for one in compiled),
        "cpu_operators_right": mean(one.cpu_right for one in compiled),
    }


def find_cliffs() -> dict[str, tuple[int, int]]:
    """Return the first streamed width of each sweep: measured, and as estimated."""
    return {file: (_first(file, measured=True), _first(file, measured=False)) for file in _CLIFFS}


def _first(file: str, *, measured: bool) -> int:
    for row in read_rows(file):
        width = int(row["width"])
        spilled = Estimator("pcie").estimate(_CLIFFS[file](width)).off_chip_bytes > 0
        if (float(row["off_chip_mib"]) > 0) if measured else spilled:
            return width
    return 0
