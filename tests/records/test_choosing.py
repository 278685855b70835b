from nas.records.choosing import as_accurate_but_least, choose
from objectives import DEFAULT_OBJECTIVES, OBJECTIVES
from tests.view.candidates import candidate

THREE = [OBJECTIVES[name] for name in DEFAULT_OBJECTIVES]
LATENCY = OBJECTIVES["latency_ms"]
FRONT = [
    candidate("a", 0.9, 3.0, 30, accuracy_low=0.85),
    candidate("b", 0.86, 2.0, 40, accuracy_low=0.80),
    candidate("c", 0.7, 1.0, 10, accuracy_low=0.65),
]


def test_each_rule_picks_its_best() -> None:
    rules = ("most-accurate", "fastest", "smallest")
    picked = [choose(FRONT, THREE, rule) for rule in rules]
    assert picked == [FRONT[0], FRONT[2], FRONT[2]]
    assert choose([], THREE, "knee") is None


def test_a_rule_about_what_nobody_knows_picks_nothing() -> None:
    assert choose([candidate("a", 0.9, 1.0)], THREE[:2], "smallest") is None


def test_less_accurate_than_the_interval_is_not_as_accurate() -> None:
    assert as_accurate_but_least(FRONT, FRONT[0], LATENCY) == FRONT[1]
    assert as_accurate_but_least(FRONT, FRONT[2], LATENCY) is None
    assert as_accurate_but_least(FRONT, candidate("d", 0.9, 3.0), LATENCY) is None
