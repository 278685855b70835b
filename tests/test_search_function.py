"""``nas.search(…)`` from Python: its options, its result, interruptions, threads and scripts."""

import inspect
import json
import os
import pydoc
import signal
import subprocess
import sys
import threading
import time
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import nas
from nas.command import run_command
from nas.errors import UserError
from nas.records.run import Settings
from nas.search import main
from nas.search_options import OPTIONS, read_keywords, search_parser
from nas.study.measuring import DevicesLostError
from tests.conftest import OWN_SPACE

ROOT = Path(__file__).parents[1]
GOOD_SPACE = f"{OWN_SPACE}:well_behaved"
HEAVY = "{'tensorflow', 'keras', 'optuna', 'pandas', 'matplotlib', 'numpy'} & set(sys.modules)"


def run_python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_the_package_is_imported_in_no_time_and_names_what_it_has() -> None:
    run_python(f"import sys, nas\nassert dir(nas) == ['search']\nassert not {HEAVY}, {HEAVY}")


@pytest.mark.slow
@pytest.mark.parametrize(
    "before", ["import nas", "import nas, nas.search", "import nas\nfrom nas.search import main"]
)
def test_it_can_be_called_however_it_was_imported(before: str) -> None:
    run_python(
        f"import sys\n{before}\nassert callable(nas.search)\nassert not {HEAVY}, {HEAVY}\n"
        "try:\n    nas.search(trials=0)\n"
        "except Exception as error:\n    assert type(error).__name__ == 'UserError'\n"
        "else:\n    raise SystemExit('nothing was refused')\n"
    )


def test_the_package_has_nothing_else() -> None:
    with pytest.raises(AttributeError, match="module 'nas' has no attribute 'serach'"):
        vars(nas)["__getattr__"]("serach")


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"space": "transfer", "trials": 3}, ["--space", "transfer", "--trials", "3"]),
        ({"data": Path("-odd name")}, ["--data=-odd name"]),
        ({"objectives": ["accuracy", "macs"]}, ["--objectives", "accuracy,macs"]),
        ({"objectives": "accuracy,macs"}, ["--objectives", "accuracy,macs"]),
        ({"constraint": "macs<=9"}, ["--constraint", "macs<=9"]),
        ({"constraint": ("a<=1", "b<=2")}, ["--constraint", "a<=1", "--constraint", "b<=2"]),
        ({"device": ["usb:0", "usb:1"]}, ["--device", "usb:0", "--device", "usb:1"]),
        ({"gate": False, "inherit": True}, ["--no-gate", "--inherit"]),
        ({"timeout": "2h", "clock_mhz": 62.5}, ["--timeout", "2h", "--clock-mhz", "62.5"]),
        ({"run_dir": "runs/a", "resume": True}, ["--run-dir", "runs/a", "--resume"]),
        ({"resume": False, "image_size": None}, []),
    ],
)
def test_keywords_mean_what_flags_mean(keywords: dict[str, Any], words: list[str]) -> None:
    assert read_keywords(keywords) == vars(search_parser().parse_args(words))


