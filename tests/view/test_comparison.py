import io
from pathlib import Path

from rich.console import Console

from nas.records.run import RunDirectory
from nas.view.comparison import Run, comparison_table, differences
from objectives import DEFAULT_OBJECTIVES, OBJECTIVES
from tests.view.candidates import candidate, configuration, trade_off

THREE = [OBJECTIVES[name] for name in DEFAULT_OBJECTIVES]


def _run(path: str, records: object = None, **values: object) -> Run:
    found = trade_off() if records is None else records
    return Run(RunDirectory(Path(path)), configuration(**values), found, THREE)  # type: ignore[arg-type]


def test_each_run_is_a_row_with_its_best_values() -> None:
    console = Console(file=io.StringIO(), width=100)
    console.print(comparison_table([_run("a"), _run("b", [])]))
    assert isinstance(console.file, io.StringIO)
    lines = [" ".join(line.split()) for line in console.file.getvalue().splitlines()]
    assert "run candidates front best accuracy best latency best memory" in lines
    assert "a 7 3 95.0 % 1.00 ms 97.7 KiB" in lines
    assert "b 0 0" in lines


def test_runs_on_other_data_or_with_other_sources_are_not_compared_silently() -> None:
    measured = [candidate("m", 0.5, 1.0, 1, latency_source="device")]
    assert differences([_run("a"), _run("b", measured, data_fingerprint="1" * 64)]) == [
        "The runs differ in data: their accuracies do not compare.",
        "The runs differ in latency sources (estimate and device).",
    ]
    assert differences([_run("a"), _run("b")]) == []
