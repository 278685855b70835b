"""A sweep in the terminal."""

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from nas.sweeping.adjustments import SIZE_WORDS
from nas.sweeping.cliff import Cliff
from nas.sweeping.step import Step
from nas.sweeping.sweep import Sweep
from nas.view.quantity import UNKNOWN, shown
from nas.view.text import of_profile, plain

_WIDTH = 100
_ROWS = 16
_SOURCES = {
    "estimate": "every cost is an estimate, nothing was compiled or run on a device",
    "device": "latency with the Edge TPU is measured, with quartiles; every other cost, causes and "
    "recommendations are estimates",
}
_INTERVALS = {"estimate": "80 %", "device": "quartiles"}
_STYLES = {"confirmed": "green", "contradicted": "red", "not testable here": "dim"}


def print_sweep(console: Console, sweep: Sweep) -> None:
    """Print a sweep: heading, steps, cliffs, symmetry and recommendations."""
    if not console.is_terminal:
        console.width = max(console.width, _WIDTH)
    for part in _parts(sweep):
        console.print(Text(part) if isinstance(part, str) else part, highlight=False)


def _parts(sweep: Sweep) -> Iterator[RenderableType]:
    yield _heading(sweep)
    shown_steps = _chosen(sweep)
    yield _table(sweep, shown_steps)
    left_out = len(sweep.steps) - len(shown_steps)
    if left_out:
        yield f"{left_out} steps between these are left out here; --json has all of them"
    yield from _reasons(sweep)
    yield from _cliffs(sweep)
    yield _symmetry(sweep)
    for each in sweep.recommendations:
        verdict = Text(f"{each.verdict}: ", style=_STYLES[each.verdict])
        yield verdict.append(f"{each.text} - {plain(each.evidence, 400)}", style="default")


def _heading(sweep: Sweep) -> str:
    adjusted, setup = sweep.adjustment, sweep.setup
    of = f" of `{plain(adjusted.layer, 60)}`" if adjusted.layer else ""
    accuracy = _accuracy(sweep)
    return (
        f"{plain(sweep.model, 60)}: {adjusted.words}{of}, {len(sweep.steps)} steps, "
        f"{_value(adjusted.neutral)} being the network as it is, on the Coral "
        f"Edge TPU ({setup['link']}, {setup['clock_mhz']:g} MHz) and on host {setup['host']} "
        f"alone{of_profile(setup.get('profile'))}; {accuracy}{_SOURCES[sweep.source]}"
    )


def _accuracy(sweep: Sweep) -> str:
    """Say what accuracy is, and how uncertain."""
    known = [
        step.accuracy_high - step.accuracy_low
        for step in sweep.steps
        if step.accuracy_low is not None and step.accuracy_high is not None
    ]
    if not known:
        return ""
    points = f"95 % interval +/- {50 * max(known):.1f} points or less"
    return f"accuracy is int8, after a brief training, {points}; "


