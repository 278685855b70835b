"""What forensics found, in words."""

import json
from dataclasses import replace

import pytest

from nas.quantization.forensics import Forensics, Trial
from nas.quantization.layer_noise import LayerNoise
from nas.quantization.loss import Change
from nas.quantization.statement import as_json, as_markdown, as_text

LAYERS = (
    LayerNoise("conv|2d + `re_lu`", "CONV_2D", 31.25, 0.75, Change(200, 0.95, 0.9, 12, 2)),
    LayerNoise("dense", "FULLY_CONNECTED", None, 0.25),
)


def trial(remedy: str, after: float, gained: int, lost: int) -> Trial:
    return Trial(remedy, "4 of 5", Change(200, 0.9, after, lost, gained), 21.0, b"x")


def forensics(*trials: Trial) -> Forensics:
    return Forensics(Change(200, 0.95, 0.9, 12, 2), 18.5, LAYERS if trials else (), trials, b"")


BETTER, WORSE = trial("bias correction", 0.93, 8, 1), trial("clipping", 0.89, 1, 3)


def test_the_text_names_worst_layers_and_every_remedy() -> None:
    text = as_text(forensics(BETTER, WORSE))
    words = " ".join(text.split())
    assert "Float 0.9500, int8 0.9000 on 200 validation examples: 12 lost, 2 gained" in words
    assert "more than chance explains (p 0.0065)" in words
    rows = [line.split() for line in text.splitlines()]
    assert ["dense", "FULLY_CONNECTED", "no", "noise", "25.0", "%", "not", "tried"] in rows
    assert ["clipping", "0.8900", "0.8391", "–", "0.9262", "1", "3", "21.0"] in rows
    assert words.endswith("Applied, as the most accurate on validation: bias correction (4 of 5).")


def test_no_remedy_is_applied_that_does_not_win() -> None:
    found = forensics(WORSE, trial("equalisation", 0.91, 4, 2))
    assert "No remedy gains more on validation than chance explains" in as_text(found)
    assert as_json(found)["applied"] is None


def test_where_nothing_was_tried_there_is_no_table() -> None:
    assert len(as_text(forensics()).splitlines()) == 2
    assert as_markdown(forensics()).startswith("## Quantization\n\nFloat 0.9500")


def test_it_is_said_where_only_the_int8_file_was_left() -> None:
    found = replace(forensics(BETTER), is_restored=True)
    assert "of which only the int8 file was left" in " ".join(as_text(found).split())
    assert as_json(found)["float_weights"] == "of the int8 file"
    assert "only the int8 file was left" not in as_markdown(forensics(BETTER))


def test_names_cannot_leave_their_cell() -> None:
    section = as_markdown(forensics(BETTER))
    rows = [line for line in section.splitlines() if line.startswith("| conv")]
    assert rows == ["| conv/2d + 're_lu' | CONV_2D | 31.2 | 75.0 % | 12 lost, 2 gained |"]


def test_lines_of_the_terminal_fit() -> None:
    assert max(map(len, as_text(forensics(BETTER, WORSE)).splitlines())) <= 80


def test_json_holds_everything_but_the_files() -> None:
    stored = json.loads(json.dumps(as_json(forensics(BETTER, WORSE)), allow_nan=False))
    assert stored["applied"] == "bias correction"
    assert stored["loss"]["after_low"] == pytest.approx(0.8506, abs=1e-4)
    assert [each["sqnr_db"] for each in stored["layers"]] == [31.25, None]
    assert [each["change"]["gained"] for each in stored["remedies"]] == [8, 1]
