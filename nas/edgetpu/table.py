"""An estimate as text: totals, the bottleneck, the edits that would pay, and every operator."""

from collections.abc import Sequence
from textwrap import fill

from nas.edgetpu.chip import KIB, MIB
from nas.edgetpu.edits import Edit
from nas.edgetpu.estimator import Estimate, OperatorEstimate

WIDTH = 96
_MAX_EDITS = 5
_HEADER = "index  operator                      target      MMACs      KiB  cached         ms"


def render_estimate(name: str, estimate: Estimate, edits: Sequence[Edit]) -> str:
    """Render an estimate in the manner of Arm Vela's summary.

    Args:
        name: The model's name, for the heading.
        estimate: Its estimate.
        edits: Edits that would pay, ranked.

    Returns:
        Plain text of at most 96 columns.
    """
    blocks = [
        _heading(name, estimate),
        _totals(estimate),
        _time(estimate),
        _edits(edits),
        _operators(estimate.ops),
    ]
    return "\n\n".join(block for block in blocks if block)


def find_bottleneck(estimate: Estimate) -> str:
    """Name the largest part of the latency, in words."""
    name, milliseconds = max(_parts(estimate), key=lambda part: part[1])
    slowest = max(estimate.ops, key=lambda costs: costs.latency_ms or 0.0)
    words = f"{name}, {milliseconds:.2f} ms"
    if name in ("compute", "streamed parameters", "CPU operators"):
        words += f"; the slowest operator is {slowest.index} ({slowest.type})"
    return words


def _parts(estimate: Estimate) -> list[tuple[str, float]]:
    latency = estimate.latency
    return [
        ("link, fixed", latency.fixed_ms),
        ("input transfer", latency.input_ms),
        ("program transfer", latency.program_ms),
        ("compute", latency.compute_ms or 0.0),
        ("streamed parameters", latency.streaming_ms),
        ("output transfer", latency.output_ms),
        ("CPU operators", latency.cpu_ms),
    ]


def _heading(name: str, estimate: Estimate) -> str:
    setup = estimate.estimator
    place = f"{setup.link}, {setup.clock_mhz:g} MHz, host {setup.host}"
    place += f", profile {setup.profile}" if setup.profile else ""
    return fill(f"{name} on the Coral Edge TPU ({place}) - estimated, nothing was run", WIDTH)


def _totals(estimate: Estimate) -> str:
    rows = [
        ("latency", _latency(estimate)),
        ("energy", _unit(estimate.energy_mj, "mJ", f" [{estimate.energy_source}]")),
        ("on the CPU alone", f"{estimate.cpu_latency_ms:.2f} ms, {estimate.cpu_energy_mj:.2f} mJ"),
        ("parameter memory", _memory(estimate)),
        ("program", f"{_size(estimate.instruction_bytes)} on every inference"),
        ("peak activations", _size(estimate.peak_activation_bytes)),
        ("work", f"{estimate.macs / 1e6:.1f} million multiply-accumulates"),
        ("operators mapped", f"{estimate.ops_mapped} of {estimate.ops_total}"),
        ("compiles", f"{estimate.compiles}: {estimate.compile_reason}"),
    ]
    return "\n".join(_row(label, text) for label, text in rows)


def _row(label: str, text: str) -> str:
    return fill(f"{label:<18}{text}", WIDTH, subsequent_indent=" " * 18)


def _unit(value: float | None, unit: str, after: str = "") -> str:
    return "not known" if value is None else f"{value:.2f} {unit}{after}"


def _latency(estimate: Estimate) -> str:
    if estimate.latency_low_ms is None or estimate.latency_high_ms is None:
        unknown = [f"{c.index} ({c.type})" for c in estimate.ops if c.latency_ms is None]
        return f"not known: no cost is known for operator {', '.join(unknown)}"
    interval = f"{estimate.latency_low_ms:.2f} - {estimate.latency_high_ms:.2f}"
    return f"{_unit(estimate.latency_ms, 'ms')} (80 % interval {interval} ms)"


def _memory(estimate: Estimate) -> str:
    cached, streamed = _size(estimate.on_chip_bytes), _size(estimate.off_chip_bytes)
    total = _size(estimate.parameter_bytes)
    return f"{total}: {cached} on the chip, {streamed} streamed on every inference"


def _size(size_bytes: int) -> str:
    large = size_bytes >= MIB
    return f"{size_bytes / MIB:.2f} MiB" if large else f"{size_bytes / KIB:.1f} KiB"


def _time(estimate: Estimate) -> str:
    rows = [f"  {name:<22}{value:>9.3f} ms" for name, value in _parts(estimate) if value]
    return "\n".join(["Time", *rows, _row("bottleneck", find_bottleneck(estimate))])


def _edits(edits: Sequence[Edit]) -> str:
    if not edits:
        return ""
    rows = [
        fill(f"  -{edit.gain_ms:.2f} ms  {edit.words}", WIDTH, subsequent_indent=" " * 12)
        for edit in edits[:_MAX_EDITS]
    ]
    return "\n".join(["Edits that would pay, at most, each by itself", *rows])


def _operators(operators: Sequence[OperatorEstimate]) -> str:
    return "\n".join([_HEADER, *(_operator(costs) for costs in operators)])


def _operator(costs: OperatorEstimate) -> str:
    cached = {None: "-", True: "yes", False: "no"}[costs.on_chip]
    latency = "?" if costs.latency_ms is None else f"{costs.latency_ms:.3f}"
    target = f"{costs.target} ?" if "in doubt" in costs.reason else costs.target
    return (
        f"{costs.index:>5}  {costs.type[:28]:<28}  {target:<9} {costs.macs / 1e6:>7.2f} "
        f"{costs.parameter_bytes / KIB:>8.1f}  {cached:<6} {latency:>10}"
    )
