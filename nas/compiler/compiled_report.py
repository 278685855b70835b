"""A compiled model for people and programs: what its file tells, and what it cannot."""

from textwrap import fill
from typing import Any

from nas.compiler.compiled import CompiledModel, CompiledOperator
from nas.edgetpu.chip import CHIP
from nas.edgetpu.placement import MAPPED
from nas.edgetpu.table import WIDTH

LEFT_ON_CPU = "left on the CPU by the compiler"
NO_LATENCY = (
    "a compiled file does not tell what the chip computes; estimate the .tflite that went into the "
    "compiler, or measure this one"
)
_SOURCE = "read from the compiled file"
_NOT_IN_THE_FILE = (
    "latency_ms", "latency_low_ms", "latency_high_ms", "latency_source", "energy_mj",
    "energy_source", "cpu_latency_ms", "cpu_energy_mj", "peak_activation_bytes", "macs",
    "ops_total", "ops_mapped", "front_end_ms",
)  # fmt: skip


def describe_compiled(model: CompiledModel) -> dict[str, Any]:
    """Return the fields of ``nas.estimate --json``; what the file does not tell is ``None``.

    The custom operator hides how many operators were mapped, so ``ops_total`` and ``ops_mapped``
    are ``None``, and ``cpu_ops`` tells how many were not.
    """
    return {
        "source": _SOURCE,
        **dict.fromkeys(_NOT_IN_THE_FILE),
        "latency_reason": NO_LATENCY,
        "parameter_bytes": model.cached_parameter_bytes + model.streamed_parameter_bytes,
        "on_chip_bytes": model.cached_parameter_bytes,
        "off_chip_bytes": model.streamed_parameter_bytes,
        "instruction_bytes": model.instruction_bytes,
        "input_bytes": model.input_bytes,
        "output_bytes": model.output_bytes,
        "scratch_bytes": model.scratch_bytes,
        "narrow_bytes_per_tile": model.narrow_bytes_per_tile,
        "cpu_ops": len(model.cpu_operators),
        "subgraphs": len(model.packages),
        "compiles": "yes",
        "compile_reason": _provenance(model),
        "ops": [_operator(index, operator) for index, operator in enumerate(model.operators)],
    }


def _provenance(model: CompiledModel) -> str:
    versions = ", ".join(version or "not named" for version in model.compiler_versions)
    return f"already compiled (compiler {versions}); needs runtime {model.min_runtime_version}"


def _operator(index: int, operator: CompiledOperator) -> dict[str, Any]:
    size = operator.cached_parameter_bytes + operator.streamed_parameter_bytes
    return {
        "index": index,
        "type": operator.type,
        "target": "edgetpu" if operator.package else "cpu",
        "reason": MAPPED if operator.package else LEFT_ON_CPU,
        "macs": None,
        "parameter_bytes": size,
        "on_chip": not operator.streamed_parameter_bytes if size else None,
        "latency_ms": None,
    }


def render_compiled(name: str, model: CompiledModel) -> str:
    """Render a compiled model as text of at most 96 columns.

    Args:
        name: The file's name, for the heading.
        model: What was read of it.
    """
    heading = fill(f"{name}, compiled for the Coral Edge TPU - {_SOURCE}, not predicted", WIDTH)
    rows = [fill(f"{label:<20}{text}", WIDTH, subsequent_indent=" " * 20) for label, text in (
        ("parameter memory", _memory(model)),
        ("program", f"{model.instruction_bytes:,} bytes on every inference"),
        ("input, output", f"{_size(model.input_bytes)}, {_size(model.output_bytes)}"),
        ("scratch", f"{model.scratch_bytes:,} bytes on the host"),
        ("activations", _activations(model)),
        ("Edge TPU operators", str(len(model.packages))),
        ("CPU operators", _cpu_operators(model)),
        ("compiles", f"yes: {_provenance(model)}"),
        ("latency, energy", f"not known: {NO_LATENCY}"),
    )]  # fmt: skip
    return "\n".join([heading, "", *rows])


def _size(size_bytes: int | None) -> str:
    return "not known" if size_bytes is None else f"{size_bytes:,} bytes"


def _memory(model: CompiledModel) -> str:
    cached, streamed = model.cached_parameter_bytes, model.streamed_parameter_bytes
    return f"{cached:,} bytes on the chip, {streamed:,} streamed on every inference"


def _activations(model: CompiledModel) -> str:
    per_tile = CHIP.narrow_bytes // CHIP.tiles
    return f"up to {model.narrow_bytes_per_tile:,} of {per_tile:,} bytes in each tile"


def _cpu_operators(model: CompiledModel) -> str:
    count = len(model.cpu_operators)
    return f"{count}: {', '.join(model.cpu_operators)}" if count else "none"
