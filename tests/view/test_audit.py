from io import StringIO

from rich.console import Console

from nas.auditing.audit import Audit, audit
from nas.auditing.audit_sample import Knob, Sample
from nas.view.audit import print_audit
from tests.auditing.audits import costed, full_sample, made_up_audit, question, unbuilt, unread
from tests.view.candidates import HOSTILE

SETTINGS = {"a": 0, "b": 0, "idle": 0, "name": 0}


def _text(found: Audit) -> str:
    console = Console(file=StringIO(), width=80)
    print_audit(console, found)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def _line(found: Audit, start: str) -> str:
    (line,) = [each for each in _text(found).splitlines() if each.strip().startswith(start)]
    return " ".join(line.split())


def test_shares_are_told_with_their_interval() -> None:
    found = made_up_audit("latency_ms<=4")
    said = _line(found, "Networks with all parameters")
    assert said.endswith("in its memory 50.0 % 28.0 - 72.0 % 8 8")
    assert "75.0 %" in _line(found, "Networks that keep latency_ms<=4")
    assert "75.0 %" in _line(found, "Settings that a search would train")


def test_costs_are_told_with_quantiles_and_interval() -> None:
    found = made_up_audit()
    assert _line(found, "latency").startswith("latency 1.00 ms 1.00 ms 2.00 ms 5.00 ms 5.00 ms █")
    assert _line(found, "80 % interval").startswith("80 % interval 0.9-1.2")
    assert _line(found, "The same for all").endswith("peak activation 512 B, cpu ops 0")


def test_knobs_are_told_by_what_they_do() -> None:
    found = made_up_audit()
    assert _line(found, "a ").startswith("a 16 100 % 130 %")
    assert _line(found, "idle").startswith("idle 16 0 % 0 0")
    assert "Without effect: idle; no change" in _text(found)
    assert "at most 19.4 % would" in " ".join(_text(found).split())
    assert _line(found, "Change networks") == "Change networks, but no cost: name"


def test_presets_are_told_with_their_place() -> None:
    said = "hand 4.00 ms >50 % 2.00 KiB >50 % 1.00 KiB >50 % streams parameters"
    assert _line(made_up_audit(), "hand ") == said
    assert _line(made_up_audit("latency_ms<=3"), "hand ").startswith(f"{said}, breaks")


def test_duplicates_and_estimates_are_told() -> None:
    text = " ".join(_text(made_up_audit()).split())
    assert "Duplicates: 50.0 %; 16 different settings give 8 networks" in text
    assert "every cost is an estimate, nothing was trained, compiled or run" in text


def test_an_interrupted_audit_says_so_first() -> None:
    found = audit(question(candidates=2000), full_sample())
    assert _text(found).startswith("Interrupted: 80 of 2,000 settings were read")


def test_what_fails_or_is_not_known_is_told() -> None:
    sample = Sample(drawn=[costed(SETTINGS), unbuilt(SETTINGS, "too deep"), unread(SETTINGS)])
    found = audit(question(), sample)
    assert _line(found, "builds:") == "builds: 1 x no, such as: too deep"
    assert _line(found, "maps:") == "maps: 1 x unknown, such as: Scale is not read"
    said = "Not known of 1 of 2 networks"
    assert _line(found, said).startswith(f"{said}: latency, energy, memory")


def test_a_space_that_builds_nothing_is_told() -> None:
    text = _text(audit(question(), Sample(drawn=[unbuilt(SETTINGS)])))
    assert "No setting builds a network." in text
    assert "Settings that build a network 0.0 %" in " ".join(text.split())


def test_texts_of_a_space_are_shown_as_they_are() -> None:
    for hostile in HOSTILE:
        sample = full_sample([costed(SETTINGS, preset=hostile)])
        sample.knobs[hostile] = Knob(hostile, (hostile,), is_range=False)
        sample.drawn.append(unbuilt(SETTINGS, hostile))
        text = _text(audit(question(space=hostile), sample))
        assert "\x1b" not in text and "\u202e" not in text
        assert "130 %" in text
