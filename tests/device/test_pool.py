"""The pool by itself, with devices and compilers that do as they are told."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from nas.compiler.compile_answer import CompilerAnswer
from nas.device.failures import DeviceError, FailureKind
from nas.device.measurement import Policy, conclude
from nas.device.measurer import Measured
from nas.device.pool import FAILED, LOST, Device, DevicePool, Outcome
from nas.device.power import Energy
from nas.device.session import Block, State
from nas.edgetpu.compilation import Compilation


class Scripted:
    """A device that takes as many milliseconds as a model says, unless it is to fail."""

    def __init__(
        self,
        fails: Callable[[bytes], FailureKind | None] = lambda _: None,
        energy: Energy | str | None = None,
    ) -> None:
        self.energy = energy
        self.measured: list[bytes] = []
        self.is_closed = False
        self._fails = fails

    def measure(self, model: bytes) -> Measured:
        kind = self._fails(model)
        if kind is not None:
            raise DeviceError(kind, f"it {kind}", may_pass=True)
        self.measured.append(model)
        block = Block((1.0,), (int(model.split()[-1]) / 1e3,) * 5, State())
        figures = conclude([block] * 6, [], Policy())
        return Measured(figures, "as named", {"link": "usb3"}, (), self.energy)

    def close(self) -> None:
        self.is_closed = True


def compiled(model: bytes) -> CompilerAnswer:
    if model.startswith(b"refused"):
        return CompilerAnswer(Compilation("no", "nothing can be mapped"))
    if model.startswith(b"strange"):
        raise ValueError("a compiler\nfrom hell")
    return CompilerAnswer(Compilation("yes", ""), content=b"compiled " + model)


@contextmanager
def pool_of(devices: Mapping[str, Device], given_up_after: int = 3) -> Iterator[DevicePool]:
    pool = DevicePool(devices, compiled, given_up_after)
    yield pool
    pool.close()


def ended(pool: DevicePool) -> list[Outcome]:
    """Wait until nothing is at work; return what became of it."""
    outcomes: list[Outcome] = []
    deadline = time.monotonic() + 10
    while not pool.is_idle:
        assert time.monotonic() < deadline
        outcomes += pool.take_outcomes()
        time.sleep(0.001)
    return outcomes


def test_a_model_is_compiled_measured_and_tagged_with_its_device() -> None:
    device = Scripted()
    with pool_of({"usb:1": device}) as pool:
        pool.submit("a", b"7")
        assert not pool.has_room
        (outcome,) = ended(pool)
    assert (outcome.key, outcome.device, outcome.status) == ("a", "usb:1", "good")
    assert outcome.figures["median_ms"] == pytest.approx(7)
    assert outcome.figures["count"] == 30
    assert outcome.facts == {"link": "usb3"}
    assert device.measured == [b"compiled 7"]
    assert device.is_closed


@pytest.mark.parametrize(("energy", "told"), [
    (None, {}), ("no such power sensor", {"reason": "no such power sensor"}),
    (Energy(3.5, 2.0, "ina219"), {"energy_mj": 3.5, "power_w": 2.0, "source": "ina219"}),
])  # fmt: skip
def test_energy_is_told_or_why_there_is_none(
    energy: Energy | str | None, told: Mapping[str, Any]
) -> None:
    with pool_of({"usb": Scripted(energy=energy)}) as pool:
        pool.submit("a", b"7")
        (outcome,) = ended(pool)
    assert outcome.energy == told


def test_a_slow_device_holds_up_nobody() -> None:
    ready = threading.Event()

    def waits(_model: bytes) -> None:
        ready.wait(10)

    slow, fast = Scripted(waits), Scripted()
    with pool_of({"slow": slow, "fast": fast}) as pool:
        pool.submit("first", b"1")
        done = 0
        deadline = time.monotonic() + 10
        while done < 20:
            assert time.monotonic() < deadline
            if pool.has_room:
                pool.submit(f"more {done}", b"2")
            done += len(pool.take_outcomes())
        assert len(fast.measured) == 20
        assert slow.measured == []
        ready.set()
        ended(pool)


def test_with_many_faults_nothing_is_lost_or_mislabelled() -> None:
    draw = random.Random(0)  # noqa: S311
    kinds: list[FailureKind | None] = ["dropped", "garbage", "busy", *[None] * 6]
    devices = {name: Scripted(lambda _: draw.choice(kinds)) for name in ("one", "two", "three")}
    left = {f"{number}": b"%d" % number for number in range(1, 301)}
    good: dict[str, Outcome] = {}
    lost = 0
    deadline = time.monotonic() + 30
    with pool_of(devices, given_up_after=50) as pool:
        while left or not pool.is_idle:
            assert time.monotonic() < deadline
            while left and pool.has_room:
                pool.submit(*left.popitem())
            for outcome in pool.take_outcomes():
                if outcome.status == LOST:
                    lost += 1
                    left[outcome.key] = outcome.key.encode()
                else:
                    assert outcome.key not in good
                    good[outcome.key] = outcome
    assert lost > 30
    assert len(good) == 300
    for key, outcome in good.items():
        assert outcome.figures["median_ms"] == pytest.approx(int(key))
        assert b"compiled " + key.encode() in devices[str(outcome.device)].measured


def test_a_device_that_fails_is_given_up_and_the_others_go_on() -> None:
    broken, whole = Scripted(lambda _: "dropped"), Scripted()
    with pool_of({"broken": broken}, 2) as pool:
        for _ in range(2):
            pool.submit("a", b"1")
            (outcome,) = ended(pool)
            assert (outcome.device, outcome.status, outcome.reason) == (
                "broken",
                LOST,
                "it dropped",
            )
        wait_until(lambda: not pool.take_outcomes() and pool.is_lost)
        assert pool.take_given_up() == ["broken is given up after 2 failures in a row"]
        assert pool.take_given_up() == []
        assert not pool.has_room
    assert broken.is_closed
    with pool_of({"broken": broken, "whole": whole}, 1) as pool:
        for number in range(20):
            wait_until(lambda: not pool.take_outcomes() and pool.has_room)
            pool.submit("a", b"%d" % number)
            ended(pool)
        assert not pool.is_lost
        assert len(whole.measured) >= 19


def test_what_no_device_has_begun_when_the_last_is_lost_comes_back() -> None:
    with pool_of({"broken": Scripted(lambda _: "refused")}, 1) as pool:
        pool.submit("a", b"1")
        pool.submit("b", b"2")
        outcomes = {outcome.key: outcome for outcome in ended(pool)}
    assert outcomes["b"].status == LOST
    assert outcomes["b"].device is None
    assert outcomes["b"].reason == "no device is left"


def test_a_success_between_failures_keeps_a_device() -> None:
    script: list[FailureKind | None] = ["dropped", "dropped", None]
    answers = iter(script * 5)
    with pool_of({"flaky": Scripted(lambda _: next(answers))}, 3) as pool:
        for _ in range(15):
            pool.submit("a", b"1")
            ended(pool)
        assert not pool.is_lost


@pytest.mark.parametrize(("model", "reason"), [
    (b"refused 1", "nothing can be mapped"), (b"strange 1", "ValueError: a compiler from hell"),
])  # fmt: skip
def test_a_network_that_does_not_compile_is_not_the_devices_fault(
    model: bytes, reason: str
) -> None:
    with pool_of({"usb": Scripted()}, 1) as pool:
        pool.submit("a", model)
        (outcome,) = ended(pool)
        assert (outcome.device, outcome.status, outcome.reason) == (None, FAILED, reason)
        assert not pool.is_lost


@pytest.mark.parametrize("kind", ["model", "crash", "hang"])
def test_what_kills_the_runtime_is_the_models_fault_and_counts_against_the_device(
    kind: FailureKind,
) -> None:
    with pool_of({"usb": Scripted(lambda _: kind)}, 1) as pool:
        pool.submit("a", b"1")
        (outcome,) = ended(pool)
        assert (outcome.device, outcome.status) == ("usb", FAILED)
        wait_until(lambda: not pool.take_outcomes() and pool.is_lost)


def test_closing_does_not_wait_for_a_device_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nas.device.pool.CLOSING_S", 0.05)
    ready = threading.Event()

    def hangs(_model: bytes) -> None:
        ready.wait(10)

    started = time.monotonic()
    with pool_of({"usb": Scripted(hangs)}) as pool:
        pool.submit("a", b"1")
    assert time.monotonic() - started < 5
    ready.set()


def wait_until(is_so: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.001)
