from typing import Any

import pytest

from nas.records.anatomy import Anatomy
from nas.records.int8_loss import Change, Int8Loss, LayerLoss, Remedy
from nas.records.record import Record
from nas.view.page_data import page_data
from objectives import DEFAULT_OBJECTIVES, OBJECTIVES
from tests.view.candidates import HOSTILE, candidate, configuration, many, trade_off

THREE = [OBJECTIVES[name] for name in DEFAULT_OBJECTIVES]


def _nothing(_candidate_id: str) -> None:
    return None


def _data(records: list[Record], **values: Any) -> dict[str, Any]:
    config = configuration(created_at="2026-01-01T00:00:00+00:00", **values)
    return page_data(config, records, THREE, run="runs/a", anatomy=_nothing, int8_loss=_nothing)


def test_values_stand_in_the_units_of_their_axes() -> None:
    data = _data(trade_off())
    assert data["values"]["accuracy"] == [70.0, 95.0, 90.0, 80.0, None, None, None]
    assert data["values"]["latency_ms"] == [1.0, 4.0, 2.0, 3.0, 9.0, 3.9, None]
    assert data["values"]["memory_bytes"][0] == 97.6562
    units = {axis["name"]: axis["unit"] for axis in data["axes"]}
    assert units == {"accuracy": "%", "latency_ms": "ms", "memory_bytes": "KiB", "trial": ""}
    assert [axis["quantity"] for axis in data["axes"]][:2] == [
        "int8 validation accuracy",
        "Latency",
    ]


def test_intervals_are_of_records_that_know_them() -> None:
    records = [candidate("a", 0.5, 2.0, 1, latency_low_ms=1.5, latency_high_ms=2.75)]
    assert _data([*records, candidate("b", 0.6, 3.0, 2)])["intervals"] == {
        "latency_ms": [[1.5, 2.75], None]
    }


def test_the_front_and_the_choices_name_places_of_candidates() -> None:
    data = _data(trade_off())
    assert data["front"] == [1, 2, 0]
    assert [(each["name"], each["place"]) for each in data["choices"]] == [
        ("Knee", 2),
        ("Most accurate", 1),
        ("Fastest", 0),
        ("Smallest", 0),
    ]
    assert [each.get("isFront", False) for each in data["candidates"]] == [True] * 3 + [False] * 4
    assert data["candidates"][2]["command"] == (
        "python -m nas.export runs/a --pick middle --out bundles/middle"
    )


def test_what_is_not_measured_or_complete_is_told_apart() -> None:
    records = [candidate("a", 0.5, 1.0, 1, latency_source="device"), *trade_off()[4:]]
    found = _data(records)["candidates"]
    assert [each.get("isMeasured", False) for each in found] == [True, False, False, False]
    assert [each["status"] for each in found] == ["complete", "infeasible", "stopped", "failed"]
    assert [each.get("chance") for each in found] == [1.0, None, None, None]
    assert found[1]["reason"] == "latency_ms <= 5"


def test_the_history_has_a_share_and_a_time_a_record() -> None:
    records = [
        candidate("a", 0.5, 1.0, 1, finished_at="2026-01-01T00:30:00+00:00"),
        candidate("b", 0.9, 3.0, 3, finished_at="no time"),
    ]
    assert _data(records)["history"] == {"shares": [0.0, 0.0], "hours": [0.5, None]}
    assert _data([])["history"] is None


def test_a_network_s_operators_causes_and_edits_are_told() -> None:
    def anatomy(candidate_id: str) -> Anatomy | None:
        return (
            Anatomy((), {"computing": 0.25}, (("fewer channels", 0.1),)) if candidate_id else None
        )

    data = page_data(
        configuration(), trade_off(), THREE, run="r", anatomy=anatomy, int8_loss=_nothing
    )
    assert data["anatomies"][1] == {
        "operators": [],
        "causes": {"computing": 0.25},
        "edits": [["fewer channels", 0.1]],
    }


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_cut_and_spelled_out(name: str) -> None:
    records = [candidate("a", 0.5, 1.0, 1, preset=name, hyperparameters={name: name})]
    (found,) = _data(records)["candidates"]
    assert len(found["preset"]) <= 40
    assert not {"\u202e", "\x00", "\x1b"} & set(found["settings"][0][0])


def test_a_constant_hyperparameter_has_no_importance() -> None:
    names = [each["name"] for each in _data(many(60))["importance"]]
    assert set(names) <= {"blocks", "filters", "residual", "activation", "learning_rate"}
    assert _data(trade_off())["importance"] == []


def test_what_int8_cost_an_exported_network_is_told_in_percent() -> None:
    change = Change(200, 0.95, 0.9, 12, 2)
    layers = (LayerLoss("conv", "CONV_2D", 31.25, 0.75, change),)
    loss = Int8Loss(change, layers, (Remedy("bias correction", change),), "bias correction")

    def int8_loss(candidate_id: str) -> Int8Loss | None:
        return loss if candidate_id == "worse" else None

    told = {"examples": 200, "before": 95.0, "after": 90.0, "lost": 12, "gained": 2}
    data = page_data(
        configuration(), trade_off(), THREE, run="r", anatomy=_nothing, int8_loss=int8_loss
    )
    assert data["losses"] == {
        3: {
            "whole": told,
            "layers": [["conv", "CONV_2D", 31.25, 0.75, told]],
            "remedies": [["bias correction", told]],
            "applied": "bias correction",
        }
    }
