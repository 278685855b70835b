import pytest

from nas.view.text import plain
from tests.view.candidates import HOSTILE


def test_ordinary_text_stays_as_it_is() -> None:
    assert plain("Kratzer, fehlende Bohrung: 表 🦊👩‍🔬") == "Kratzer, fehlende Bohrung: 表 🦊👩‍🔬"


def test_line_breaks_become_spaces() -> None:
    assert plain("one\ntwo\tthree\u2028four") == "one two three four"


def test_marks_that_change_what_stands_around_are_spelled_out() -> None:
    assert plain("a\u202eb\x1b[31m\x00\ud800") == "a\\u202eb\\u001b[31m\\u0000\\ud800"


def test_a_long_text_is_cut_and_says_so() -> None:
    assert plain("x" * 5000, 10) == "xxxxxxx..."
    assert plain("x" * 10, 10) == "x" * 10


@pytest.mark.parametrize("text", HOSTILE)
def test_every_text_becomes_one_printable_line_that_utf8_can_write(text: str) -> None:
    assert len(plain(text).encode().decode().splitlines()) == 1
    assert len(plain(text)) <= 120
