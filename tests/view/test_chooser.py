from nas.records.pareto import pareto_front
from nas.view.chooser import choices, trade_offs
from objectives import DEFAULT_OBJECTIVES, OBJECTIVES
from tests.view.candidates import candidate

THREE = [OBJECTIVES[name] for name in DEFAULT_OBJECTIVES]
BEST = candidate(
    "best", 0.90, 2.0, 100, accuracy_low=0.87, accuracy_high=0.92, latency_low_ms=1.6,
    latency_high_ms=2.4,
)  # fmt: skip
NEAR = candidate(
    "near", 0.88, 1.9, 40, accuracy_low=0.85, accuracy_high=0.90, latency_low_ms=1.5,
    latency_high_ms=2.3,
)  # fmt: skip
POOR = candidate("poor", 0.60, 1.8, 30, accuracy_low=0.56, accuracy_high=0.64)
FRONT = pareto_front([BEST, NEAR, POOR], THREE)


def test_what_is_as_accurate_within_the_interval_but_cheaper_is_offered() -> None:
    found = {each.name: each.record.candidate_id for each in choices(FRONT, THREE)}
    assert found["As accurate, least latency"] == "near"
    assert found["As accurate, least memory"] == "near"
    assert (found["Most accurate"], found["Fastest"]) == ("best", "poor")


def test_an_objective_that_is_not_pursued_offers_nothing() -> None:
    assert [each.name for each in choices(FRONT, THREE[:1])] == ["Knee", "Most accurate"]
    assert choices([], THREE) == []


def test_what_is_given_up_is_said_with_its_doubt() -> None:
    assert trade_offs(NEAR, FRONT, THREE) == [
        "Accuracy 88.0 %: 2.0 points below the best (90.0 %); the intervals overlap, so that this "
        "may be chance.",
        "Latency 1.90 ms: 1.06 times the best (1.80 ms).",
        "Memory 40 B: 1.33 times the best (30 B).",
    ]
    assert trade_offs(POOR, FRONT, THREE)[0] == (
        "Accuracy 60.0 %: 30.0 points below the best (90.0 %); the intervals do not overlap."
    )
    assert trade_offs(BEST, FRONT, THREE)[0] == "Accuracy 90.0 %: the best of the front."
