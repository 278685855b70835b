"""Opening what a search measures with: the reference model and power sensors."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nas.bench import open_bench
from nas.calibrating.calibration_networks import CalibrationNetwork
from nas.device.measurement import Policy
from nas.device.pool import DevicePool, Outcome
from nas.device.session import BlockSettings
from nas.errors import CandidateError, UserError
from nas.records.run import Settings
from tests.compiler.compiler_output import write_stub
from tests.device.searching import COMPILER, DELAYED
from tests.device.stub_models import stub_model

INT8 = (Path(__file__).parents[1] / "data" / "convolutional_int8.tflite").read_bytes()
ESTIMATED = "energy is estimated, not measured: "
UNSEEN = "drift from one candidate to the next is not seen: "
BRIEF = Policy(
    blocks=2, reruns=0, drift=9.0, change=9.0, outlier=9.0,
    block=BlockSettings(block_s=0.05, least=3, warmup_most=2),
)  # fmt: skip


@pytest.fixture(autouse=True)
def folder(machine: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What this process finds: a compiler and two devices; converting needs no TensorFlow."""
    for name, value in machine.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("nas.bench.convert", lambda _: INT8)
    monkeypatch.setattr("nas.device.measurer.Policy", lambda: BRIEF)
    return tmp_path / "machine"


@contextmanager
def opened(**settings: str) -> Iterator[tuple[DevicePool, list[str]]]:
    bench, notes = open_bench(Settings(**settings))  # type: ignore[arg-type]
    assert bench is not None
    try:
        yield bench, notes
    finally:
        bench.close()


def measured(bench: DevicePool) -> Outcome:
    bench.submit("a", INT8 + b"of another length")
    deadline = time.monotonic() + 20
    while not (outcomes := bench.take_outcomes()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    (outcome,) = outcomes
    return outcome


def test_the_reference_is_measured_first_and_beside_every_model() -> None:
    with opened(device="usb") as (bench, notes):
        assert notes == [f"usb: {ESTIMATED}no such power sensor; there is none"]
        outcome = measured(bench)
    assert outcome.status == "good", outcome.reason
    assert outcome.figures["reference_ms"] >= int(len(INT8) ** 0.5) / 10
    change = outcome.figures["reference_change"]
    assert change is not None
    assert abs(change) < 9
    assert outcome.energy == {}


def test_without_a_reference_measuring_goes_on_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: CalibrationNetwork) -> bytes:
        raise CandidateError("no converter")

    monkeypatch.setattr("nas.bench.convert", fail)
    with opened(device="usb") as (bench, notes):
        assert notes[1:] == [f"{UNSEEN}no converter"]
        assert measured(bench).figures["reference_ms"] is None


def test_a_reference_that_kills_the_runtime_is_told(folder: Path) -> None:
    crashing = stub_model("does=crash")
    write_stub(folder, COMPILER.replace(repr(DELAYED), repr(crashing)))
    with opened(device="usb") as (_, notes):
        assert notes[1].startswith(f"usb: {UNSEEN}no reference model: usb: after 2 attempts, the")


def test_a_meter_that_covers_the_measurement_gives_its_energy(tmp_path: Path) -> None:
    path, now = tmp_path / "log.csv", time.time()
    lines = [f"{now + 0.005 * number},2.0\n" for number in range(-1000, 20_000)]
    path.write_text("time,power_w\n" + "".join(lines))
    with opened(device="usb", power=str(path)) as (bench, notes):
        assert notes == []
        outcome = measured(bench)
    assert outcome.energy["power_w"] == pytest.approx(2.0, rel=1e-3)
    expected = outcome.energy["power_w"] * outcome.figures["median_ms"]
    assert outcome.energy["energy_mj"] == pytest.approx(expected, rel=0.3)
    assert outcome.energy["source"] == f"{path}, all it sees, idle included"


@pytest.mark.parametrize(("device", "power", "message"), [
    ("usb", "ina219", "^power 'ina219' of device usb: no such power sensor; there is none$"),
    ("usb", "none.csv", "^power 'none.csv' of device usb: none.csv is no power log"),
    ("usb:0,usb:1", "ina219", "cannot tell several devices apart: name one device"),
    ("usb,ssh://pi@board", "log.csv", "cannot tell several devices apart: name one device"),
])  # fmt: skip
def test_a_power_sensor_that_was_named_has_to_tell_something(
    device: str, power: str, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        open_bench(Settings(device=device, power=power))


def test_with_several_devices_at_a_host_energy_is_estimated() -> None:
    with opened(device="usb:0,usb:1") as (_, notes):
        assert notes == [f"{ESTIMATED}one power sensor cannot tell several devices apart"]
