from pathlib import Path

import pytest

from nas.records.run import RunDirectory
from nas.view.files import write_views
from objectives import DEFAULT_OBJECTIVES, OBJECTIVES
from tests.view.candidates import configuration, trade_off

THREE = [OBJECTIVES[name] for name in DEFAULT_OBJECTIVES]


@pytest.mark.parametrize("with_page", [False, True])
def test_table_and_picture_are_written_and_the_page_when_asked_for(
    tmp_path: Path, with_page: bool
) -> None:
    write_views(RunDirectory(tmp_path), configuration(), trade_off(), THREE, with_page=with_page)
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {"pareto.csv", "pareto.png"} | ({"report.html"} if with_page else set())
