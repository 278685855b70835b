import io
import logging
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from nas.records.pareto import pareto_front
from nas.records.run import RunDirectory
from nas.study.events import (
    CandidateFinished,
    CandidateMeasured,
    DeviceTold,
    EpochFinished,
    Event,
    SearchFinished,
    SearchStarted,
    StageStarted,
)
from nas.view.lines import duration
from nas.view.output import Output
from nas.view.summary import print_run
from nas.view.terminal import TerminalView, data_progress
from objectives import DEFAULT_OBJECTIVES, OBJECTIVES
from tests.view.candidates import HOSTILE, candidate, configuration, trade_off

THREE = [OBJECTIVES[name] for name in DEFAULT_OBJECTIVES]


def _events(name: str = "default") -> list[Event]:
    first, last = candidate("a1", 0.9, 1.5, 2048, preset=name), trade_off()[4]
    return [
        SearchStarted(configuration(), RunDirectory(Path("runs/a")), 0),
        StageStarted(0, "a1", name, "train"),
        EpochFinished(0, "a1", 1, 4, 0.5),
        CandidateFinished(first, 1, [first]),
        StageStarted(1, "huge", None, "train"),
        CandidateFinished(last, 2, [first]),
        SearchFinished(2, [first], 200.0, "all trials are done"),
    ]


def _shown(events: list[Event], console: Console) -> str:
    with TerminalView(20, THREE, console) as view:
        for event in events:
            view.notify(event)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def _pipe() -> Console:
    return Console(file=io.StringIO(), width=80)


def _terminal() -> Console:
    return Console(file=io.StringIO(), width=80, force_terminal=True, force_interactive=True)


def test_a_pipe_gets_one_plain_line_a_candidate() -> None:
    assert _shown(_events(), _pipe()) == (
        "Searching made_up on pcb_synthetic (synthetic): 20 candidates, in runs/a\n"
        "Each line: candidate, accuracy, latency, memory\n"
        "[ 1/20] a1 (default) 90.0 %, 1.50 ms (estimate), 2.00 KiB, on the front\n"
        "[ 2/20] huge infeasible: latency_ms <= 5\n"
        "Ended after 3 min 20 s (all trials are done): 2 candidates, 1 on the front\n"
    )


def test_a_measurement_is_a_line_with_its_estimate() -> None:
    device: dict[str, Any] = {"latency_source": "device", "latency_device": "usb:1"}
    kept = candidate("a1", 0.9, 1.25, 2048, **device, energy_mj=3.2, energy_source="device")
    broken = candidate("b2", 0.8, 5.5, 1, status="infeasible", reason="latency_ms<=5", **device)
    events: list[Event] = [
        CandidateMeasured(kept, 1.5, [kept]),
        CandidateMeasured(broken, 4.0, [kept]),
        DeviceTold("usb:1 is given up after 3 failures in a row"),
    ]
    assert _shown(events, _pipe()) == (
        "a1 measured on usb:1: 1.25 ms (estimate 1.50 ms), 3.20 mJ, on the front\n"
        "b2 measured on usb:1: 5.50 ms (estimate 4.00 ms), infeasible: latency_ms<=5\n"
        "usb:1 is given up after 3 failures in a row\n"
    )


def test_a_terminal_gets_the_lines_and_a_live_view() -> None:
    shown = _shown(_events(), _terminal())
    assert "[ 1/20] a1 (default) 90.0 %, 1.50 ms (estimate), 2.00 KiB, on the front" in shown
    assert "\x1b[?25l" in shown
    assert shown.endswith("\x1b[?25h") or "\x1b[?25h" in shown


def test_the_live_view_shows_candidates_epochs_and_the_front() -> None:
    view = TerminalView(20, THREE, _pipe(), clock=lambda: 0.0)
    for event in _events()[:5]:
        view.notify(event)
    view.notify(EpochFinished(1, "huge", 3, 4, 0.625))
    console = _pipe()
    console.print(view._render())
    assert isinstance(console.file, io.StringIO)
    lines = [" ".join(line.split()) for line in console.file.getvalue().splitlines()]
    assert lines[0].startswith("candidate 1 of 20")
    assert lines[1].startswith("huge train") and lines[1].endswith("epoch 3 of 4 62.5 %")
    assert lines[2] == "Pareto front: 1"
    assert "a1 90.0 % 1.50 ms 2.00 KiB estimate default" in lines


def test_an_earlier_start_is_mentioned() -> None:
    started = SearchStarted(configuration(), RunDirectory(Path("runs/a")), 5)
    assert "in runs/a; 5 are there already\n" in _shown([started], _pipe())


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_cannot_steer_the_terminal(name: str) -> None:
    shown = _shown(_events(name), _pipe())
    assert len(shown.splitlines()) == 5
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_markup_in_a_name_is_text() -> None:
    assert "([bold red]x[/])" in _shown(_events("[bold red]x[/]"), _pipe())


def test_a_view_that_fails_is_logged_and_the_search_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    console = _pipe()
    console.file.close()
    with caplog.at_level(logging.WARNING), TerminalView(20, THREE, console) as view:
        view.notify(_events()[0])
    assert "the search goes on" in caplog.text


def test_the_data_progress_is_silent_in_a_pipe_and_drawn_in_a_terminal() -> None:
    for console, is_drawn in ((_pipe(), False), (_terminal(), True)):
        with data_progress("pcb_synthetic", console) as on_progress:
            on_progress(5, 10)
        assert isinstance(console.file, io.StringIO)
        assert ("Preparing pcb_synthetic" in console.file.getvalue()) == is_drawn


def test_the_result_says_what_is_estimated_and_what_to_do_next(
    capsys: pytest.CaptureFixture[str],
) -> None:
    front = pareto_front(trade_off(), THREE)
    print_run(Output(), RunDirectory(Path("runs/a")), configuration(), front, THREE)
    printed = capsys.readouterr().out
    assert "synthetic: this project drew it" in printed
    assert "The latency of 3 candidates is an estimate" in printed
    assert printed.endswith(
        "runs/a: pareto.csv, pareto.png, report.html\n"
        "Next: python -m nas.export runs/a --pick middle --out bundles/middle\n"
    )


def test_a_search_without_a_front_points_to_the_reasons(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_run(Output(), RunDirectory(Path("runs/a")), configuration(), [], THREE)
    assert "No candidate is complete; runs/a/records.jsonl has the reasons." in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_a_duration_is_told_in_two_units_at_most(seconds: float, text: str) -> None:
    assert duration(seconds) == text
