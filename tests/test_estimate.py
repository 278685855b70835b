"""The command ``python -m nas.estimate``."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nas.errors import UserError
from nas.estimate import main

DATA = Path(__file__).parent / "data"
MODEL = DATA / "convolutional_int8.tflite"
ROOT = Path(__file__).parents[1]


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "nas.estimate", *words],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_json_is_one_object_and_nothing_else() -> None:
    result = _run(str(MODEL), "--json")
    assert result.returncode == 0
    assert result.stderr == ""
    values = json.loads(result.stdout)
    assert values["macs"] == 8 * 8 * 8 * 27 + 8 * 8 * 8 * 9 + 8 * 8 * 8 * 8 + 32
    assert values["compiles"] == "yes"


def test_the_text_names_the_model_and_says_it_is_estimated(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([str(MODEL), "--link", "pcie", "--clock-mhz", "250", "--host", "a53"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("convolutional_int8.tflite on the Coral Edge TPU (pcie, 250 MHz, host")
    assert "estimated, nothing was run" in " ".join(text.split())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["no-such.tflite"], "no-such.tflite: no such file"),
        ([], "give a .tflite file or --space NAME"),
        ([str(MODEL), "--set", "depth=3"], "need --space NAME"),
    ],
)
def test_a_mistake_is_told(words: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        main(words)


@pytest.mark.parametrize("words", [["absent.tflite"], ["--link", "wifi"], [__file__], []])
def test_a_mistake_ends_with_status_2_and_one_line(words: list[str]) -> None:
    result = _run(*words)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("python -m nas.estimate: ")


def test_neither_tensorflow_nor_pandas_is_imported() -> None:
    code = (
        "import sys; from nas.estimate import main; main(sys.argv[1:]);"
        "heavy = {'tensorflow', 'keras', 'keras_tuner', 'pandas', 'optuna'} & set(sys.modules);"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(MODEL), "--json"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr


def test_a_candidate_of_a_space_is_estimated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--space", "xception_lite", "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["ops_mapped"] == values["ops_total"]
    assert values["latency_ms"] > 0.3


def test_a_file_of_settings_gives_one_line_each_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "settings.jsonl"
    odd = b"[" * 100_000 + b'\n{"style": "\xff"}\n{"style": "a\xe2\x80\xa8b"}'
    path.write_bytes(b'{}\n{"no_such": 1}\nnot json\n[]\n' + odd + b"\n{}\n")
    assert main(["--space", "xception_lite", "--set-file", str(path)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 8
    assert "no active hyperparameter 'no_such'" in lines[1]["error"]
    assert lines[2]["error"].startswith("not JSON")
    assert "one JSON object" in lines[3]["error"]
    assert all("error" in line for line in lines[4:7])
    assert lines[7] == lines[0]
    assert lines[0]["latency_ms"] > 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--space", "nothing"], "unknown space 'nothing'"),
        (["--space", "xception_lite", "--set", "depth"], "--set takes NAME=VALUE, got 'depth'"),
        (["--space", "xception_lite", "--set", "no_such=1"], "no active hyperparameter"),
        (["--space", "xception_lite", "--set-file", "absent.jsonl"], "cannot be read"),
    ],
)
def test_an_impossible_candidate_is_told(words: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        main(words)
