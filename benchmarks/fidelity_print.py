"""The figures of the fidelity benchmark as text."""

from collections.abc import Mapping
from typing import Any

_HEADER = (
    f"{'':<36}{'rows':>5}{'error':>8}{'worst':>8}{'bias':>8}{'order':>7}{'in 80 %':>9}"
    f"{'MACs':>8}{'counts':>8}"
)


def render(figures: Mapping[str, Any]) -> str:
    """Render all figures; errors are relative, in percent."""
    blocks = [
        _table("Each family predicted by a fit without it", figures["families"]),
        _table("The same by data file", figures["files"]),
        _files(figures["whole_file_left_out"]),
        _table("NAS-Bench-201, every tenth row fitted, the others scored",
               {"nasbench201": figures["cells_fitted_on_a_tenth"]}),
        _cpu(figures["cpu"]),
        _interval(figures),
        _plain("Compiled models", figures["compiled"]),
        _cliffs(figures["cliffs"]),
        _plain("Resident rows of the dense sweep, closest to them", figures["dense_scatter"]),
        _constants(figures["constants"]),
        _plain("Speed", figures["speed"]),
    ]  # fmt: skip
    return "\n\n".join(blocks)


def _percent(value: float | None, *, signed: bool = False) -> str:
    if value is None:
        return "–"
    return f"{100 * value:+.1f}" if signed else f"{100 * value:.1f}"


def _table(title: str, groups: Mapping[str, Any]) -> str:
    return "\n".join([title, _HEADER, *(_row(name, group) for name, group in groups.items())])


def _row(name: str, group: Mapping[str, Any]) -> str:
    model = group["model"]
    order = "–" if model["spearman"] is None else f"{model['spearman']:.3f}"
    return (
        f"{name:<36}{model['rows']:>5}{_percent(model['mean_error']):>8}"
        f"{_percent(model['worst'], signed=True):>8}{_percent(model['bias'], signed=True):>8}"
        f"{order:>7}{_percent(model['coverage']):>9}{_percent(group['macs']['mean_error']):>8}"
        f"{_percent(group['counts']['mean_error']):>8}"
    )


def _files(files: Mapping[str, Any]) -> str:
    rows = [f"{name:<36}{_percent(one['mean_error']):>8}" for name, one in files.items()]
    return "\n".join(["Mean error with the whole file left out", *rows])


def _cpu(hosts: Mapping[str, Any]) -> str:
    rows = [
        f"{name:<36}package {_percent(both['package']['mean_error'])}, "
        f"each network left out {_percent(both['left_out']['mean_error'])}"
        for name, both in hosts.items()
    ]
    return "\n".join(["Host CPU, mean error", *rows])


def _interval(figures: Mapping[str, Any]) -> str:
    ends = figures["interval"]
    return (
        f"80 % interval: {ends['low']:.3f} to {ends['high']:.3f} times the estimate, where nothing "
        "is streamed, and as little as the roots of these where all is; it holds "
        f"{_percent(figures['coverage'])} % of measurements of families left out of both fits"
    )


def _plain(title: str, values: Mapping[str, float]) -> str:
    return "\n".join([title, *(f"{name:<36}{value:>12.4g}" for name, value in values.items())])


def _cliffs(cliffs: Mapping[str, Any]) -> str:
    rows = [f"{name:<36}measured {pair[0]}, estimated {pair[1]}" for name, pair in cliffs.items()]
    return "\n".join(["First width whose parameters are streamed", *rows])


def _constants(constants: Mapping[str, Any]) -> str:
    rows = [
        f"{name:<36}{one['package']:>10.4g}{one['refitted']:>10.4g}"
        f"{_percent(one['refitted'] / one['package'] - 1, signed=True):>8}"
        for name, one in constants.items()
    ]
    return "\n".join([f"{'Constants':<36}{'package':>10}{'refitted':>10}{'drift %':>8}", *rows])
