"""Power sensors: what is found, what is integrated, and what is not made up."""

import ast
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from nas.device import power_sampler
from nas.device.failures import DeviceError
from nas.device.measurement import Policy
from nas.device.measurer import Measurer
from nas.device.power import (
    Energy,
    MeterLog,
    PowerError,
    PowerTrace,
    Sensor,
    energy_of,
    open_power,
)
from nas.device.power_sampler import choose, find_sensors
from nas.device.session import AgentOptions, Block, BlockSettings, State, local_command
from tests.device.stub_models import stub_model


def write_chip(root: Path, number: int, name: str, **files: int | str) -> None:
    folder = root / f"sys/class/hwmon/hwmon{number}"
    folder.mkdir(parents=True)
    (folder / "name").write_text(name + "\n")
    for file, value in files.items():
        (folder / file).write_text(f"{value}\n")


def block(end_s: float, *times_s: float) -> Block:
    return Block((1.0,), times_s, State(ended_s=end_s))


def trace(*samples: tuple[float, float]) -> PowerTrace:
    times, watts = np.array(samples, float).reshape(-1, 2).T
    return PowerTrace(times, watts, "meter")


def test_sensors_of_every_kind_are_found_with_their_units(tmp_path: Path) -> None:
    write_chip(tmp_path, 0, "coretemp", temp1_input=40000)
    write_chip(tmp_path, 1, "ina219", power1_input=2_500_000, in1_input=5000, curr1_input=499)
    write_chip(tmp_path, 2, "ina3221", in1_input=5000, curr1_input=400, in1_label="VDD_5V",
               in2_input=3300)  # fmt: skip
    write_chip(tmp_path, 3, "ina226", power1_input="garbage")
    found = {sensor.words: sensor.watts() for sensor in find_sensors(tmp_path)}
    assert found == {"ina219 at hwmon1:1": 2.5, "ina3221 VDD_5V at hwmon2:1": 2.0}


def test_the_only_ina_chip_is_taken_and_of_several_one_is_named(tmp_path: Path) -> None:
    write_chip(tmp_path, 1, "amdgpu", power1_input=9_000_000)
    with pytest.raises(LookupError, match="no such power sensor; there is amdgpu at hwmon1:1"):
        choose(find_sensors(tmp_path), "")
    write_chip(tmp_path, 2, "ina219", power1_input=1)
    assert choose(find_sensors(tmp_path), "").name == "hwmon2:1"
    assert choose(find_sensors(tmp_path), "amdgpu").name == "hwmon1:1"
    write_chip(tmp_path, 3, "ina226", power1_input=1)
    with pytest.raises(LookupError, match="several power sensors fit"):
        choose(find_sensors(tmp_path), "")
    assert choose(find_sensors(tmp_path), "hwmon3:1").chip == "ina226"


def test_energy_is_power_over_the_blocks_alone() -> None:
    # 2 W, 4 W in the block from 10 to 12 s, in which four inferences were timed.
    samples = [(t / 10, 4.0 if 100 <= t <= 120 else 2.0) for t in range(50, 200)]
    energy = energy_of(trace(*samples), [block(12.0, 0.5, 0.5, 0.5, 0.5)])
    assert energy.energy_mj == pytest.approx(4.0 * 2.0 / 4 * 1e3, rel=1e-9)
    assert energy.power_w == pytest.approx(4.0)
    assert energy.source == "meter, all it sees, idle included"


def test_a_ramp_between_samples_is_integrated_exactly() -> None:
    ramp = trace(*((t, 3.0 * t) for t in range(11)))
    energy = energy_of(ramp, [block(8.25, 6.0)])
    assert energy.energy_mj == pytest.approx(1e3 * 1.5 * (8.25**2 - 2.25**2))


def test_the_date_does_not_round_the_length_of_a_short_block() -> None:
    today = 1_796_112_382.1083064
    steady = trace(*((today + t / 100, 2.0) for t in range(100)))
    for late in np.linspace(0.3, 0.9, 20):
        energy = energy_of(steady, [block(today + late, *[0.0123456789] * 10)])
        assert energy.power_w == pytest.approx(2.0, rel=1e-12)


@pytest.mark.parametrize(("samples", "message"), [
    ([], "did not record all the time"),
    ([(10.5, 1.0), (11.0, 1.0), (11.5, 1.0), (13.0, 1.0)], "did not record all the time"),
    ([(9.0, 1.0), (11.0, 1.0), (11.5, 1.0), (11.9, 1.0)], "did not record all the time"),
    ([(9.0, 1.0), (11.0, 1.0), (11.5, 1.0), (12.9, 1.0)], "has 2 samples in a block of 2.00 s"),
])  # fmt: skip
def test_a_trace_that_does_not_cover_a_block_gives_no_energy(
    samples: list[tuple[float, float]], message: str
) -> None:
    with pytest.raises(PowerError, match=message):
        energy_of(trace(*samples), [block(12.0, 1.0, 1.0)])


def test_a_meters_log_is_read_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("time,voltage_v,current_a\n2126-11-21T12:00:00+00:00,5.0,0.5\n"
                    "4950936001,5.0,1.0\n4950936002,5.")  # fmt: skip
    found = MeterLog(path).stop()
    assert found.times.tolist() == [4950936000.0, 4950936001.0]
    assert found.watts.tolist() == [2.5, 5.0]
    assert found.source == str(path)


@pytest.mark.parametrize("content", [
    "seconds,power_w\n1,2\n", "time,power_w\n1,much\n", "time,power_w\n1\n", "time\n1\n",
    "\0\n", "time,power_w\nyesterday,1\n",
])  # fmt: skip
def test_another_csv_file_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(content)
    with pytest.raises(PowerError, match="is no power log"):
        MeterLog(path).stop()


