"""Logs of the compiler: every field that is there, nothing that is not."""

from pathlib import Path

import pytest

from nas.compiler.compile_log import (
    CompileLog,
    CompileLogError,
    StatusCount,
    ToldSize,
    memory_as_told,
    parse_log,
    placement_as_told,
)
from nas.edgetpu.chip import MIB
from nas.edgetpu.latency import estimate_latency
from nas.edgetpu.memory import ParameterMemory, parameter_bytes
from nas.edgetpu.placement import MAPPED, Placed, place
from nas.network.tflite import read_network
from tests.compiler.compiler_output import NOTHING, OLD, OUTPUT, PARTLY, TABLE
from tests.edgetpu.shared_data import EDGETPU, needs_shared_data, read_rows
from tests.network.networks import Builder, five_convolutions, five_dense_layers

DATA = Path(__file__).parents[1] / "data"
REAL_LOGS = sorted((EDGETPU / "compile_logs").glob("*"))
REAL_COUNTS = {
    "022a7d": (22, 22), "4709c2": (6, 6), "4738c6": (256, 256), "699833": (262, 262),
    "97ab44": (13, 13), "a40a6a": (262, 262), "b6ad5b": (257, 257), "cf39cf": (11, 9),
    "stdout": (267, None),
}  # fmt: skip


def _log(rows: tuple[StatusCount, ...] = (), streamed: int | None = None) -> CompileLog:
    told = None if streamed is None else ToldSize(streamed, 1)
    return CompileLog(None, rows, None, None, None, None, told, 7 * MIB)


def test_everything_in_a_log_is_read() -> None:
    log = parse_log(OUTPUT, TABLE)
    assert (log.version, log.subgraphs) == ("16.0.384591198", 1)
    assert (log.ops_total, log.ops_mapped) == (8, 8)
    assert (log.cached, log.streamed) == (ToldSize(320, 1), ToldSize(64, 1))
    assert log.capacity_bytes == 320 + round(7.62 * MIB)
    assert log.rows[0] == StatusCount("CONV_2D", 2, MAPPED)


def test_an_operator_type_may_have_several_rows() -> None:
    log = parse_log(PARTLY)
    assert (log.ops_total, log.ops_mapped, log.subgraphs) == (31, 24, 2)
    convolutions = [row for row in log.rows if row.type == "CONV_2D"]
    assert [(row.count, row.is_mapped) for row in convolutions] == [(12, True), (2, False)]
    assert log.cached == ToldSize(3_365_929, 10_486)
    assert log.capacity_bytes == 3_365_929 + 998_912


def test_an_old_compiler_told_the_capacity_itself() -> None:
    log = parse_log(OLD)
    assert log.version == "2.0.267685300"
    assert log.capacity_bytes == round(6.25 * MIB)
    assert log.streamed == ToldSize(round(18.43 * MIB), 10_486)


def test_nothing_mapped_is_zero_and_not_unknown() -> None:
    log = parse_log(NOTHING)
    assert (log.ops_mapped, log.ops_total, log.subgraphs) == (0, 2, 0)


def test_missing_lines_are_not_known() -> None:
    assert parse_log("") == CompileLog(None, (), None, None, None, None, None, None)
    log = parse_log(OUTPUT)
    assert log.ops_total == 8
    assert log.ops_mapped is None, "the table is missing, and with it what was mapped"
    cut = parse_log("", TABLE[: TABLE.index("ADD")])
    assert (cut.ops_total, cut.ops_mapped) == (3, 3)
    assert cut.cached is None


def test_the_last_of_several_tables_holds() -> None:
    earlier = NOTHING[NOTHING.index("Operator") :]
    log = parse_log(earlier + TABLE)
    assert (log.ops_mapped, len(log.rows)) == (8, 7)


@pytest.mark.parametrize(
    ("output", "table"),
    [
        (OUTPUT, TABLE.replace("CONV_2D                        2", "CONV_2D     3")),
        (PARTLY.replace("Edge TPU: 24", "Edge TPU: 25"), ""),
        (PARTLY.replace("on CPU: 7", "on CPU: 6"), ""),
        (OLD.replace("operations: 3", "operations: 2"), ""),
        ("Number of operations that will run on Edge TPU: 9\nTotal number of operations: 8", ""),
    ],
)
def test_a_log_that_contradicts_itself_is_not_believed(output: str, table: str) -> None:
    with pytest.raises(CompileLogError, match="the compiler's log") as caught:
        parse_log(output, table)
    assert "\n" not in str(caught.value)


def test_a_printed_size_agrees_with_bytes_up_to_its_last_place() -> None:
    size = parse_log("On-chip memory used for caching model parameters: 1.00KiB").cached
    assert size is not None
    assert size.agrees(1024 + 10)
    assert not size.agrees(1024 + 11)


def test_the_placement_is_the_estimators_where_the_compiler_agrees() -> None:
    network = read_network(DATA / "convolutional_int8.tflite")
    assert placement_as_told(network, parse_log(OUTPUT, TABLE)) == place(network)


