import io

from rich.console import Console

from nas.records.pareto import pareto_front
from nas.view.summary import front_table
from objectives import DEFAULT_OBJECTIVES, OBJECTIVES
from tests.view.candidates import candidate, trade_off

THREE = [OBJECTIVES[name] for name in DEFAULT_OBJECTIVES]


def _lines(table: object) -> list[str]:
    console = Console(file=io.StringIO(), width=80)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    return [" ".join(line.split()) for line in console.file.getvalue().splitlines() if line.strip()]


def test_the_front_is_a_table_the_most_accurate_first() -> None:
    lines = _lines(front_table(pareto_front(trade_off(), THREE), THREE))
    assert lines[0] == "candidate accuracy latency memory source preset"
    assert lines[2:] == [
        "large 95.0 % 4.00 ms 879 KiB estimate",
        "middle 90.0 % 2.00 ms 391 KiB estimate default",
        "small 70.0 % 1.00 ms 97.7 KiB estimate",
    ]


def test_intervals_stand_behind_their_values_or_not_at_all() -> None:
    record = candidate("a1", 0.9, 2.0, 1, latency_low_ms=1.5, latency_high_ms=2.5)
    assert _lines(front_table([record], THREE))[2] == "a1 90.0 % 2.00 ms 1.50-2.50 1 B estimate"
    assert _lines(front_table([record], THREE, has_intervals=False))[2] == (
        "a1 90.0 % 2.00 ms 1 B estimate"
    )


def test_what_is_left_out_is_counted() -> None:
    front = pareto_front(trade_off(), THREE)
    assert _lines(front_table(front, THREE, limit=1))[-1] == "and 2 more"
