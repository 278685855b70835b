"""Damaged files: whatever the bytes hold, the answer is costs or one line, soon."""

import io
import json
import random
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from nas.compiler.compiled import parse_compiled
from nas.compiler.compiled_report import describe_compiled, render_compiled
from nas.edgetpu.edits import suggest_edits
from nas.edgetpu.estimator import Estimator
from nas.edgetpu.table import render_estimate
from nas.errors import UserError
from nas.estimate import main
from nas.network.tflite import CompiledFileError, parse_network
from tests.compiler.darwinn_packages import (
    ARG_MAX,
    RUNNING,
    nest_options,
    write_compiled,
    write_executable,
    write_model,
    write_package,
)
from tests.edgetpu.bounds import bounded
from tests.edgetpu.shared_data import EDGETPU, needs_shared_data

DATA = Path(__file__).parents[1] / "data"
COMPILED = write_compiled(write_package(), cpu_operators=(ARG_MAX,))
WHOLE = {path.stem: path.read_bytes() for path in sorted(DATA.glob("*.tflite"))}
WHOLE["hand_built_compiled"] = COMPILED

EXTREMES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)

Mutation = Callable[[bytearray, random.Random], None]


def _truncate(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(len(data)) :]


def _flip_bits(data: bytearray, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 4, 32))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _rewrite_fields(data: bytearray, rng: random.Random) -> None:
    """Huge lengths and counts, negative sizes, offsets past the end."""
    for _ in range(rng.choice((1, 2, 6))):
        width = rng.choice((1, 2, 4))
        place = rng.randrange(8, len(data) - width) // width * width
        value = rng.choice(EXTREMES) & ((1 << 8 * width) - 1)
        data[place : place + width] = value.to_bytes(width, "little")


def _redirect_offsets(data: bytearray, rng: random.Random) -> None:
    """Offsets that lead to other tables, to themselves, or backwards in a circle."""
    for _ in range(rng.choice((1, 3))):
        place = rng.randrange(8, len(data) - 4) // 4 * 4
        target = rng.choice((0, rng.randrange(len(data)) - place))
        data[place : place + 4] = (target & 0xFFFFFFFF).to_bytes(4, "little")


def _splice(data: bytearray, rng: random.Random) -> None:
    """A piece of the file over another: tables read as others, and nested in themselves."""
    length = rng.choice((4, 16, 64, 256))
    here, there = (rng.randrange(max(1, len(data) - length)) // 4 * 4 for _ in range(2))
    data[here : here + length] = data[there : there + length]


def _insert(data: bytearray, rng: random.Random) -> None:
    place = rng.randrange(len(data))
    data[place:place] = rng.randbytes(rng.choice((1, 4, 64)))


MUTATIONS: tuple[Mutation, ...] = (
    _truncate, _flip_bits, _rewrite_fields, _redirect_offsets, _splice, _insert,
)  # fmt: skip


def _mutants(whole: bytes, seed: str, count: int) -> Iterator[bytes]:
    rng = random.Random(seed)  # noqa: S311 - not cryptography
    for number in range(count):
        data = bytearray(whole)
        for mutate in (
            MUTATIONS[number % len(MUTATIONS)],
            *rng.choices(MUTATIONS[1:], k=number % 3),
        ):
            if len(data) > 300:
                mutate(data, rng)
        yield bytes(data)


def _is_readable(data: bytes) -> bool:
    """Whether costs come out; otherwise one line did."""
    try:
        try:
            _cost_network(data)
        except CompiledFileError:
            _cost_compiled(data)
    except UserError as error:
        assert str(error).isprintable(), f"not one line: {error!r}"
        return False
    return True


def _cost_network(data: bytes) -> None:
    network = parse_network(data)
    estimate = Estimator().estimate(network)
    json.dumps(estimate.as_dict(), allow_nan=False)
    render_estimate("model", estimate, suggest_edits(network, estimate))


def _cost_compiled(data: bytes) -> None:
    model = parse_compiled(data)
    json.dumps(describe_compiled(model), allow_nan=False)
    render_compiled("model", model)


def _fuzz(name: str, count: int) -> tuple[int, int]:
    """Readable and refused mutants of one file."""
    readable = 0
    for number, data in enumerate(_mutants(WHOLE[name], name, count)):
        with bounded(f"{name}, mutant {number}"):
            readable += _is_readable(data)
    return readable, count - readable


@pytest.mark.parametrize("name", WHOLE)
def test_a_damaged_file_gives_costs_or_one_line(name: str) -> None:
    assert min(_fuzz(name, 150)) >= 5


@pytest.mark.slow
@pytest.mark.parametrize("name", WHOLE)
def test_thousands_of_damaged_files_give_costs_or_one_line(name: str) -> None:
    assert min(_fuzz(name, 1_000)) >= 30


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_cut_off_anywhere_is_one_line_or_whole_in_what_is_read(name: str) -> None:
    whole = WHOLE[name]
    readable = [length for length in range(0, len(whole), 61) if _is_readable(whole[:length])]
    assert all(length > len(whole) // 2 for length in readable)


def test_a_damaged_package_inside_a_sound_file_gives_costs_or_one_line() -> None:
    package = write_package()
    outcomes = [_is_readable(write_compiled(data)) for data in _mutants(package, "package", 180)]
    assert 18 <= sum(outcomes) <= 162


def test_a_package_that_holds_itself_is_no_program() -> None:
    package, executable = write_package(), write_executable(RUNNING)
    nested = package.replace(executable, package[: len(executable)])
    assert nested != package
    with pytest.raises(UserError, match="holds no program"):
        parse_compiled(write_compiled(nested))


def test_options_nested_thousands_deep_are_no_package() -> None:
    with pytest.raises(UserError, match="cannot convert"):
        parse_compiled(write_model([nest_options(3_000)]))


def test_the_command_ends_with_costs_or_one_line(tmp_path: Path) -> None:
    path = tmp_path / "damaged.tflite"
    for name, whole in WHOLE.items():
        for data in _mutants(whole, f"{name} by the command", 12):
            path.write_bytes(data)
            _run_command(path)


def _run_command(path: Path) -> None:
    output = io.StringIO()
    with redirect_stdout(output):
        try:
            assert main([str(path), "--json"]) == 0
        except UserError as error:
            assert str(error).isprintable()
            assert output.getvalue() == ""
            return
    assert output.getvalue().count("\n") == 1
    assert json.loads(output.getvalue())["compiles"] in ("yes", "no", "uncertain")


@pytest.mark.slow
@needs_shared_data
def test_damaged_files_of_the_compiler_give_costs_or_one_line() -> None:
    whole = (EDGETPU / "models" / "LibrEdgeTPU__gabor_64x64_7k_4o_2s_edgetpu.tflite").read_bytes()
    outcomes = [_is_readable(data) for data in _mutants(whole, "gabor", 2_000)]
    assert 200 <= sum(outcomes) <= 1_800
