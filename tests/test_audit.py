"""The command ``python -m nas.audit``."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nas.audit import main
from nas.command import EXIT_DONE, EXIT_INTERRUPTED
from nas.errors import UserError
from tests.conftest import OWN_SPACE

ROOT = Path(__file__).parents[1]
OWN = ["--space", f"{OWN_SPACE}:well_behaved", "--image-size", "16"]


def _json(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main([*words, "--json"]) == EXIT_DONE
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    return value


def test_a_users_own_space(capsys: pytest.CaptureFixture[str]) -> None:
    value = _json(capsys, *OWN, "--candidates", "60", "--constraint", "macs<=200k")
    assert (value["drawn"], value["changed"], value["interrupted"]) == (30, 30, False)
    assert value["shares"]["builds"]["share"] == value["shares"]["maps"]["share"] == 1.0
    # Widths of 4, 8 ... 64 at 16 x 16 pixels: a convolution of 27 taps, a dense layer on 4 x 4.
    macs = [width * (16 * 16 * 27 + 4 * 4 * 2) for width in range(4, 65, 4)]
    assert value["costs"]["macs"]["minimum"] in macs
    assert value["costs"]["macs"]["maximum"] in macs
    kept = sum(each <= 200_000 for each in macs) / len(macs)
    share = value["constraint_shares"]["macs<=200k"]
    assert share["share_low"] <= kept <= share["share_high"]
    (width,) = value["knobs"]
    assert (width["name"], width["range"], width["role"]) == ("width", [4, 64], "live")
    assert width["other_networks"] == width["changes"] == 30


@pytest.mark.slow
def test_nasbench201_has_duplicates_and_cells_that_build_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    value = _json(capsys, "--space", "nasbench201", "--image-size", "32", "--candidates", "70")
    assert 0 < value["shares"]["builds"]["no"] < 5
    assert value["reasons"][0]["check"] == "builds"
    assert "disconnected" in value["reasons"][0]["example"]
    assert value["duplicates"]["networks"] < value["duplicates"]["settings"]
    assert value["knobs_without_effect"] == []
    assert {knob["name"] for knob in value["knobs"]} == {f"op_{number}" for number in range(6)}
    assert {preset["preset"] for preset in value["presets"]} == {
        "resnet", "all-3x3", "dense-residual",
    }  # fmt: skip


@pytest.mark.slow
def test_xception_lite_in_words_and_as_a_picture(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    picture = tmp_path / "audit.png"
    words = ["--space", "xception_lite", "--candidates", "60", "--picture", str(picture)]
    assert main(words) == EXIT_DONE
    text = " ".join(capsys.readouterr().out.split())
    assert "Settings that build a network 100.0 %" in text
    assert "xception-lite-1x1" in text
    assert "width_multiplier" in text
    assert "off chip 0 B" in text
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_seed_decides_the_whole_answer(capsys: pytest.CaptureFixture[str]) -> None:
    first, again, other = (
        _json(capsys, *OWN, "--candidates", "20", "--seed", seed) for seed in ("1", "1", "2")
    )
    assert first == again
    assert first["costs"] != other["costs"]


def _interrupt_after(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from nas.candidates.reading import read_candidate

    left = iter(range(count))

    def reading(space: Any, hp: Any) -> Any:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return read_candidate(space, hp)

    monkeypatch.setattr("nas.auditing.audit_sampler.read_candidate", reading)


def test_ctrl_c_gives_the_audit_of_what_was_read(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _interrupt_after(11, monkeypatch)
    assert main([*OWN, "--json"]) == EXIT_INTERRUPTED
    captured = capsys.readouterr()
    value = json.loads(captured.out)
    assert value["interrupted"] is True
    assert (value["candidates"], value["drawn"], value["changed"]) == (2000, 6, 5)
    assert "interrupted after 11 of 2,000 settings" in captured.err


def test_ctrl_c_before_anything_was_read_is_no_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    _interrupt_after(0, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        main(OWN)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--space", "nothing"], "unknown space 'nothing'"),
        (["--space", "xception_lite", "--image-size", "8"], "at least 16 pixels"),
        ([*OWN, "--constraint", "accuracy>=0.9"], "accuracy is not known before training"),
        ([*OWN, "--constraint", "latency<=1"], "unknown name 'latency'"),
        ([*OWN, "--picture", "audit.svg"], "must end in .png"),
        ([*OWN, "--picture", "absent/audit.png"], "there is no folder absent"),
    ],
)
def test_a_mistake_is_told(words: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        main(words)


@pytest.mark.parametrize("words", [[], ["--space", "x", "--seed", "-1"], ["--candidates", "0"]])
def test_a_wrong_option_ends_with_status_2_and_one_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.slow
def test_standard_output_is_one_json_object_and_nothing_else() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "nas.audit", *OWN, "--candidates", "10", "--json"],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert result.returncode == 0
    assert result.stderr == ""
    assert json.loads(result.stdout)["source"] == "estimate"
