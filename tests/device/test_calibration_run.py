"""Measuring the calibration set: what was measured is kept, and nothing else counts."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nas.calibrating.calibration_networks import CalibrationNetwork
from nas.compiler.compile_answer import CompilerAnswer
from nas.device.calibration_run import CalibrationRun, Entry, MeasurementFile
from nas.device.failures import DeviceError
from nas.device.measurement import Measurement, Policy, Status, conclude
from nas.device.measurer import Measured
from nas.device.session import Block, State
from nas.edgetpu.compilation import Compilation
from nas.errors import UserError

DATA = Path(__file__).parents[1] / "data"

NETWORKS = [CalibrationNetwork(f"test 4x4x4 conv1x{width}") for width in (1, 2, 3)]
INT8 = (DATA / "convolutional_int8.tflite").read_bytes()


def figures(median_ms: float, status: Status = "good") -> Measurement:
    block = Block((1e-3,), (median_ms / 1e3,), State())
    found = conclude([block], [], Policy(blocks=1))
    return replace(found, status=status, reason=None if status == "good" else "why")


class Board:
    """Measures what it is told to."""

    def __init__(
        self, answers: Iterable[Measurement | DeviceError], link: str = "usb 5000"
    ) -> None:
        self._answers = iter(answers)
        self.link = link

    def connect(self) -> dict[str, Any]:
        return {"link": self.link, "runtime": "14"}

    def measure(self, _: bytes) -> Measured:
        answer = next(self._answers)
        if isinstance(answer, DeviceError):
            raise answer
        return Measured(answer, "board", {}, ())


def compiled(model: bytes) -> CompilerAnswer:
    return CompilerAnswer(Compilation("yes", ""), content=b"compiled " + model[-2:])


def convert(network: CalibrationNetwork) -> bytes:
    return INT8 + network.name[-2:].encode()


def make_run(
    path: Path,
    board: Board,
    entries: list[Entry],
    compile_: Callable[[bytes], CompilerAnswer] = compiled,
) -> CalibrationRun:
    return CalibrationRun(
        convert,
        compile_,
        board,
        "usb",
        MeasurementFile(path),
        lambda _, entry: entries.append(entry),
    )


def test_a_run_goes_on_where_another_was_killed(tmp_path: Path) -> None:
    path, entries = tmp_path / "sub" / "mine.measured.jsonl", list[Entry]()
    cut = Board([figures(1.0), DeviceError("dropped", "the cable", may_pass=True)])
    with pytest.raises(DeviceError, match="the cable"):
        make_run(path, cut, entries).run(NETWORKS)
    with path.open("a") as file:
        file.write('{"network": "test 4x')  # killed in the middle of a line
    rows = make_run(path, Board([figures(2.0), figures(3.0)]), entries).run(NETWORKS)
    assert [row.measured_ms for row in rows.values()] == [1.0, 2.0, 3.0]
    assert list(rows) == [network.name for network in NETWORKS]
    again = make_run(path, Board([]), entries).run(NETWORKS)
    assert [row.measured_ms for row in again.values()] == [1.0, 2.0, 3.0], "nothing measured twice"


def test_what_is_not_good_is_told_and_measured_again(tmp_path: Path) -> None:
    path, entries = tmp_path / "mine.jsonl", list[Entry]()
    board = Board([
        figures(1.0), figures(2.0, "throttled"), DeviceError("crash", "twice", may_pass=False)
    ])  # fmt: skip
    assert len(make_run(path, board, entries).run(NETWORKS)) == 1
    assert [entry.status for entry in entries] == ["good", "throttled", "crash"]
    rows = make_run(path, Board([figures(2.1), figures(3.1)]), entries).run(NETWORKS)
    assert [row.measured_ms for row in rows.values()] == [1.0, 2.1, 3.1]


def test_measurements_over_another_link_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    make_run(path, Board(map(figures, (1.0, 2.0, 3.0))), []).run(NETWORKS)
    slow = Board(map(figures, (4.0, 5.0, 6.0)), link="usb 480")
    rows = make_run(path, slow, []).run(NETWORKS)
    assert [row.measured_ms for row in rows.values()] == [4.0, 5.0, 6.0]


def test_a_network_that_is_not_compiled_is_left_out(tmp_path: Path) -> None:
    def refuse_second(model: bytes) -> CompilerAnswer:
        refused = CompilerAnswer(Compilation("no", "too large"))
        return refused if model.endswith(b"x2") else compiled(model)

    entries: list[Entry] = []
    board = Board(map(figures, (1.0, 3.0)))
    rows = make_run(tmp_path / "mine.jsonl", board, entries, refuse_second).run(NETWORKS)
    assert [row.measured_ms for row in rows.values()] == [1.0, 3.0]
    assert (entries[1].status, entries[1].reason) == ("not compiled", "too large")


@pytest.mark.parametrize("content", ["[]\n", "nonsense\n", '{"network": 1}\n', "7\n"])
def test_another_file_is_refused_and_kept(content: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(content)
    with pytest.raises(UserError, match="holds no measurements"):
        MeasurementFile(path)
    assert path.read_text() == content
