"""What every command shares: exit statuses and one-line errors."""

import subprocess
import sys
from pathlib import Path

import pytest

from nas.command import parse_duration, run_command
from nas.errors import CandidateError, UserError

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (UserError("rule:\n value"), 2, "python -m nas.search: rule: value"),
        (CandidateError("the loss became nan"), 1, "python -m nas.search: the loss became nan"),
        (KeyboardInterrupt(), 130, "python -m nas.search: interrupted"),
        (
            PermissionError(13, "Permission denied", "/run/x"),
            2,
            "python -m nas.search: /run/x: Permission denied",
        ),
    ],
)
def test_an_error_is_one_line_and_its_status(
    error: BaseException, status: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> int:
        raise error

    with pytest.raises(SystemExit) as end:
        run_command("search", fail)
    assert end.value.code == status
    assert capsys.readouterr().err == line + "\n"


def test_a_defect_of_ours_is_not_hidden() -> None:
    def fail() -> int:
        raise OSError("no file is named")

    with pytest.raises(OSError, match="no file is named"):
        run_command("search", fail)


@pytest.mark.parametrize("option", [[], ["--json"]])
def test_a_full_disk_is_one_line(option: list[str]) -> None:
    command = [sys.executable, "-m", "nas.estimate", "--space", "spectrogram_mlp", *option]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, cwd=ROOT
        )
    assert done.returncode == 1
    assert done.stderr == "python -m nas.estimate: cannot write: No space left on device\n"


def test_durations_have_units() -> None:
    assert [parse_duration(text) for text in ("90s", "30m", "2h", "0.5h")] == [90, 1800, 7200, 1800]
