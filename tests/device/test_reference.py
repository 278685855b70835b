"""The reference model: what is said where it cannot tell anything."""

from dataclasses import replace

import pytest

from nas.compiler.compile_answer import CompilerAnswer
from nas.device.failures import DeviceError
from nas.device.measurement import Policy, Status, conclude
from nas.device.measurer import Measured
from nas.device.reference import give_reference
from nas.device.session import Block, State
from nas.edgetpu.compilation import Compilation

ANSWER = CompilerAnswer(Compilation("yes", ""), content=b"compiled")
GOOD = conclude([Block((1e-3,), (1e-3,), State())], [], Policy(blocks=1))


class Board:
    """Measures the reference model, or fails."""

    def __init__(self, status: Status | None) -> None:
        self.status = status
        self.given: list[bytes] = []

    def refer_to(self, model: bytes) -> Measured:
        self.given.append(model)
        if self.status is None:
            raise DeviceError("dropped", "the cable", may_pass=True)
        return Measured(replace(GOOD, status=self.status, reason="too hot"), "board", {}, ())


@pytest.mark.parametrize(("status", "problem"), [
    ("good", None), ("throttled", "the reference model is throttled: too hot"),
    (None, "no reference model: the cable"),
])  # fmt: skip
def test_a_device_is_given_the_reference_and_a_problem_is_told(
    status: Status | None, problem: str | None
) -> None:
    board = Board(status)
    assert give_reference(board, ANSWER) == problem
    assert board.given == [b"compiled"]


def test_one_that_does_not_compile_is_told_and_not_measured() -> None:
    board = Board("good")
    answer = CompilerAnswer(Compilation("no", "too old a compiler"))
    assert give_reference(board, answer) == "no reference model: too old a compiler"
    assert board.given == []
