"""A run's configuration is written whole, and strangers' are refused."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from nas.errors import UserError
from nas.records.run import RunDirectory, read_config, write_config
from tests.records.runs import run_config


def test_a_configuration_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    config = run_config(constraints=("latency_ms<=5",), data="ordner/ä<script>")
    write_config(RunDirectory(tmp_path), config)
    assert read_config(RunDirectory(tmp_path)) == config
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "not a run directory"),
        ("{", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ("[]", "not a run's configuration .Expected `object`"),
        ('{"space": "x"}', "missing required field `run_id`"),
    ],
)
def test_what_is_no_run_says_so(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(UserError, match=message):
        read_config(RunDirectory(tmp_path))


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"trials": "12"}, "trials"),
        ({"trials": True}, "trials"),
        ({"objectives": [["accuracy"]]}, r"objectives\[0\]"),
        ({"augment": {"flip": 1}}, "augment"),
        ({"split_sizes": {"train": "many"}}, r"split_sizes\[...\]"),
        ({"link": "usb4"}, "link"),
        ({"clock_mhz": float("inf")}, "clock_mhz"),
    ],
)
def test_a_field_of_another_type_is_named(
    tmp_path: Path, changed: dict[str, Any], place: str
) -> None:
    content = json.dumps({**asdict(run_config()), **changed})
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(UserError, match=rf"run's configuration .*at `\$\.{place}`"):
        read_config(RunDirectory(tmp_path))


def test_what_a_later_version_adds_is_left_out(tmp_path: Path) -> None:
    content = json.dumps({**asdict(run_config()), "of_tomorrow": 1})
    (tmp_path / "run.json").write_text(content)
    assert read_config(RunDirectory(tmp_path)) == run_config()
