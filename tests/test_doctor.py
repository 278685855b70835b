"""``nas.doctor``: one page, and a status that says whether a search can run."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import nas.doctor
from nas.command import EXIT_DONE, EXIT_FAILED
from nas.compiler.bounded_process import Ended
from nas.device.inventory import Finding
from nas.doctor import Stage, main, render, run_selftest
from nas.errors import UserError
from nas.selftest import STAGES, MissingError, SelfTest, run

HERE = Finding("Python", "ok", "3.11", is_needed=True)
NO_COMPILER = Finding("Edge TPU compiler", "missing", "none on PATH", "sudo apt-get install it")
BROKEN = Finding("TensorFlow", "missing", "not installed", "pip install it", is_needed=True)


@pytest.fixture
def stock(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    found = [HERE]
    monkeypatch.setattr(nas.doctor, "look_at_host", lambda: found)
    monkeypatch.setattr(nas.doctor, "look_at_compiler", lambda _: NO_COMPILER)
    monkeypatch.setattr(nas.doctor, "look_at_device", lambda _: [])
    return found


def answers(monkeypatch: pytest.MonkeyPatch, *stages: Stage) -> None:
    monkeypatch.setattr(nas.doctor, "run_selftest", lambda *_: list(stages))


def test_a_host_that_can_search_is_ready_without_a_compiler(
    stock: list[Finding], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers(monkeypatch, Stage("train", "ok", "1 epoch", 2.0), Stage("compile", "missing", "", 0))
    assert main([]) == EXIT_DONE
    page = capsys.readouterr().out
    assert "missing  Edge TPU compiler   none on PATH\n         → sudo apt-get install it" in page
    assert page.endswith("Ready: python -m nas.search works here, with latency estimated.\n")
    assert stock == [HERE]


def test_what_is_needed_and_missing_is_told_and_nothing_is_tested(
    stock: list[Finding], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stock.append(BROKEN)
    monkeypatch.setattr(nas.doctor, "run_selftest", None)
    assert main([]) == EXIT_FAILED
    assert capsys.readouterr().out.endswith("Not ready: TensorFlow.\n")


@pytest.mark.usefixtures("stock")
def test_a_stage_that_fails_is_not_ready(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers(monkeypatch, Stage("train", "failed", "out of memory", 2.0))
    assert main(["--json"]) == EXIT_FAILED
    told = json.loads(capsys.readouterr().out)
    assert told["can_search"] is False
    assert told["self_test"][0]["detail"] == "out of memory"
    assert [each["name"] for each in told["findings"]] == ["Python", "Edge TPU compiler"]


@pytest.mark.usefixtures("stock")
def test_a_device_that_is_named_has_to_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers(monkeypatch)
    assert main(["--device", "usb"]) == EXIT_FAILED
    assert "Not ready: Edge TPU compiler." in capsys.readouterr().out


@pytest.mark.parametrize("device", ["nonsense", "usb,pci", ""])
def test_nonsense_is_refused(device: str) -> None:
    with pytest.raises(UserError, match="device"):
        main(["--device", device])


@pytest.mark.usefixtures("stock")
def test_a_board_that_does_not_answer_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--device", "ssh://nobody@127.0.0.1:1"]) == EXIT_FAILED
    assert "failed   Board               ssh://nobody@127.0.0.1:1: " in capsys.readouterr().out


def ended(status: int | None, output: str, errors: str = "") -> Ended:
    return Ended(status, output, errors, 1.0)


@pytest.mark.parametrize(("result", "stage", "detail"), [
    (ended(-4, '{"stage": "import", "state": "failed", "detail": "", "seconds": 0}\n', "boom"),
     "import", "the process ended: Illegal instruction boom"),
    (ended(None, "noise\n"), "start", "no end after 600 s"),
    (ended(1, "[]\n7\n", "Traceback\nImportError: x"), "start", "exit status 1: ImportError: x"),
])  # fmt: skip
def test_a_self_test_that_dies_is_a_failed_stage(
    result: Ended, stage: str, detail: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[Sequence[str]] = []

    def run_bounded(command: Sequence[str], *_: object) -> Ended:
        commands.append(command)
        return result

    monkeypatch.setattr(nas.doctor, "run_bounded", run_bounded)
    (last,) = run_selftest("", Path("compiler"))
    assert (last.stage, last.state, last.detail) == (stage, "failed", detail)
    assert commands == [
        [sys.executable, "-m", "nas.selftest", ":0", str(Path("compiler").absolute())]
    ]


def test_after_a_failure_nothing_is_run_and_what_is_missing_is_passed_over() -> None:
    def fail() -> str:
        raise RuntimeError("two\nlines")

    def lack() -> str:
        raise MissingError("nothing here")

    class Test(SelfTest):
        def stages(self) -> dict:  # type: ignore[type-arg]
            return {"a": lambda: "fine", "b": lack, "c": fail, "d": lambda: "never"}

    told: list[dict[str, object]] = []
    run(Test("", ""), told.append)
    last = {each["stage"]: (each["state"], each["detail"]) for each in told}
    assert last == {
        "a": ("ok", "fine"), "b": ("missing", "nothing here"),
        "c": ("failed", "RuntimeError: two lines"),
    }  # fmt: skip


def test_the_page_is_no_wider_than_a_terminal_but_for_commands() -> None:
    long = Finding("Board", "failed", "word " * 60, "command " * 60)
    page = render([HERE, long], [], ready=True, is_tested=False)
    lines = [line for line in page.splitlines() if "→" not in line and not line.startswith("Ready")]
    assert max(map(len, lines)) <= 96
    assert "as far as can be seen without the self-test" in page


@pytest.mark.slow
def test_the_self_test_runs_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    stages = {stage.stage: stage for stage in run_selftest("", None)}
    assert tuple(stages) == STAGES
    states = {name: stage.state for name, stage in stages.items()}
    assert states == {
        **dict.fromkeys(STAGES, "ok"), "compile": "missing", "measure": "missing"
    }, stages  # fmt: skip
