"""optuna-dashboard on a run: what its own server says of it, and that it changes nothing."""

import json
import signal
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from nas.errors import UserError
from nas.records.record import append_record
from nas.report import main, read_run
from tests.view.candidates import HOSTILE, candidate, run_directory, trade_off

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_dashboard_shows_a_run_follows_it_and_changes_nothing(tmp_path: Path) -> None:
    pytest.importorskip("optuna_dashboard")
    directory = run_directory(tmp_path / "run", trade_off())
    (tmp_path / "run" / "models" / "large").mkdir(parents=True)
    (directory.model("large") / "model.tflite").write_bytes(b"TFL3")
    directory.front_png.write_bytes(b"PNG")
    command = [sys.executable, "-m", "nas.report", str(directory.path), "--dashboard", "--serve"]
    with subprocess.Popen(
        [*command, "--port", "0"], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as server:
        assert server.stdout is not None
        page, address = (server.stdout.readline().split()[0] for _ in range(2))
        assert b"<html" in asked(page, "GET", "/")[1]
        assert b"<html" in asked(address, "GET", "/dashboard")[1]
        (found,) = told(address, "/api/studies")["study_summaries"]
        study = told(address, f"/api/studies/{found['study_id']}")
        check_study(study)
        check_files(address, study)
        assert asked(address, "DELETE", "/api/studies/0")[0] == 405
        assert asked(address, "POST", "/api/studies")[0] == 405
        assert asked(address, "GET", "/api/studies", Host="evil.example")[0] == 403
        append_record(directory.records, candidate("newest", 0.99, 0.1, 1))
        (best,) = told(address, "/api/studies/0")["best_trials"]
        assert attributes(best)["candidate_id"] == "newest"
        assert (directory.model("large") / "model.tflite").exists()
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0


def check_study(study: dict[str, Any]) -> None:
    assert study["name"] == "made_up made up"
    assert study["directions"] == ["maximize", "minimize", "minimize"]
    assert study["objective_names"] == [
        "int8 validation accuracy", "Latency (ms)", "Parameter memory (bytes)"
    ]  # fmt: skip
    states = {attributes(trial)["candidate_id"]: trial["state"] for trial in study["trials"]}
    assert states == {
        "small": "Complete", "large": "Complete", "middle": "Complete", "worse": "Complete",
        "huge": "Pruned", "gated": "Pruned", "broken": "Fail",
    }  # fmt: skip
    best = {attributes(trial)["candidate_id"]: trial["values"] for trial in study["best_trials"]}
    assert best == {
        "small": [0.7, 1.0, 1e5], "large": [0.95, 4.0, 9e5], "middle": [0.9, 2.0, 4e5]
    }  # fmt: skip
    assert {entry["name"] for entry in study["union_search_space"]} == {"filters", "act"}
    huge = next(map(attributes, (t for t in study["trials"] if t["state"] == "Pruned")))
    assert huge["reason"] == "latency_ms <= 5"
    assert "4 complete, 1 infeasible, 1 stopped, 1 failed" in study["note"]["body"]


def check_files(address: str, study: dict[str, Any]) -> None:
    (picture,) = study["artifacts"]
    assert asked(address, "GET", f"/artifacts/0/{picture['artifact_id']}") == (200, b"PNG")
    offered = {attributes(trial)["candidate_id"]: trial for trial in study["trials"]}
    (model,) = offered["large"]["artifacts"]
    assert model["filename"] == "model.tflite"
    path = f"/artifacts/0/{offered['large']['trial_id']}/{model['artifact_id']}"
    assert asked(address, "GET", path) == (200, b"TFL3")
    assert offered["small"]["artifacts"] == []


def attributes(trial: dict[str, Any]) -> dict[str, str]:
    return {entry["key"]: entry["value"] for entry in trial["user_attrs"]}


def told(address: str, path: str) -> Any:
    status, content = asked(address, "GET", path)
    assert status == 200, content
    return json.loads(content)


def asked(address: str, method: str, path: str, **headers: str) -> tuple[int, bytes]:
    connection = HTTPConnection(urlsplit(address).netloc, timeout=30)
    connection.request(method, path, headers={"Accept-Encoding": "identity", **headers})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


@pytest.mark.slow
def test_a_study_is_made_of_hostile_unknown_and_mixed_values(tmp_path: Path) -> None:
    pytest.importorskip("optuna_dashboard")
    from nas.view.dashboard_study import dashboard_study

    mixed = [1, 2.5, True, *HOSTILE]
    records = [
        candidate(f"a{index}", 0.5, 1.0, None, hyperparameters={"b": value}, reason=str(value))
        for index, value in enumerate(mixed)
    ]
    run = read_run(run_directory(tmp_path / "run", []).path)
    storage, _ = dashboard_study(run.directory, run.config, records, run.objectives)
    trials = storage.get_all_trials(0)
    assert [trial.state.name for trial in trials] == ["PRUNED"] * len(mixed)
    assert [trial.params["b"] for trial in trials][:3] == [1, 2.5, True]
    spelled = [trial.user_attrs["reason"] for trial in trials]
    assert all("\u202e" not in text and "\ud800" not in text for text in spelled)
    assert max(map(len, spelled)) <= 600


def test_what_to_install_is_said_where_the_dashboard_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = run_directory(tmp_path / "run", trade_off())
    monkeypatch.setitem(sys.modules, "optuna_dashboard", None)
    with pytest.raises(UserError, match=r"pip install 'edgetpu-nas\[dashboard\]'"):
        main([str(directory.path), "--dashboard"])
