"""What an export found out is read back from the run; what is no such file counts for nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from nas.records.int8_loss import FILE, Change, keep_int8_loss, read_int8_loss
from nas.records.run import RunDirectory

CHANGE = {"examples": 200, "before": 0.95, "after": 0.9, "lost": 12, "gained": 2}
FOUND: dict[str, Any] = {
    "split": "validation",
    "loss": {**CHANGE, "after_low": 0.85, "after_high": 0.93},
    "sqnr_db": 18.5,
    "layers": [
        {"layer": "conv", "operator": "CONV_2D", "sqnr_db": 31.25, "noise_share": 0.75,
         "alone": CHANGE},
        {"layer": "dense", "operator": "FULLY_CONNECTED", "sqnr_db": None, "noise_share": 0.25,
         "alone": None},
    ],
    "remedies": [{"remedy": "bias correction", "done": "x", "change": CHANGE, "sqnr_db": 21.0}],
    "applied": None,
}  # fmt: skip


def test_what_was_kept_is_read(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    keep_int8_loss(directory, "a", FOUND)
    loss = read_int8_loss(directory, "a")
    assert loss is not None
    assert loss.loss == Change(200, 0.95, 0.9, 12, 2)
    assert [(each.layer, each.sqnr_db) for each in loss.layers] == [
        ("conv", 31.25),
        ("dense", None),
    ]
    assert loss.layers[0].alone == loss.loss
    assert [each.remedy for each in loss.remedies] == ["bias correction"]
    assert loss.applied is None


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", json.dumps({**FOUND, "loss": {**CHANGE, "after": "x"}}), "[" * 100_000,
     json.dumps({**FOUND, "loss": {**CHANGE, "after": float("nan")}})],
)  # fmt: skip
def test_what_is_no_such_file_is_nothing(tmp_path: Path, text: str) -> None:
    directory = RunDirectory(tmp_path)
    directory.model("a").mkdir(parents=True)
    (directory.model("a") / FILE).write_text(text, encoding="utf-8")
    assert read_int8_loss(directory, "a") is None


def test_no_file_and_no_id_are_nothing(tmp_path: Path) -> None:
    assert read_int8_loss(RunDirectory(tmp_path), "a") is None
    assert read_int8_loss(RunDirectory(tmp_path), "../a") is None