def test_a_missing_log_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    power = open_power(str(tmp_path / "log.csv"), local_command())
    device = Measurer("usb", local_command(), power=power)
    with pytest.raises(PowerError, match=r"is no power log .*No such file"):
        device.try_power()
    device.try_power()  # it is not asked again


def test_of_a_long_log_the_last_part_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nas.device.power._TAIL_BYTES", 100)
    path, first = tmp_path / "log.csv", 4950936000
    lines = [f"{first + second},{second % 7}\n" for second in range(1000)]
    path.write_text("time,power_w\n" + "".join(lines))
    found = MeterLog(path).stop()
    assert found.times.tolist() == [first + second for second in range(993, 1000)]
    assert found.watts.tolist() == [second % 7 for second in range(993, 1000)]


def test_a_sample_that_is_late_is_waited_for_and_one_that_does_not_come_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.csv"
    path.write_text(f"time,power_w\n{time.time() - 1},2\n")

    def write(_: float) -> None:
        with path.open("a") as file:
            file.write(f"{time.time() + 1},3\n")

    monkeypatch.setattr("nas.device.power.time.sleep", write)
    assert MeterLog(path).stop().watts.tolist() == [2.0, 3.0]
    monkeypatch.setattr("nas.device.power._LAG_S", 0.0)
    path.write_text("time,power_w\n1795262400,2\n")
    with pytest.raises(PowerError, match="has no sample of this moment"):
        MeterLog(path).stop()


def test_a_sensor_is_read_in_a_process_of_its_own(tmp_path: Path) -> None:
    write_chip(tmp_path, 1, "ina219", power1_input=1_500_000)
    sensor = Sensor(local_command(), root=str(tmp_path))
    sensor.start()
    time.sleep(0.5)
    found = sensor.stop()
    assert len(found.times) > 10
    assert set(found.watts) == {1.5}
    assert abs(found.times[-1] - time.time()) < 5
    assert found.source == "ina219 at hwmon1:1"


@pytest.mark.parametrize(("command", "message"), [
    (local_command(), "no such power sensor; there is none"),
    ([sys.executable, "-c", "print('Welcome')"], "the power sensor cannot be read"),
    ([sys.executable, "-c", "raise SystemExit('no python here')"], "no python here"),
])  # fmt: skip
def test_a_sensor_that_is_not_there_is_told(
    command: list[str], message: str, tmp_path: Path
) -> None:
    sensor = Sensor(command, root=str(tmp_path))
    sensor.start()
    with pytest.raises(PowerError, match=message):
        sensor.stop()


@pytest.fixture
def options(stub_library: str, tmp_path: Path) -> AgentOptions:
    return AgentOptions(library=stub_library, folder=str(tmp_path / "board"))


POLICY = Policy(blocks=2, reruns=0, block=BlockSettings(block_s=0.1, warmup_most=1))


def test_a_measured_model_has_the_energy_of_its_blocks(
    options: AgentOptions, tmp_path: Path
) -> None:
    write_chip(tmp_path, 1, "ina219", power1_input=2_000_000)
    board = Measurer(
        "usb", local_command(), options, policy=POLICY,
        power=Sensor(local_command(), root=str(tmp_path)),
    )  # fmt: skip
    board.refer_to(stub_model("delay_us=1000"))
    measured = board.measure(stub_model("delay_us=5000"))
    board.close()
    assert isinstance(measured.energy, Energy), measured.energy
    assert measured.energy.power_w == pytest.approx(2.0)
    assert 2.0 * 5.0 < measured.energy.energy_mj < 2.0 * 15.0, "2 W for 5 ms and a little"


def test_a_sensor_that_fails_costs_the_energy_and_nothing_else(
    options: AgentOptions, tmp_path: Path
) -> None:
    power = Sensor(local_command(), root=str(tmp_path))
    board = Measurer("usb", local_command(), options, policy=POLICY, power=power)
    measured = board.measure(stub_model("delay_us=1000"))
    board.close()
    assert measured.figures.count >= 10
    assert measured.energy == "no such power sensor; there is none"


def test_a_device_that_fails_is_what_is_told_beside_a_power_source(
    options: AgentOptions, tmp_path: Path
) -> None:
    write_chip(tmp_path, 1, "ina219", power1_input=2_000_000)
    power = Sensor(local_command(), root=str(tmp_path))
    without = AgentOptions(library="libedgetpu_of_nobody.so.1", folder=options.folder)
    board = Measurer("usb", local_command(), without, policy=POLICY, power=power)
    with pytest.raises(DeviceError, match="libedgetpu is missing"):
        board.measure(stub_model(""))
    refusing = Measurer("usb", local_command(), options, policy=POLICY, power=power,
                        retry_after_s=[])  # fmt: skip
    with pytest.raises(DeviceError, match="the board's runtime crashed"):
        refusing.measure(stub_model("does=crash"))


def test_without_a_power_source_there_is_no_energy(options: AgentOptions) -> None:
    board = Measurer("usb", local_command(), options, policy=POLICY)
    assert board.measure(stub_model("")).energy is None
    board.close()


def test_the_sampler_needs_an_old_python_and_nothing_else() -> None:
    tree = ast.parse(Path(power_sampler.__file__).read_text(), feature_version=(3, 7))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {
        name.split(".")[0]
        for node in imports
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
        )
    }
    assert names <= {"__future__", "collections", *sys.stdlib_module_names}
