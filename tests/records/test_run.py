"""A run's configuration is written whole, and strangers' are refused."""

from pathlib import Path

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
        ("[]", "incomplete configuration"),
        ('{"space": "x"}', "incomplete configuration"),
    ],
)
def test_what_is_no_run_says_so(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(UserError, match=message):
        read_config(RunDirectory(tmp_path))
