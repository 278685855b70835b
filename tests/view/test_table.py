from nas.view.table import candidate_table, export_command, front_table, quantity, text
from objectives import DEFAULT_OBJECTIVES, OBJECTIVES
from tests.view.candidates import candidate, trade_off

THREE = [OBJECTIVES[name] for name in DEFAULT_OBJECTIVES]


def test_an_estimate_and_a_measurement_look_different() -> None:
    estimate = candidate("a", latency_ms=2.0, latency_low_ms=1.5, latency_high_ms=2.5)
    assert quantity(estimate, "latency_ms").html == (
        '<b>2.00 ms</b> <small>1.50 - 2.50 ms</small> <span class="source estimate">estimate</span>'
    )
    device = candidate("a", latency_ms=2.0, latency_source="device")
    assert '<span class="source device">device</span>' in quantity(device, "latency_ms").html


def test_what_is_not_known_is_called_unknown() -> None:
    assert quantity(candidate("a"), "accuracy").html == '<span class="unknown">unknown</span>'


def test_a_long_text_opens_on_demand() -> None:
    assert text("short & <b>") == "<bdi>short &amp; &lt;b&gt;</bdi>"
    assert text("x" * 100) == (
        f"<details><summary><bdi>{'x' * 87}...</bdi></summary><bdi>{'x' * 100}</bdi></details>"
    )


def test_each_row_of_the_front_has_its_export_command() -> None:
    table = front_table(trade_off(), THREE, "runs/a b")
    assert table.count('class="copy"') == 3
    assert (
        "<code>python -m nas.export &#x27;runs/a b&#x27; --pick large --out bundles/large</code>"
        in table
    )


def test_a_hostile_name_is_one_word_of_the_command() -> None:
    assert export_command("runs/a", "x; rm -rf ~") == (
        "python -m nas.export runs/a --pick 'x; rm -rf ~' --out 'bundles/x; rm -rf ~'"
    )


def test_presets_and_the_knee_are_marked_on_the_front() -> None:
    table = front_table(trade_off(), THREE, "runs/a")
    assert table.count('class="knee"') == 1
    assert '<span class="preset">preset <bdi>default</bdi></span>' in table


def test_every_candidate_has_a_row_with_status_and_reason() -> None:
    table = candidate_table(trade_off())
    assert table.count("<tr id=") == 7
    assert '<span class="status infeasible">infeasible</span>' in table
    assert "<bdi>latency_ms &lt;= 5</bdi>" in table
    assert 'id="candidates-6"' in table


def test_a_column_is_sorted_by_the_stored_value() -> None:
    assert '<td data-order="900000.0"><b>879 KiB</b></td>' in candidate_table(trade_off())


def test_a_number_no_candidate_knows_has_no_column() -> None:
    assert "Energy" not in candidate_table(trade_off())
    assert "Energy" in candidate_table([candidate("a", energy_mj=1.0)])


def test_without_a_front_there_is_a_sentence() -> None:
    assert front_table([], THREE, "runs/a") == "<p>No candidate is complete yet.</p>"
