"""The decision chart in words, and a user's models on it."""

from collections.abc import Iterator, Sequence

from rich.table import Table

from nas.platforms.chart import Chart, Crossover, Curve
from nas.platforms.contest import Contest, Quantity, Setup
from nas.platforms.families import FAMILIES, Family
from nas.platforms.placed_model import PlacedModel
from nas.platforms.this_cpu import CpuMeasurement
from nas.view.output import Output
from nas.view.text import plain

QUANTITY_WORDS: dict[Quantity, str] = {"latency_ms": "faster", "energy_mj": "less energy"}
_UNITS: dict[Quantity, str] = {"latency_ms": "ms", "energy_mj": "mJ"}


def print_chart(output: Output, chart: Chart) -> None:
    """Print, for every set-up and kind of network, who wins with how many parameters."""
    for setup in chart.setups:
        output.print(f"\n[bold]{setup.name}[/] ({setup_words(setup)}): estimated, nothing was run")
        for family in FAMILIES.values():
            output.print(f"{family.kind.capitalize()} networks: {family.description}")
            output.print(_table(chart, setup, family))
    for line in _notes():
        output.print(line)


def print_models(output: Output, models: Sequence[PlacedModel]) -> None:
    """Print what to choose for each model."""
    for model in models:
        output.print(
            f"\n[bold]{plain(model.name)}[/bold]: {model.kind}, {_count(model.parameters)} "
            "parameters",
            highlight=False,
        )
        for standing in model.standings:
            output.print(f"  {standing.setup.name}: {standing.advice}")
            for quantity, found in standing.contests.items():
                output.print(f"    {_figures(found, _UNITS[quantity])}")


def setup_words(setup: Setup) -> str:
    """Return how the Edge TPU is reached and what it competes with."""
    return f"{setup.link}, {setup.clock_mhz:g} MHz, host {setup.host}"


def _table(chart: Chart, setup: Setup, family: Family) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 1))
    table.add_column(f"\n{family.size_title}", justify="right")
    for words in QUANTITY_WORDS.values():
        table.add_column(f"{words}\nfrom", no_wrap=True)
        table.add_column("\nto", no_wrap=True)
    columns = [chart.of(setup, family.kind, quantity) for quantity in QUANTITY_WORDS]
    for curves in zip(*columns, strict=True):
        cells = [cell for curve in curves for cell in _cells(curve)]
        table.add_row(f"{curves[0].size:,}", *cells)
    return table


def _cells(curve: Curve) -> tuple[str, str]:
    """Return where the spans begin and end in which the Edge TPU wins, a line each."""
    begins, ends = zip(*spans(curve), strict=True) if spans(curve) else (("never",), ("",))
    return "\n".join(begins), "\n".join(ends)


def spans(curve: Curve) -> list[tuple[str, str]]:
    """Return in words the spans of parameters in which the Edge TPU wins."""
    begins = [_place(each) for each in curve.crossovers if each.after == "edgetpu"]
    ends = [_place(each) for each in curve.crossovers if each.after == "cpu"]
    if curve.points and curve.points[0].contest.ratio > 1:
        begins.insert(0, "the smallest")
    if len(ends) < len(begins):
        ends.append("the largest")
    return list(zip(begins, ends, strict=True))


def _place(crossover: Crossover) -> str:
    unit, letter = (1e6, "M") if crossover.parameters >= 1e5 else (1e3, "k")
    numbers = (crossover.parameters, crossover.low, crossover.high)
    at, low, high = ("?" if number is None else _short(number / unit) for number in numbers)
    return f"{at} {letter}" if low == at == high else f"{at} {letter} ({low}-{high})"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def _figures(found: Contest, unit: str) -> str:
    sides = (("Edge TPU", found.edgetpu), ("CPU", found.cpu))
    return ", ".join(
        f"{name} {_digits(side.value)} {unit} ({_digits(side.low)} - {_digits(side.high)})"
        for name, side in sides
    )


def _digits(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def _count(parameters: float) -> str:
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if parameters >= size:
            return f"{parameters / size:.3g} {letter}"
    return f"{parameters:.0f}"


def _notes() -> Iterator[str]:
    yield (
        "\nFrom how many weights to how many the Edge TPU is faster or takes less energy than the "
        "CPU. In brackets: outside of them one side wins beyond both 80 % intervals; a question "
        "mark where neither does. Energy has the interval of the time alone; the power of USB "
        "Accelerator and CPUs is unverified."
    )
    yield (
        "The CPU is taken to run the interpreter of Coral's own runtime on one thread; a newer one "
        "with XNNPACK is 10 - 20 times as fast on a desktop: time your models with --measure-cpu."
    )


def print_measured(output: Output, measured: Sequence[CpuMeasurement]) -> None:
    """Print what the models took on this computer's CPU."""
    for each in measured:
        quartiles = f"{_digits(each.latency_low_ms)} - {_digits(each.latency_high_ms)}"
        output.print(
            f"\n{plain(each.name)} on this computer's CPU, measured: {_digits(each.latency_ms)} ms "
            f"(quartiles {quartiles}, {each.runs} runs, {each.interpreter})",
            markup=False,
            highlight=False,
        )
