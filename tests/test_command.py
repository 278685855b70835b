"""What every command shares: exit statuses and one-line errors."""

import pytest

from nas.command import parse_duration, run_command
from nas.errors import CandidateError, UserError


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


def test_durations_have_units() -> None:
    assert [parse_duration(text) for text in ("90s", "30m", "2h", "0.5h")] == [90, 1800, 7200, 1800]
