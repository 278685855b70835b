"""Compiled models: hand-built ones, and the compiler's own where they are at hand."""

import json
from pathlib import Path

import pytest

from nas.compiler.compiled import CompiledModel, parse_compiled, read_compiled
from nas.compiler.compiled_report import NO_LATENCY, describe_compiled, render_compiled
from nas.compiler.darwinn_fields import Content, ExecutableType
from nas.edgetpu.estimator import Estimator
from nas.edgetpu.table import WIDTH
from nas.errors import UserError
from nas.estimate import main
from nas.network.tflite import CompiledFileError, parse_network, read_network
from tests.compiler.darwinn_packages import ARG_MAX, Program, write_compiled, write_package
from tests.edgetpu.shared_data import EDGETPU, needs_shared_data, read_rows

INT8 = Path(__file__).parents[1] / "data" / "convolutional_int8.tflite"
ON_HOST = (ARG_MAX,)


def _is_model(path: Path) -> bool:
    return path.is_file() and path.read_bytes()[4:8] == b"TFL3"


def _compiled_rows() -> list[tuple[dict[str, str], Path]]:
    rows = [row for row in read_rows("compiled_models.csv") if row["model_file"]]
    stems = [(row, row["model_file"].removesuffix(".tflite")) for row in rows]
    paths = [(row, EDGETPU / "models" / f"{stem}_edgetpu.tflite") for row, stem in stems]
    return [(row, path) for row, path in paths if _is_model(path)]


COMPILED = _compiled_rows()


def _whole() -> CompiledModel:
    return parse_compiled(write_compiled(write_package(), cpu_operators=ON_HOST))


def test_everything_in_a_package_is_read() -> None:
    model = _whole()
    assert (model.cached_parameter_bytes, model.streamed_parameter_bytes) == (320, 64)
    assert model.instruction_bytes == 64
    assert (model.scratch_bytes, model.narrow_bytes_per_tile) == (5, 768)
    assert (model.input_bytes, model.output_bytes) == (48, 16)
    assert (model.min_runtime_version, model.compiler_versions) == (14, ("16.0",))
    assert len(model.packages) == 1
    assert model.cpu_operators == ("ARG_MAX",)


def test_several_operators_are_summed_but_share_the_activation_memory() -> None:
    small = write_package((Program(narrow_bytes=100, parameters=bytes(7)),), runtime=10)
    model = parse_compiled(write_compiled(write_package(), small))
    assert (model.cached_parameter_bytes, model.streamed_parameter_bytes) == (320, 71)
    assert (model.instruction_bytes, model.narrow_bytes_per_tile) == (128, 768)
    assert (model.input_bytes, model.min_runtime_version) == (96, 14)


def test_an_input_sent_in_overlapping_parts_counts_all_that_is_sent() -> None:
    parts = Program(transfers=((Content.INPUT, 30), (Content.INPUT, 28), (Content.SCRATCH, 9)))
    model = parse_compiled(write_compiled(write_package((parts,))))
    assert (model.input_bytes, model.output_bytes) == (58, 0)


def test_transfers_that_are_not_all_listed_are_not_known() -> None:
    partly = write_package((Program(is_deterministic=False),))
    model = parse_compiled(write_compiled(write_package(), partly))
    assert model.input_bytes is None
    assert model.output_bytes is None
    assert "not known, not known" in render_compiled("x.tflite", model)


def test_a_stand_alone_program_streams_its_parameters() -> None:
    alone = Program(ExecutableType.STAND_ALONE, bytes(96))
    model = parse_compiled(write_compiled(write_package((alone,))))
    assert (model.cached_parameter_bytes, model.streamed_parameter_bytes) == (0, 96)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (INT8.read_bytes(), r"not compiled for the Edge TPU \(no edgetpu-custom-op\)"),
        (b"", "not a TFLite file"),
        (write_compiled(b"no package"), "holds no DarwiNN package"),
        (write_compiled(write_package(())), "no program that runs the network"),
        (write_compiled(write_package((Program(bitstreams=()),))), "no program that runs"),
        (
            write_compiled(write_package((Program(scratch_bytes=-1),))),
            "the impossible size -1",
        ),
        (write_compiled(write_package((Program(type=9),))), "9 is not a valid ExecutableType"),
        (write_compiled(write_package()[:-40]), "broken or truncated|claims more|is truncated"),
    ],
)
def test_what_is_no_compiled_model_is_told_in_one_line(data: bytes, message: str) -> None:
    with pytest.raises(UserError, match=f"^model: .*{message}") as caught:
        parse_compiled(data)
    assert "\n" not in str(caught.value)


def test_a_compiled_model_is_no_network() -> None:
    with pytest.raises(CompiledFileError, match=r"give the \.tflite that went into the compiler"):
        parse_network(write_compiled(write_package(), cpu_operators=ON_HOST))


def test_the_json_has_every_field_of_an_estimate_and_never_a_zero_for_the_unknown() -> None:
    described = describe_compiled(_whole())
    estimate = Estimator().estimate(read_network(INT8)).as_dict()
    assert {"link", "clock_mhz", "host", "profile"} == set(estimate) - set(described)
    assert described["parameter_bytes"] == 384
    assert (described["on_chip_bytes"], described["off_chip_bytes"]) == (320, 64)
    assert described["instruction_bytes"] == 64
    unknown = ("latency_ms", "latency_low_ms", "energy_mj", "macs", "ops_total", "ops_mapped")
    assert {described[name] for name in unknown} == {None}
    assert set(described["ops"][0]) == set(estimate["ops"][0])
    assert [op["target"] for op in described["ops"]] == ["edgetpu", "cpu"]
    assert {op["latency_ms"] for op in described["ops"]} == {None}
    assert described["ops"][0]["on_chip"] is False


def test_the_command_recognises_a_compiled_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x_edgetpu.tflite"
    path.write_bytes(write_compiled(write_package(), cpu_operators=ON_HOST))
    assert main([str(path), "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["source"] == "read from the compiled file"
    assert values["latency_reason"] == NO_LATENCY
    assert values["cpu_ops"] == 1
    assert main([str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("x_edgetpu.tflite, compiled for the Coral Edge TPU")
    assert max(map(len, lines)) <= WIDTH
    assert "320 bytes on the chip, 64 streamed on every inference" in "\n".join(lines)


@needs_shared_data
def test_the_compilers_own_files_are_at_hand() -> None:
    assert len(COMPILED) >= 29


@needs_shared_data
@pytest.mark.parametrize(("row", "path"), COMPILED, ids=lambda value: getattr(value, "stem", ""))
def test_the_compilers_own_files_are_read_exactly(row: dict[str, str], path: Path) -> None:
    model = read_compiled(path)
    read = {
        "min_runtime": model.min_runtime_version,
        "n_edgetpu_ops": len(model.packages),
        "cpu_ops": len(model.cpu_operators),
        "n_exec": sum(len(package.executables) for package in model.packages),
        "cached_param_bytes": model.cached_parameter_bytes,
        "streamed_param_bytes": model.streamed_parameter_bytes,
        "in_bytes": model.input_bytes,
        "out_bytes": model.output_bytes,
        "scratch_bytes": model.scratch_bytes,
        "instr_bytes": model.instruction_bytes,
        "narrow_bytes_per_tile": model.narrow_bytes_per_tile,
    }
    assert read == {name: float(row[name]) for name in read}
    assert model.compiler_versions == (row["compiler"],)