def test_every_setting_of_a_run_is_an_option() -> None:
    reached = {option.setting or name for name, option in OPTIONS.items()}
    assert reached - {"run_dir", "resume"} == {entry.name for entry in fields(Settings)}


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"trials": 0}, ["--trials", "0"]),
        ({"timeout": 5}, ["--timeout", "5"]),
        ({"gate": "no"}, ["--gate=no"]),
        ({"sampler": "magic"}, ["--sampler", "magic"]),
        ({"clock_mhz": 1}, ["--clock-mhz", "1"]),
        ({"space": "xeption"}, ["--space", "xeption"]),
        ({"constraint": ["nonsense"]}, ["--constraint", "nonsense"]),
        ({"objectives": ["speed"]}, ["--objectives", "speed"]),
        ({"data": "no/such/folder"}, ["--data", "no/such/folder"]),
        ({"resume": True}, ["--resume"]),
        ({"resume": True, "run_dir": "no/run"}, ["--resume", "--run-dir", "no/run"]),
        ({"profile": "mine", "link": "usb2"}, ["--profile", "mine", "--link", "usb2"]),
    ],
)
def test_what_is_wrong_is_told_as_the_command_tells_it(
    keywords: dict[str, Any],
    words: list[str],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as refused:
        nas.search(**keywords)
    said = str(refused.value).removesuffix("; help(nas.search) lists the options")
    assert capsys.readouterr().err == ""
    with pytest.raises(SystemExit):
        run_command("search", lambda: main(words))
    told = capsys.readouterr().err.strip().removesuffix("; --help lists the options")
    assert told == f"python -m nas.search: {said}"


@pytest.mark.parametrize("name", ["epoch", "json", "help", "image-size"])
def test_an_unknown_keyword_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    keywords: dict[str, Any] = {name: 3}
    with pytest.raises(UserError, match=f"unrecognized arguments: {name}; help"):
        nas.search(**keywords)
    assert capsys.readouterr().out == ""


def test_a_type_checker_knows_the_options() -> None:
    with pytest.raises(UserError, match="unrecognized"):
        nas.search(epoch=3)  # type: ignore[call-arg]
    with pytest.raises(UserError, match="a whole number"):
        nas.search(trials="many")  # type: ignore[arg-type]


def test_an_error_shows_nothing_of_the_inside() -> None:
    with pytest.raises(UserError) as refused:
        nas.search(space="xeption")
    assert len(refused.traceback) == 2
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_its_help_has_every_option_with_its_default() -> None:
    text = pydoc.plain(pydoc.render_doc(nas.search))
    assert "front.plot()" in text
    lines = [line.strip() for line in text.splitlines()]
    for name in OPTIONS:
        assert any(line.startswith(f"{name}: ") for line in lines), name
    assert "trials: candidates to record (default: 12)" in lines
    assert list(inspect.signature(nas.search).parameters) == list(OPTIONS)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyboardInterrupt(), "Interrupted before the first trial; nothing was recorded."),
        (DevicesLostError("usb is gone"), "Ended: usb is gone before the first trial; nothing was "
         "recorded."),
    ],
)  # fmt: skip
def test_what_ends_a_search_is_raised_with_what_is_saved(
    error: BaseException, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(*_: Any) -> None:
        raise error

    monkeypatch.setattr("nas.search_run.carry_out", end)
    with pytest.raises(type(error)) as ended:
        nas.search(run_dir=tmp_path / "run")
    assert str(ended.value) == said


@pytest.fixture(scope="module")
def run_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("function") / "run"


@pytest.fixture(scope="module")
def found(run_path: Path, picture_folder: Path) -> Any:
    return nas.search(
        space=GOOD_SPACE, data=picture_folder, image_size=16, trials=3, epochs=1, run_dir=run_path
    )


@pytest.mark.slow
def test_a_search_returns_the_study_and_the_front(found: Any, run_path: Path) -> None:
    import pandas as pd

    study, front = found
    written = pd.read_csv(run_path / "pareto.csv")
    assert list(front.columns) == list(written.columns)
    assert front["accuracy"].tolist() == written["accuracy"].tolist()
    assert len(front) > 0
    assert len(candidates(study)) == 3
    best = {trial.user_attrs["candidate_id"] for trial in study.best_trials}
    assert best == set(front["candidate_id"])


@pytest.mark.slow
@pytest.mark.usefixtures("found")
def test_a_search_goes_on_in_another_thread(
    run_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results: list[Any] = []
    thread = threading.Thread(
        target=lambda: results.append(nas.search(run_dir=run_path, resume=True, trials=4))
    )
    thread.start()
    thread.join()
    ((study, front),) = results
    assert candidates(study) == {record["candidate_id"] for record in records(run_path)}
    assert len(candidates(study)) == 4
    assert set(front["candidate_id"]) <= candidates(study)
    shown = capsys.readouterr()
    assert "[4/4] " in shown.err
    assert "\x1b" not in shown.err
    assert f"Next: python -m nas.export {run_path}" in shown.err


@pytest.mark.slow
def test_an_interruption_keeps_what_is_finished_and_says_how_to_go_on(
    picture_folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    before = signal.getsignal(signal.SIGTERM)

    def interrupt() -> None:
        while not records(path):
            time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt) as ended:
        nas.search(
            space=GOOD_SPACE, data=picture_folder, image_size=16, trials=50, epochs=1, run_dir=path
        )
    count = len(records(path))
    assert str(ended.value) == (
        f"Interrupted; finished candidates saved: {count}. Go on with\n"
        f"  nas.search(run_dir={str(path)!r}, resume=True)"
    )
    assert signal.getsignal(signal.SIGTERM) == before
    assert (path / "report.html").exists()
    _, front = nas.search(run_dir=path, resume=True, trials=count)
    assert len(front) > 0


def candidates(study: Any) -> set[str]:
    return {trial.user_attrs["candidate_id"] for trial in study.trials if trial.state.is_finished()}


def records(path: Path) -> list[dict[str, Any]]:
    file = path / "records.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


SCRIPT = """
import nas
study, front = nas.search(
    space={space!r}, data={data!r}, image_size=16, trials=2, epochs=1, run_dir="run"
)
print(len(study.trials), front["candidate_id"].notna().all())
"""


@pytest.mark.slow
def test_a_script_needs_no_guard_and_no_file(picture_folder: Path, tmp_path: Path) -> None:
    """Workers that ran the script again would fail, or begin searches of their own."""
    ended = subprocess.run(
        [sys.executable, "-"], input=SCRIPT.format(space=GOOD_SPACE, data=str(picture_folder)),
        cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "2 True\n"
    assert "\x1b" not in ended.stderr
    assert [record["status"] for record in records(tmp_path / "run")] == ["complete"] * 2
    assert {path.name for path in tmp_path.iterdir()} == {"run"}