def _chosen(sweep: Sweep) -> list[Step]:
    """Return the steps that are shown: the ends, those beside cliffs, and some between."""
    values = {sweep.adjustment.neutral}
    for cliff in sweep.cliffs:
        values |= {cliff.last_good, cliff.first_bad}
    steps = sweep.steps
    stride = max(1, -(-len(steps) // _ROWS))
    return [
        step
        for place, step in enumerate(steps)
        if place % stride == 0
        or place == len(steps) - 1
        or step.value in values
        or step.accuracy is not None
        or step.reason is not None
        or step.measured_reason is not None
    ]


def _table(sweep: Sweep, steps: list[Step]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    has_accuracy = any(step.accuracy is not None for step in sweep.steps)
    heads = [
        "value", "TPU ms", _INTERVALS[sweep.source], "CPU ms", "MACs", "weights", "off chip",
        "CPU ops", "symm. TPU", "CPU", *(["accuracy"] if has_accuracy else []), "",
    ]  # fmt: skip
    for head in heads:
        table.add_column(head, justify="left" if not head else "right", no_wrap=True)
    for step in steps:
        table.add_row(*_row(sweep, step, has_accuracy=has_accuracy))
    return table


def _row(sweep: Sweep, step: Step, *, has_accuracy: bool) -> Iterator[str]:
    yield _value(step.value)
    yield shown("latency_ms", step.latency_ms).removesuffix(" ms")
    yield _interval(step)
    yield shown("latency_ms", step.cpu_latency_ms).removesuffix(" ms")
    yield shown("macs", step.macs)
    yield shown("parameters", step.parameters)
    yield shown("off_chip_bytes", step.off_chip_bytes)
    known = step.ops_total is not None and step.ops_mapped is not None
    yield f"{step.ops_total - step.ops_mapped}/{step.ops_total}" if known else UNKNOWN  # type: ignore[operator]
    for cost in ("latency_ms", "cpu_latency_ms"):
        symmetry = sweep.symmetry(step, cost)
        yield "" if symmetry is None else f"{symmetry:.2f}"
    if has_accuracy:
        yield "" if step.accuracy is None else shown("accuracy", step.accuracy)
    yield _mark(sweep, step)


def _value(value: float) -> str:
    return f"{value:.0f}" if value == round(value) else f"{value:.4g}"


def _interval(step: Step) -> str:
    if step.latency_low_ms is None or step.latency_high_ms is None:
        return UNKNOWN
    return f"{step.latency_low_ms:.3g}-{step.latency_high_ms:.3g}"


def _mark(sweep: Sweep, step: Step) -> str:
    marks = ["cliff"] if any(step.value == each.first_bad for each in sweep.cliffs) else []
    marks += ["last good"] if any(step.value == each.last_good for each in sweep.cliffs) else []
    return ", ".join(marks)


def _reasons(sweep: Sweep) -> Iterator[str]:
    for step in sweep.steps:
        reason = step.reason or step.measured_reason or step.accuracy_reason
        if reason is not None:
            yield f"{sweep.adjustment.words} {_value(step.value)}: {plain(reason, 300)}"
    doubtful = [step for step in sweep.steps if step.in_doubt is not None]
    if doubtful:
        yield (
            f"In doubt at {len(doubtful)} of {len(sweep.steps)} steps, as at "
            f"{_value(doubtful[0].value)}: {plain(doubtful[0].in_doubt, 300)}; if the compiler "
            "leaves it to the CPU, all that follows goes there too"
        )


def _cliffs(sweep: Sweep) -> Iterator[str]:
    if not sweep.cliffs:
        yield "Cliffs: none; latency nowhere grows out of proportion"
    for cliff in sweep.cliffs:
        yield _cliff(cliff)


def _cliff(cliff: Cliff) -> str:
    on = f", as steep up to {_value(cliff.until)}" if cliff.until != cliff.first_bad else ""
    times = f"{cliff.latency_before_ms:.3g} -> {cliff.latency_after_ms:.3g} ms"
    sizes = f"x {cliff.growth:.2f}, size x {cliff.size_growth:.2f}"
    return (
        f"Cliff behind {_value(cliff.last_good)}: {cliff.mechanism}. {times} at "
        f"{_value(cliff.first_bad)} ({sizes}){on}; {100 * cliff.share:.0f} % of the excess: "
        f"{plain(cliff.detail, 240)}"
    )


def _symmetry(sweep: Sweep) -> str:
    said = " and ".join(
        f"{'unknown' if value is None else format(value, '.2f')} on the {where}"
        for where, value in (
            ("TPU", sweep.median_symmetry("latency_ms")),
            ("CPU", sweep.median_symmetry("cpu_latency_ms")),
        )
    )
    size = SIZE_WORDS[sweep.adjustment.size]
    return f"Symmetry, relative latency over relative {size}, median of the steps: {said}"