def test_a_status_of_the_compiler_overrules_the_estimator() -> None:
    network = read_network(DATA / "convolutional_int8.tflite")
    version = "Operation version not supported"
    row = f"SOFTMAX                        1          {version}"
    told = parse_log("", TABLE.replace(TABLE.splitlines()[-1], row))
    placed = placement_as_told(network, told)
    assert placed is not None
    last = placed[-1]
    assert (last.target, last.reason, last.is_certain) == ("cpu", version, True)
    assert [entry.target for entry in placed[:-1]] == ["edgetpu"] * 7


def test_operators_of_one_type_with_two_statuses_are_in_doubt() -> None:
    network = read_network(DATA / "late_unsupported_int8.tflite")
    rows = (
        StatusCount("CONV_2D", 1, "More than one subgraph is not supported"),
        StatusCount("CONV_2D", 1, MAPPED),
        StatusCount("LEAKY_RELU", 1, "Operation not supported"),
    )
    placed = placement_as_told(network, _log(rows))
    assert placed is not None
    assert [entry.target for entry in placed] == ["edgetpu", "cpu", "cpu"]
    assert [entry.is_certain for entry in placed] == [False, True, False]
    assert "needs the result of operator 1" in placed[2].reason


def test_custom_operators_go_by_the_compilers_name_for_them() -> None:
    builder = Builder((1, 8, 8, 8))
    found = builder.add_operator("TFLite_Detection_PostProcess", (builder.input,), (1, 10))
    status = "Operation is working on an unsupported data type"
    placed = placement_as_told(builder.network(found), _log((StatusCount("CUSTOM", 1, status),)))
    assert placed is not None
    assert [(entry.target, entry.reason) for entry in placed] == [("cpu", status)]


def test_the_table_of_another_network_places_nothing() -> None:
    network = read_network(DATA / "late_unsupported_int8.tflite")
    assert placement_as_told(network, parse_log(OUTPUT, TABLE)) is None
    assert placement_as_told(network, parse_log(OUTPUT)) is None


def test_streamed_layers_are_those_that_add_up() -> None:
    operators = five_convolutions(100).operators
    sizes = {operator.index: parameter_bytes(operator) for operator in operators}
    memory = memory_as_told(operators, _log(streamed=sizes[0] + sizes[3]))
    assert memory is not None
    assert 0 in memory.streamed
    assert len(memory.streamed) == 2
    assert memory.off_chip_bytes == sizes[0] + sizes[3]
    assert memory.capacity_bytes == 7 * MIB
    resident = memory_as_told(operators, _log(streamed=0))
    assert resident == ParameterMemory(sizes, frozenset(), 7 * MIB)


def test_memory_that_was_not_told_or_does_not_add_up_is_not_known() -> None:
    operators = five_convolutions(100).operators
    assert memory_as_told(operators, _log()) is None
    assert memory_as_told(operators, _log(streamed=12_345)) is None
    assert memory_as_told((), _log(streamed=64)) is None


def test_the_chip_model_takes_what_the_compiler_told() -> None:
    network = read_network(DATA / "convolutional_int8.tflite")
    log = parse_log(OUTPUT.replace(": 64.00B", ": 0.00B"), TABLE)
    placed = placement_as_told(network, log)
    assert placed is not None
    assert all(isinstance(entry, Placed) for entry in placed)
    memory = memory_as_told([entry.operator for entry in placed], log)
    assert memory is not None
    latency = estimate_latency(
        network, placed, memory, 10_000, link="usb3", clock_mhz=500.0, host="desktop"
    )
    assert latency.total_ms is not None
    assert latency.total_ms > 0


@needs_shared_data
@pytest.mark.parametrize("path", REAL_LOGS, ids=lambda path: path.name[:6])
def test_real_logs_are_read_exactly(path: Path) -> None:
    text = path.read_text()
    log = parse_log(text) if path.suffix == ".txt" else parse_log("", text)
    assert (log.ops_total, log.ops_mapped) == REAL_COUNTS[path.name[:6]]
    assert log.version == "16.0.384591198"
    if path.suffix == ".txt":
        assert log.capacity_bytes == round(4.21 * MIB) + round(3.29 * MIB)
        assert (log.subgraphs, log.streamed) == (1, ToldSize(0, 1))


@needs_shared_data
@pytest.mark.parametrize("sweep", ["conv_sweep.csv", "fc_sweep.csv"])
def test_the_streamed_layers_of_the_sweeps_add_up(sweep: str) -> None:
    build = five_convolutions if sweep.startswith("conv") else five_dense_layers
    for row in read_rows(sweep):
        told = ToldSize(round(float(row["off_chip_mib"]) * MIB), 10_486)
        log = CompileLog(None, (), None, None, None, None, told, 7 * MIB)
        memory = memory_as_told(build(int(row["width"])).operators, log)
        assert memory is not None, row
        assert memory.off_chip_bytes == pytest.approx(told.size_bytes, rel=0.01, abs=10_486)
