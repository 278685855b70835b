import json
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from nas.errors import UserError
from nas.records.record import append_record
from nas.records.run import RunDirectory
from nas.report import main
from tests.view.candidates import candidate, many, run_directory, trade_off

VIEWS = ("pareto.csv", "pareto.png", "report.html")


def test_the_views_are_rebuilt_from_the_records(tmp_path: Path) -> None:
    path = run_directory(tmp_path / "a", trade_off()).path
    assert main([str(path)]) == 0
    assert all((path / name).stat().st_size > 0 for name in VIEWS)
    assert (path / "pareto.csv").read_text().splitlines()[1] == "large,0.95,4.0,900000,relu,64"


def test_the_front_and_the_next_step_are_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = run_directory(tmp_path / "a", trade_off()).path
    main([str(path)])
    printed = capsys.readouterr().out
    assert "large" in printed and "95.0 %" in printed
    assert f"Next: python -m nas.export {path} --pick middle --out bundles/middle" in printed


def test_json_is_one_object_with_front_and_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [run_directory(tmp_path / name, trade_off()).path for name in "ab"]
    assert main([*map(str, paths), "--json"]) == 0
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert [run["run"] for run in runs] == [str(path) for path in paths]
    assert [record["candidate_id"] for record in runs[0]["front"]] == ["large", "middle", "small"]
    assert (runs[0]["candidates"], runs[0]["report_html"]) == (7, str(paths[0] / "report.html"))


def test_several_runs_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = run_directory(tmp_path / "a", trade_off()).path
    second = run_directory(tmp_path / "b", many(9), data_fingerprint="1" * 64).path
    assert main([str(first), str(second)]) == 0
    printed = capsys.readouterr().out
    assert "best" in printed
    assert "The runs differ in data: their accuracies do not compare." in printed
    assert all((path / name).exists() for path in (first, second) for name in VIEWS)


def test_a_page_compares_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [str(run_directory(tmp_path / name, trade_off()).path) for name in "ab"]
    assert main([*runs, "--compare", str(tmp_path / "c.html")]) == 0
    assert "What each reaches and adds" in (tmp_path / "c.html").read_text()
    assert f"{tmp_path / 'c.html'}: the runs beside each other" in capsys.readouterr().out
    with pytest.raises(UserError, match="--compare needs two runs"):
        main([runs[0], "--compare", str(tmp_path / "c.html")])
    with pytest.raises(UserError, match="cannot be written"):
        main([*runs, "--compare", str(tmp_path)])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["a", "b", "--serve"], "--serve and --dashboard show one run"),
        (["a", "--dashboard", "--json"], "--serve and --dashboard show one run"),
        (["a", "--dashboard", "--bind", "0.0.0.0"], "--bind is for --serve"),  # noqa: S104
        (["a", "--port", "1"], "--port is for --serve and --dashboard"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        main(options)


@pytest.mark.slow
def test_a_run_is_served_until_it_is_interrupted(tmp_path: Path) -> None:
    path = run_directory(tmp_path / "a", trade_off()).path
    command = [sys.executable, "-m", "nas.report", str(path), "--serve", "--port", "0"]
    root = Path(__file__).parents[1]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as server:
        assert server.stdout is not None
        url = server.stdout.readline().split()[0]
        versions = [_fetch(f"{url}version")]
        append_record(RunDirectory(path).records, candidate("newest", 0.99, 0.1, 1))
        versions.append(_fetch(f"{url}version"))
        page = _fetch(url)
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0
    assert url.startswith("http://127.0.0.1:")
    assert versions[0] != versions[1]
    assert f'data-version="{versions[1]}"' in page
    assert "newest" in page


def _fetch(url: str) -> str:
    with urlopen(url, timeout=20) as answer:  # noqa: S310 - our own server
        return str(answer.read().decode())


def test_a_run_without_records_has_views_that_say_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = run_directory(tmp_path / "a", []).path
    assert main([str(path)]) == 0
    assert "No candidate is complete" in capsys.readouterr().out


def test_a_directory_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"not a run directory \(no run.json\)"):
        main([str(tmp_path)])


def test_an_objective_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    path = run_directory(tmp_path / "a", [], objectives=("accuracy", "beauty")).path
    with pytest.raises(UserError, match=r"objectives must be of accuracy, .* 'beauty'"):
        main([str(path)])


def test_views_that_cannot_be_written_are_reported(tmp_path: Path) -> None:
    path = run_directory(tmp_path / "a", trade_off()).path
    (path / "pareto.csv").mkdir()
    with pytest.raises(UserError, match="the views cannot be written"):
        main([str(path)])


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[1]
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=root, check=False
    )


def test_a_missing_run_is_one_line_and_status_2(tmp_path: Path) -> None:
    done = _run("-m", "nas.report", str(tmp_path / "none"))
    assert done.returncode == 2
    assert done.stderr == (
        f"python -m nas.report: {tmp_path / 'none'}: not a run directory (no run.json)\n"
    )


def test_no_option_is_one_line_and_status_2() -> None:
    done = _run("-m", "nas.report")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_the_report_loads_neither_tensorflow_nor_optuna(tmp_path: Path) -> None:
    path = run_directory(tmp_path / "a", trade_off()).path
    program = (
        "import sys; from nas.report import main; main([sys.argv[1]]); "
        "print(sorted({'tensorflow', 'keras', 'keras_tuner', 'optuna', 'pandas'} & {*sys.modules}))"
    )
    done = _run("-W", "error", "-c", program, str(path))
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "[]"), done.stderr
