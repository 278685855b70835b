"""Reading tables of cells: networks instead of rows, and messages that name the line."""

import argparse
from pathlib import Path

import pytest

from benchmarks.nasbench201_table import Columns, add_table_arguments, chosen_columns, read_table
from nas.errors import UserError

POOL_THEN_CONV = "|avg_pool_3x3~0|+|nor_conv_1x1~0|none~1|+|none~0|skip_connect~1|skip_connect~2|"
CONV_THEN_POOL = "|nor_conv_1x1~0|+|avg_pool_3x3~0|none~1|+|none~0|skip_connect~1|skip_connect~2|"
CONV_3X3 = "|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|"
CONV_3X3_AND_DEAD = "|nor_conv_3x3~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|"
DISCONNECTED = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
COLUMNS = Columns("top1", "ms", "millions")


def write(folder: Path, *rows: str, header: str = "arch_str,top1,ms,millions") -> Path:
    path = folder / "table.csv"
    path.write_text("\n".join((header, *rows)) + "\n")
    return path


def test_the_shipped_table_is_read_whole() -> None:
    table = read_table()
    assert (table.rows, table.disconnected, len(table.networks)) == (1999, 0, 1312)
    first = table.networks[0]
    assert first.arch_str.startswith("|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|")
    assert first.params == 73_306 + 3 * 243_040
    assert 0.3 < min(row.latency_ms for row in table.networks) < first.latency_ms
    assert 94 < max(row.accuracy for row in table.networks) < 95


def test_rows_of_one_network_are_put_together_without_their_timing_s_outliers(
    tmp_path: Path,
) -> None:
    path = write(
        tmp_path,
        f"{POOL_THEN_CONV},90,2.0,0.5",
        f"{CONV_3X3_AND_DEAD},80,1.0,0.56",
        f"{CONV_THEN_POOL},92,3.0,0.5",
        f"{CONV_3X3},81,1.1,0.32",
        f"{CONV_3X3},82,1.9,0.32",
    )
    pooled, convolved = read_table(path, COLUMNS).networks
    assert (pooled.arch_str, pooled.accuracy, pooled.latency_ms) == (POOL_THEN_CONV, 91, 2.5)
    assert (convolved.accuracy, convolved.latency_ms, convolved.params) == (81, 1.1, 0.32)


def test_without_a_column_parameters_are_those_of_the_live_network(tmp_path: Path) -> None:
    rows = f"{CONV_3X3_AND_DEAD},80,1.0", f"{POOL_THEN_CONV},90,2.0"
    path = write(tmp_path, *rows, header="arch_str,top1,ms")
    networks = read_table(path, Columns("top1", "ms")).networks
    assert [row.params for row in networks] == [73_306 + 243_040, 73_306 + 28_000]


def test_disconnected_cells_are_counted_and_need_no_latency(tmp_path: Path) -> None:
    path = write(tmp_path, f"{DISCONNECTED},10,,0.07", f"{CONV_3X3},81,1.5,0.32")
    table = read_table(path, COLUMNS)
    assert (table.rows, table.disconnected, len(table.networks)) == (2, 1, 1)


@pytest.mark.parametrize("row", ["80,,1", "80,nan,1", "80,-1.0,1", "80,0,1", ",1,1", "80,1"])
def test_a_network_that_lacks_a_number_is_counted_and_left_out(tmp_path: Path, row: str) -> None:
    path = write(tmp_path, f"{CONV_3X3},{row}", f"{POOL_THEN_CONV},90,2.0,0.5")
    table = read_table(path, COLUMNS)
    assert (table.rows, table.unmeasured, table.disconnected) == (2, 1, 0)
    assert [row.arch_str for row in table.networks] == [POOL_THEN_CONV]


def test_a_table_as_a_spreadsheet_saves_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    lines = "index, arch_str, top1, ms, millions", f'1, "{CONV_3X3}", 81, 1.5, 0.32'
    path.write_bytes("\r\n".join((*lines, "")).encode("utf-8-sig"))
    (row,) = read_table(path, COLUMNS).networks
    assert (row.accuracy, row.latency_ms, row.params) == (81, 1.5, 0.32)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (f"{CONV_3X3},x,1,1", "table.csv, line 3: top1 must be a number such as 93.5, got 'x'"),
        (f'{CONV_3X3},"93,5",1,1', "line 3: top1 must be a number such as 93.5, got '93,5'"),
        (f"{CONV_3X3},80,inf,1", "line 3: ms must be finite, got 'inf'"),
        ("|conv|,80,1,1", "line 3: an architecture string must have the form"),
    ],
)
def test_what_cannot_be_read_names_its_line(tmp_path: Path, row: str, message: str) -> None:
    path = write(tmp_path, f"{CONV_3X3},81,1.5,0.32", row)
    with pytest.raises(UserError, match=message):
        read_table(path, COLUMNS)


def test_a_missing_column_or_file_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, header="arch,top1,ms")
    missing = "must have the columns arch_str, millions, separated by commas, got arch, top1"
    with pytest.raises(UserError, match=missing):
        read_table(path, COLUMNS)
    with pytest.raises(UserError, match="cannot be read as a CSV table"):
        read_table(tmp_path / "no.csv")


def test_a_command_s_options_name_the_columns() -> None:
    parser = argparse.ArgumentParser()
    add_table_arguments(parser)
    assert chosen_columns(parser.parse_args([])) == Columns()
    computed = parser.parse_args(["--params"])
    assert (chosen_columns(computed), computed.params is None) == (Columns(), False)
    options = ["--accuracy", "top1", "--latency", "ms", "--params", "millions"]
    assert chosen_columns(parser.parse_args(options)) == COLUMNS
