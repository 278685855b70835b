import json

import pytest

from nas.auditing.audit import Audit, audit
from nas.auditing.audit_sample import Sample
from tests.auditing.audits import costed, full_sample, made_up_audit, question, unbuilt, unread

SETTINGS = {"a": 0, "b": 0, "idle": 0, "name": 0}


def _counts(share: object) -> list[int]:
    return list(vars(share).values())


def test_checks_are_shares_of_what_was_drawn() -> None:
    found = made_up_audit()
    assert (found.drawn, found.changed) == (16, 64)
    assert _counts(found.checks["builds"]) == [16, 0, 0, 0]
    assert _counts(found.checks["fits"]) == [8, 8, 0, 0]
    assert found.checks["fits"].share == 0.5
    # Wilson's interval of 8 of 16, by hand.
    assert found.checks["fits"].interval == pytest.approx((0.2800, 0.7200), abs=1e-4)


def test_what_builds_nothing_is_asked_nothing_else() -> None:
    sample = Sample(drawn=[costed(SETTINGS), unbuilt(SETTINGS)])
    found = audit(question(), sample)
    assert _counts(found.checks["builds"]) == [1, 1, 0, 0]
    assert _counts(found.checks["maps"]) == [1, 0, 0, 0]
    assert _counts(found.usable) == [1, 1, 0, 0]
    assert [(r.check, r.count, r.example) for r in found.reasons] == [("builds", 1, "no network")]


def test_what_cannot_be_read_is_unknown_and_told_once() -> None:
    found = audit(question("latency_ms<=9"), Sample(drawn=[costed(SETTINGS), unread(SETTINGS)]))
    for check in ("maps", "fits", "compiles"):
        assert _counts(found.checks[check]) == [1, 0, 0, 1]
    assert found.checks["maps"].share == 1.0
    assert found.costs["latency_ms"].unknown == 1
    assert found.costs["parameters"].unknown == 0
    assert [reason.example for reason in found.reasons] == ["Scale is not read"]
    assert _counts(found.constraints["latency_ms<=9"]) == [1, 0, 0, 1]


def test_constraints_bar_networks_from_the_front_and_from_a_search() -> None:
    found = made_up_audit("latency_ms<=4", "memory_bytes>=2KiB")
    assert _counts(found.constraints["latency_ms<=4"]) == [12, 4, 0, 0]
    assert _counts(found.constraints["memory_bytes>=2KiB"]) == [8, 8, 0, 0]
    assert _counts(found.usable) == [4, 12, 0, 0]
    assert {record.candidate_id for record in found.front} == {"100", "101"}
    assert found.usable_ids == {"100", "101"}


def test_the_front_is_of_latency_and_memory() -> None:
    assert {record.candidate_id for record in made_up_audit().front} == {"000", "001"}


def test_a_front_of_thousands_is_that_of_all_at_once() -> None:
    drawn = [
        costed(
            {**SETTINGS, "name": number}, latency_ms=1 + number, memory_bytes=(1502 - number) % 7
        )
        for number in range(1500)
    ]
    front = audit(question(), Sample(drawn=drawn)).front
    # 1502 = 4 mod 7: memory goes 4, 3, 2, 1, 0, and nothing later is faster.
    assert [record.latency_ms for record in front] == [1, 2, 3, 4, 5]


def test_duplicates_are_different_settings_with_one_network() -> None:
    found = made_up_audit().duplicates
    assert (found.settings, found.networks, found.share) == (16, 8, 0.5)
    again = audit(question(), Sample(drawn=[costed(SETTINGS)] * 3)).duplicates
    assert (again.settings, again.share) == (1, 0.0)


def test_presets_are_ranked_among_what_was_drawn_and_keep_their_name_in_the_networks() -> None:
    found = made_up_audit()
    (preset,) = found.presets
    # Latencies 1, 2, 4, 5 in equal shares: the preset's 4 ms is above half.
    assert preset.ranks["latency_ms"] == 0.5
    assert preset.ranks["peak_activation_bytes"] == 0.0
    assert next(r for r in found.networks if r.candidate_id == "100").preset == "hand"
    assert len(found.networks) == 8


def test_an_audit_of_nothing_says_that_nothing_is_known() -> None:
    found = audit(question(), Sample(drawn=[unbuilt(SETTINGS)]))
    assert found.checks["maps"].share is None
    assert found.duplicates.share is None
    assert found.costs["latency_ms"].spread is None
    assert found.as_dict()["costs"]["latency_ms"]["median"] is None
    assert not found.front


def test_json_has_every_part_and_null_for_the_unknown() -> None:
    found = audit(question("latency_ms<=4"), Sample(drawn=[unread(SETTINGS)]))
    value = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert value["source"] == "estimate"
    assert value["interrupted"] is True
    assert value["shares"]["maps"]["share"] is None
    assert value["costs"]["latency_ms"]["low"] is None
    assert value["front"] == []


def _json(found: Audit) -> str:
    return json.dumps(found.as_dict())


def test_json_of_a_whole_space() -> None:
    value = json.loads(_json(made_up_audit("latency_ms<=4")))
    assert value["interrupted"] is False
    assert value["knobs_without_effect"] == ["idle"]
    assert value["knobs_without_cost"] == ["name"]
    assert value["presets"][0]["share_that_costs_less"]["latency_ms"] == 0.5
    assert value["presets"][0]["keeps_constraints"] == "yes"
    assert value["front"][0]["latency_ms"] == 1.0
    assert sum(value["costs"]["latency_ms"]["histogram"]["counts"]) == 16
    assert _json(audit(question(), full_sample())) == _json(audit(question(), full_sample()))
