from pathlib import Path

import pytest

from nas.view.whole_file import whole_file


def test_the_file_is_there_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    with whole_file(path) as partial:
        partial.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_after_an_error_the_old_file_stands_and_nothing_is_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("old")
    with pytest.raises(ValueError, match="cut short"), whole_file(path) as partial:
        partial.write_text("ne")
        raise ValueError("cut short")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
