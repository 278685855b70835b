import json
import subprocess
import sys
from pathlib import Path

import pytest

from nas.errors import UserError
from nas.report import main
from tests.view.candidates import many, run_directory, trade_off

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
