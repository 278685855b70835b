"""Courses of searches that are kept in a file."""

from pathlib import Path

import pytest

from benchmarks.search_courses import Course, KeptCourses
from nas.errors import UserError

COURSE = Course((0.5, 0.96), 3, 1, 0.25)
SEARCH = {"sampler": "gp", "seed": 0, "noise": 0.03}


def test_a_finished_search_is_found_again_by_all_that_decides_it(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    KeptCourses(path).add(SEARCH, COURSE)
    with path.open("a") as file:
        file.write('{"search": {"sampler": "gp", "se')  # cut off by a crash
    again = KeptCourses(path)
    assert again.find(SEARCH) == COURSE
    assert again.find({**SEARCH, "seed": 1}) is None
    again.add({**SEARCH, "seed": 1}, COURSE)
    assert KeptCourses(path).find({**SEARCH, "seed": 1}) == COURSE


def test_without_a_file_they_are_kept_in_memory() -> None:
    kept = KeptCourses(None)
    kept.add(SEARCH, COURSE)
    assert kept.find(SEARCH) == COURSE


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text('{"schema": 1}\n')
    with pytest.raises(UserError, match=r"other\.jsonl:1"):
        KeptCourses(path)
