"""Damaged logs: they are read or refused by name, and never tell more than they were told."""

import random
import re
from collections.abc import Callable

import pytest

from nas.compiler.compile_failures import classify
from nas.compiler.compile_log import CompileLogError, parse_log, placement_as_told
from nas.network.tflite import read_network
from tests.compiler.compiler_output import NOTHING, OLD, OUTPUT, PARTLY, TABLE
from tests.compiler.test_compile_log import DATA
from tests.edgetpu.shared_data import EDGETPU

NETWORK = read_network(DATA / "convolutional_int8.tflite")
OWN = ((OUTPUT, TABLE), (OUTPUT + TABLE, ""), (PARTLY, ""), (OLD, ""), (NOTHING, ""))
REAL = tuple(
    (text, "") if path.suffix == ".txt" else ("", text)
    for path in sorted((EDGETPU / "compile_logs").glob("*"))
    if (text := path.read_text())
)
_NUMBERS = ("0", "-1", "1e9", "999999999", "1" * 400, "٣", "inf", "0x10", "")

Mutation = Callable[[str, random.Random], str]


def _cut(text: str, rng: random.Random) -> str:
    start, end = sorted(rng.randrange(len(text) + 1) for _ in range(2))
    return text[:start] + text[end:]


def _replace_characters(text: str, rng: random.Random) -> str:
    characters = list(text)
    for _ in range(rng.choice((1, 8, 64))):
        characters[rng.randrange(len(characters))] = rng.choice("\0\n\t 0129.:BKMiAZ_é\x1c\u2028￿")
    return "".join(characters)


def _rewrite_numbers(text: str, rng: random.Random) -> str:
    chance = rng.choice((0.05, 0.3))
    return re.sub(
        r"\d+",
        lambda match: rng.choice(_NUMBERS) if rng.random() < chance else match[0],
        text,
    )


def _shuffle_lines(text: str, rng: random.Random) -> str:
    lines = text.splitlines()
    rng.shuffle(lines)
    return "\n".join(lines)


def _repeat_lines(text: str, rng: random.Random) -> str:
    lines = text.splitlines()
    chosen = rng.choices(lines, k=rng.choice((1, 5, len(lines))))
    return "\n".join([*lines, *chosen])


def _join_lines(text: str, rng: random.Random) -> str:
    return re.sub("\n", lambda _: rng.choice("\n\n \r"), text)


MUTATIONS: tuple[Mutation, ...] = (
    _cut, _replace_characters, _rewrite_numbers, _shuffle_lines, _repeat_lines, _join_lines,
)  # fmt: skip


def _mutate(text: str, rng: random.Random) -> str:
    for _ in range(rng.choice((1, 1, 2, 3))):
        text = rng.choice(MUTATIONS)(text, rng) if text else text
    return text


def _most_told(*texts: str) -> int:
    """Most mapped operators that any reading of the texts could support."""
    told = 0
    for text in texts:
        lines = re.split(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]", text)
        said = [line for line in lines if "Mapped to Edge TPU" in line]
        rows = sum(int(n) for line in said for n in re.findall(r"\d{1,9}(?!\d)", line))
        runs = [line for line in lines if "will run on Edge TPU" in line]
        told = max([told, rows, *(int(n) for line in runs for n in re.findall(r"\d{1,9}", line))])
    return told


def _check(count: int, seed: int) -> tuple[int, int]:
    """Read mutated logs; returns how many were refused, and how many told what was mapped."""
    rng = random.Random(seed)  # noqa: S311  reproducible damage
    refused = told = 0
    for _ in range(count):
        output, table = (_mutate(text, rng) for text in rng.choice(OWN + REAL))
        classify(output)
        try:
            log = parse_log(output, table)
        except CompileLogError:
            refused += 1
            continue
        told += log.ops_mapped is not None
        most = _most_told(output, table)
        assert (log.ops_mapped or 0) <= most, (output, table)
        if log.ops_total is not None and log.ops_mapped is not None:
            assert log.ops_mapped <= log.ops_total
        placed = placement_as_told(NETWORK, log)
        if placed is not None:
            mapped = sum(entry.target == "edgetpu" for entry in placed)
            assert mapped == sum(row.count for row in log.rows if row.is_mapped)
    return refused, told


def test_damaged_logs_never_tell_more_than_they_were_told() -> None:
    refused, told = _check(500, seed=0)
    assert refused > 25, "contradictions are found"
    assert told > 100, "and most damage leaves something to read"


@pytest.mark.slow
def test_ten_thousand_damaged_logs_never_tell_more_than_they_were_told() -> None:
    refused, told = _check(10_000, seed=1)
    assert refused > 500
    assert told > 2_000


@pytest.mark.parametrize("length", [1 << 20])
def test_long_lines_take_no_time(length: int) -> None:
    for text in (" " * length, "Edge TPU Compiler version " * (length // 26), "1" * length):
        assert parse_log(f"Operator Count Status\n{text}\n", text).ops_mapped is None
