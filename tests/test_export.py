"""``python -m nas.export``: the choice, the bundle, and whether it keeps its promise."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nas.command import run_command
from nas.errors import UserError
from nas.export import main, pick_record
from tests.conftest import OWN_SPACE
from tests.study.records import record
from tests.study.runs import run_config

ROOT = Path(__file__).parents[1]
RECORDS = [
    record("good", accuracy=0.9, latency_ms=9.0, memory_bytes=900),
    record("knee", accuracy=0.85, latency_ms=2.0, memory_bytes=300),
    record("fast", accuracy=0.5, latency_ms=1.0, memory_bytes=250),
    record("small", accuracy=0.4, latency_ms=3.0, memory_bytes=100),
    record("dominated", accuracy=0.3, latency_ms=9.0, memory_bytes=900),
    record("broken", status="failed", accuracy=None),
]


@pytest.mark.parametrize(
    ("pick", "candidate_id"),
    [
        ("most-accurate", "good"),
        ("knee", "knee"),
        ("fastest", "fast"),
        ("smallest", "small"),
        ("dominated", "dominated"),
    ],
)
def test_the_pick_is_the_network_it_says(pick: str, candidate_id: str) -> None:
    assert pick_record(run_config(), RECORDS, pick).candidate_id == candidate_id


def test_a_pick_that_is_not_there_says_what_to_write() -> None:
    with pytest.raises(UserError, match="use knee, most-accurate, fastest, smallest or the id"):
        pick_record(run_config(), RECORDS, "broken")
    with pytest.raises(UserError, match="no complete candidate yet"):
        pick_record(run_config(), RECORDS[-1:], "knee")


def test_what_is_no_run_ends_with_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        run_command("export", lambda: main([str(tmp_path), "--out", str(tmp_path / "out")]))
    assert end.value.code == 2
    assert "not a run directory" in capsys.readouterr().err


@pytest.mark.slow
def test_the_exported_knee_keeps_what_was_recorded(picture_folder: Path, tmp_path: Path) -> None:
    from nas.data.storage import open_dataset
    from nas.evaluation.interpreter import int8_accuracy

    run, out = tmp_path / "run", tmp_path / "out"
    search = ["nas.search", "--space", f"{OWN_SPACE}:well_behaved", "--image-size", "16"]
    search += ["--data", str(picture_folder), "--trials", "2", "--epochs", "3"]
    search += ["--run-dir", str(run)]
    subprocess.run([sys.executable, "-m", *search], cwd=ROOT, check=True, capture_output=True)
    export = ["nas.export", str(run), "--pick", "knee", "--out", str(out), "--json"]
    result = subprocess.run(
        [sys.executable, "-m", *export], cwd=ROOT, check=True, capture_output=True, text=True
    )
    told = json.loads(result.stdout)
    dataset = open_dataset(run / "data")
    content = (out / "model.tflite").read_bytes()
    assert told["test_accuracy"] == int8_accuracy(content, dataset.test)
    assert told["validation_accuracy"] == int8_accuracy(content, dataset.validation)
    assert told["validation_accuracy"] >= told["recorded_accuracy_low"]
    card = (out / "MODEL_CARD.md").read_text()
    assert f"| test | {len(dataset.test)} | {told['test_accuracy']:.4f} |" in card
    assert "not measured on a device" in card
    assert dataset.fingerprint in card
