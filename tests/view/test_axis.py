from nas.view.axis import front_axes, line_name, origin, placed, staircase
from objectives import DEFAULT_OBJECTIVES, OBJECTIVES
from tests.view.candidates import candidate, trade_off

THREE = [OBJECTIVES[name] for name in DEFAULT_OBJECTIVES]


def test_titles_tell_unit_and_source() -> None:
    assert [axis.title for axis in front_axes(trade_off(), THREE)] == [
        "int8 validation accuracy (%)",
        "Latency (ms), estimated",
        "Parameter memory (KiB)",
    ]


def test_mixed_sources_are_both_named() -> None:
    records = [candidate("a", 0.5, 1.0, 1), candidate("b", 0.5, 1.0, 1, latency_source="device")]
    assert (
        front_axes(records, THREE)[1].title == "Latency (ms), estimated or measured on the device"
    )


def test_values_are_scaled_to_the_unit_shown() -> None:
    record = candidate("a", 0.9, 2.0, 3 * 2**20)
    assert [axis.value(record) for axis in front_axes([record], THREE)] == [90.0, 2.0, 3.0]


def test_a_wide_range_is_drawn_logarithmically() -> None:
    records = [candidate("a", 0.5, 1.0, 10), candidate("b", 0.6, 31.0, 20)]
    assert [axis.is_logarithmic for axis in front_axes(records, THREE)] == [False, True, False]


def test_a_single_objective_is_drawn_over_the_trials() -> None:
    up, right = front_axes(trade_off(), THREE[:1])
    assert (up.objective.name, right.title) == ("accuracy", "Trial")


def test_only_complete_candidates_that_know_every_value_are_placed() -> None:
    records = [*trade_off(), candidate("blind", 0.9, None, 1)]
    names = [record.candidate_id for record in placed(records, front_axes(records, THREE))]
    assert names == ["small", "large", "middle", "worse"]


def test_the_staircase_leaves_out_what_only_memory_puts_on_the_front() -> None:
    records = [
        candidate("a", 0.5, 1.0, 300),
        candidate("tiny", 0.4, 2.0, 100),
        candidate("b", 0.75, 3.0, 400),
    ]
    up, right, _ = front_axes(records, THREE)
    assert staircase(records, up, right) == [(1.0, 50.0), (3.0, 50.0), (3.0, 75.0)]
    assert line_name((up, right), THREE) == "accuracy / latency_ms front"


def test_a_candidate_counts_as_measured_only_when_everything_was() -> None:
    objectives = [OBJECTIVES[name] for name in ("accuracy", "latency_ms", "energy_mj")]
    half = candidate("a", 0.5, 1.0, latency_source="device", energy_source="estimate")
    full = candidate("b", 0.5, 1.0, latency_source="device", energy_source="device")
    axes = front_axes([half, full], objectives)
    assert [origin(record, axes) for record in (half, full)] == ["estimated", "measured"]
    assert origin(half, axes[:1]) is None
