"""``python -m nas.export``: the choice, the bundle, and whether it keeps its promise."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev

import pytest
from ai_edge_litert import schema_py_generated as schema

from nas.command import run_command
from nas.errors import UserError
from nas.export import _parser, _recipes, main, pick_record
from nas.records.record import as_json
from nas.records.run import RunDirectory, write_config
from tests import searching
from tests.compiler.compiler_output import NOTHING, OUTPUT, TABLE, replay, write_stub
from tests.compiler.darwinn_packages import write_compiled, write_package
from tests.conftest import OWN_SPACE
from tests.records.records import record
from tests.records.runs import run_config

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


@pytest.mark.parametrize(
    ("words", "changes"),
    [([], ("flip",)), (["--augment", "shift,light"], ("shift", "light")), (["--augment=none"], ())],
)
def test_images_are_changed_as_in_the_search_unless_told_otherwise(
    words: list[str], changes: tuple[str, ...]
) -> None:
    options = _parser().parse_args(["run", "--out", "out", "--seeds", "2", *words])
    recipes = _recipes(replace(run_config(), augment=("flip",)), options)
    assert [recipe.seed for recipe in recipes] == [run_config().seed, run_config().seed + 1]
    assert {recipe.augmentation for recipe in recipes} == {changes}


@pytest.fixture(scope="module")
def run(picture_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("export") / "run"
    search = ["--space", f"{OWN_SPACE}:well_behaved", "--image-size", "16", "--trials", "2"]
    search += ["--data", str(picture_folder), "--epochs", "3", "--run-dir", str(run)]
    assert searching.run(*search).returncode == 0
    return run


def call(*command: str, status: int = 0) -> "subprocess.CompletedProcess[str]":
    """Run one of the commands."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == status, done.stderr
    return done


@pytest.mark.slow
def test_the_exported_knee_keeps_what_was_recorded(run: Path, tmp_path: Path) -> None:
    from nas.data.storage import open_dataset
    from nas.evaluation.interpreter import int8_accuracy

    out = tmp_path / "out"
    told = json.loads(call("nas.export", str(run), "--out", str(out), "--json").stdout)
    dataset = open_dataset(run / "data")
    content = (out / "model.tflite").read_bytes()
    assert told["test_accuracy"] == int8_accuracy(content, dataset.test)
    assert told["validation_accuracy"] == int8_accuracy(content, dataset.validation)
    assert told["validation_accuracy"] >= told["recorded_accuracy"]
    card = (out / "MODEL_CARD.md").read_text()
    assert f"| test | {len(dataset.test)} | {told['test_accuracy']:.4f} |" in card
    assert "not measured on a device" in card
    assert dataset.fingerprint in card


@pytest.mark.slow
def test_the_better_weights_are_exported_those_of_the_search_or_new_ones(
    run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    told = call("nas.export", str(run), "--out", str(out), "--epochs", "1", "--json")
    searched = run / "models" / json.loads(told.stdout)["candidate_id"] / "model.tflite"
    kept = weights(searched) <= weights(out / "model.tflite")
    assert kept == ("the weights of the search's 3 epochs are kept" in told.stderr)
    epochs = 3 if kept else 1
    assert f"Trained for {epochs} epochs" in (out / "MODEL_CARD.md").read_text()
    assert (
        json.loads(told.stdout)["validation_accuracy"]
        >= (json.loads(told.stdout)["recorded_accuracy"])
    )


def weights(path: Path) -> set[bytes]:
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes())
    names = {entry.buffer for entry in model.metadata}
    found = {
        bytes(b.data) for i, b in enumerate(model.buffers) if b.data is not None and i not in names
    }
    assert len(found) > 3
    return found


@pytest.mark.slow
def test_the_best_of_several_seeds_is_kept_and_the_same_command_writes_the_same_bytes(
    run: Path, tmp_path: Path
) -> None:
    outs = [tmp_path / name for name in "ab"]
    export = ["nas.export", str(run), "--epochs", "2", "--seeds", "2"]
    told = json.loads(call(*export, "--out", str(outs[0]), "--json").stdout)
    printed = call(*export, "--out", str(outs[1])).stdout
    assert (outs[0] / "SHA256SUMS").read_text() == (outs[1] / "SHA256SUMS").read_text()
    reached = [each["validation_accuracy"] for each in told["seeds"]]
    assert [each["seed"] for each in told["seeds"]] == [0, 1]
    assert told["validation_accuracy"] >= max(reached)
    spread = f"{mean(reached):.4f} ± {stdev(reached):.4f}"
    card = (outs[0] / "MODEL_CARD.md").read_text()
    for each in told["seeds"]:
        row = (
            f"| {each['seed']} | {each['float_accuracy']:.4f} | {each['validation_accuracy']:.4f} |"
        )
        assert row in card
    assert f"| {spread} |\n" in card
    assert f"2 seeds reached int8 {spread}" in printed


@pytest.mark.slow
def test_the_network_is_compiled_where_a_compiler_is_and_a_refusal_is_told(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    out, compiled = tmp_path / "out", write_compiled(write_package())
    stub = write_stub(tmp_path, replay(OUTPUT, TABLE, compiled))
    export = ["nas.export", str(run), "--out", str(out), "--epochs", "1", "--compiler", str(stub)]
    told = call(*export, "--json")
    assert json.loads(told.stdout)["compiles"] == "yes"
    assert (out / "model_edgetpu.tflite").read_bytes() == compiled
    assert "| edgetpu_compiler | yes: " in (out / "MODEL_CARD.md").read_text()
    (tmp_path / "cache").rename(tmp_path / "old")
    write_stub(tmp_path, replay(NOTHING))
    refused = call(*export, status=1)
    assert "The compiler refuses this network: " in refused.stderr
    assert not (out / "model_edgetpu.tflite").exists()


def test_a_compiler_that_was_named_has_to_be_there(tmp_path: Path) -> None:
    write_config(RunDirectory(tmp_path), run_config())
    (tmp_path / "records.jsonl").write_text(
        json.dumps(as_json(RECORDS[1])) + "\n", encoding="utf-8"
    )
    options = [str(tmp_path), "--out", str(tmp_path / "out"), "--compiler", str(tmp_path / "none")]
    with pytest.raises(UserError, match=r"no edgetpu_compiler at .*none"):
        main(options)


def test_an_id_that_leads_out_of_the_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no candidate's id"):
        RunDirectory(tmp_path).model("../elsewhere")
