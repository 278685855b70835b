"""The agent behind a real ssh server, in a Python that does not know this project."""

import importlib.util
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nas.device.failures import DeviceError
from nas.device.measurement import Policy
from nas.device.measurer import Measured, Measurer, open_measurer
from nas.device.session import BOOTSTRAP, AgentOptions, AgentSession, BlockSettings, Limits
from nas.device.ssh import SshAddress, parse_address, ssh_command
from nas.errors import UserError
from tests.device.sshd import HOST_ALIAS, Sshd, cut_connection, has_ended
from tests.device.stub_models import stub_model

ONE = BlockSettings(block_s=0, least=1, warmup_most=1)
BRIEF = Policy(blocks=1, reruns=0, block=ONE)


@pytest.mark.parametrize(("text", "expected"), [
    ("ssh://mendel@board", SshAddress("board", "mendel")),
    ("ssh://board", SshAddress("board")),
    ("ssh://pi@10.0.0.7:2222/", SshAddress("10.0.0.7", "pi", 2222)),
    ("ssh://pi@[fe80::1]:22", SshAddress("fe80::1", "pi", 22)),
    ("ssh://board?device=usb:1&python=/home/pi/coral/bin/python",
     SshAddress("board", device="usb:1", python="/home/pi/coral/bin/python")),
])  # fmt: skip
def test_an_address_is_read(text: str, expected: SshAddress) -> None:
    assert parse_address(text) == expected


@pytest.mark.parametrize("text", [
    "ssh://", "ssh://@board", "http://board", "ssh://pi@-oProxyCommand=reboot", "ssh://-l@board",
    "ssh://pi@board;reboot", "ssh://pi@bo ard", "ssh://pi:secret@board",
    "ssh://board/bin/python", "ssh://board#x", "ssh://board?python=python3;reboot",
    "ssh://board:0", "ssh://board:65536", "ssh://board?python=$(reboot)", "ssh://board?python=-V", "ssh://board?python=",
    "ssh://board?color=red", "ssh://board?device=usb:1;reboot", "ssh://$(reboot)@board",
    "ssh://board\n", "ssh://board?device=usb&&", "ssh://board?python=~root/x", "ssh://pi@board`reboot`",
])  # fmt: skip
def test_what_a_shell_or_ssh_could_take_for_something_else_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="device "):
        parse_address(text)


def test_a_device_is_opened_by_its_name() -> None:
    open_measurer("usb:1").close()
    open_measurer("ssh://pi@board?device=usb:1").close()
    with pytest.raises(UserError, match="name it usb"):
        open_measurer("tpu")


def test_the_command_holds_nothing_but_the_address() -> None:
    command = ssh_command(SshAddress("board", "pi", 2222, "usb:1", "/opt/python3"))
    assert command[:2] == ["ssh", "-T"]
    assert command[-7:] == [
        "-l", "pi", "-p", "2222", "--", "board", f"exec /opt/python3 -c '{BOOTSTRAP}'",
    ]  # fmt: skip
    assert "BatchMode=yes" in command
    assert "StrictHostKeyChecking=yes" in command
    assert "'" not in BOOTSTRAP


@pytest.fixture(scope="module")
def board_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Another Python's path, with NumPy and an interpreter only."""
    folder = tmp_path_factory.mktemp("board") / "python"
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=60
    )
    (packages,) = folder.glob("lib/python*/site-packages")
    names = ("tflite_runtime", "ai_edge_litert")
    specs = (importlib.util.find_spec(name) for name in ("numpy", *names))
    places = [Path(str(spec.origin)).parent for spec in specs if spec is not None and spec.origin]
    for place in places[:2]:
        (packages / place.name).symlink_to(place)
    libraries = places[0].with_name("numpy.libs")
    if libraries.exists():
        (packages / "numpy.libs").symlink_to(libraries)
    python = str(folder / "bin/python")
    code = "import importlib.util as i; print([n for n in ('nas', 'keras') if i.find_spec(n)])"
    found = subprocess.run([python, "-I", "-c", code], capture_output=True, check=True, timeout=60)
    assert found.stdout.strip() == b"[]"
    return python


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    (tmp_path / "sshd").mkdir()
    server = Sshd(tmp_path / "sshd")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def options(stub_library: str, tmp_path: Path) -> AgentOptions:
    return AgentOptions(library=stub_library, folder=str(tmp_path / "models"))


@pytest.fixture
def command(sshd: Sshd, board_python: str) -> list[str]:
    return ssh_command(SshAddress(HOST_ALIAS, python=board_python), sshd.ssh)


def failure_of(command: list[str], options: AgentOptions) -> DeviceError:
    with pytest.raises(DeviceError) as caught:
        AgentSession(command, options, Limits(hello_s=20)).close()
    return caught.value


def test_a_model_is_measured_by_another_python(
    command: list[str], options: AgentOptions, board_python: str
) -> None:
    block = BlockSettings(block_s=0.02)
    policy = Policy(blocks=2, block=block, outlier=0.5, drift=0.5, change=9.0)
    device = Measurer("ssh://board", command, options, policy=policy)
    device.refer_to(stub_model(""))
    measured = device.measure(stub_model("delay_us=2000"))
    device.close()
    assert measured.figures.is_good, measured.figures.reason
    assert measured.figures.q1_ms > 2.0
    assert measured.device == "ssh://board"
    assert measured.failures == ()
    assert has_ended(measured.facts["process"])
    assert Path(board_python).exists()


@pytest.mark.slow
def test_ten_megabytes_are_sent_once(command: list[str], options: AgentOptions) -> None:
    model = stub_model("large") + bytes(10_000_000)
    with AgentSession(command, options) as session:
        session.time_block(model, ONE)
        first = session.sent_bytes
        session.time_block(model, ONE)
        again = session.sent_bytes - first
    with AgentSession(command, options) as session:
        session.time_block(model, ONE)
        reconnected = session.sent_bytes
    assert 10_000_000 < first < 10_100_000
    assert again < 500
    assert reconnected < 50_000, "the agent itself, and the model's hash"


def test_a_round_trip_takes_milliseconds(command: list[str], options: AgentOptions) -> None:
    model, overheads = stub_model("delay_us=1000"), []
    with AgentSession(command, options) as session:
        for _ in range(20):
            started = time.perf_counter()
            block = session.time_block(model, ONE)
            inferences = sum(block.warmup_s) + sum(block.timed_s)
            overheads.append(1e3 * (time.perf_counter() - started - inferences))
    assert statistics.median(overheads) < 20


def connected(command: list[str], options: AgentOptions) -> tuple[Measurer, Measured]:
    """Measure once, so that the agent's process is known."""
    device = Measurer("board", command, options, policy=BRIEF, retry_after_s=[0.3] * 20)
    return device, device.measure(stub_model(""))


@pytest.mark.slow
def test_a_connection_cut_in_mid_measurement_is_survived(
    command: list[str], options: AgentOptions
) -> None:
    device, before = connected(command, options)
    agent = before.facts["process"]
    cut = threading.Timer(0.2, cut_connection, (agent,))
    cut.start()
    measured = device.measure(stub_model("delay_us=300000"))
    cut.join()
    device.close()
    assert measured.failures[0].kind == "dropped"
    assert {failure.kind for failure in measured.failures} <= {"dropped", "busy"}
    assert measured.figures.median_ms > 300
    assert measured.facts["process"] != agent
    assert has_ended(agent), "it held the device"


@pytest.mark.slow
def test_a_board_that_reboots_is_waited_for(
    command: list[str], options: AgentOptions, sshd: Sshd
) -> None:
    device, _ = connected(command, options)
    sshd.stop()
    restart = threading.Timer(1.0, sshd.start)
    restart.start()
    measured = device.measure(stub_model("delay_us=1000"))
    restart.join()
    device.close()
    assert len(measured.failures) > 1
    assert {failure.kind for failure in measured.failures} == {"dropped"}


def test_a_board_that_stays_away_is_given_up(
    command: list[str], options: AgentOptions, sshd: Sshd
) -> None:
    sshd.stop()
    device = Measurer("ssh://board", command, options, policy=BRIEF, retry_after_s=[0.0, 0.0])
    with pytest.raises(DeviceError, match=r"^ssh://board: after 3 attempts.*refused") as caught:
        device.measure(stub_model(""))
    assert caught.value.kind == "dropped"
    assert "\n" not in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize(("words", "kind"), [("does=crash", "crash"), ("does=hang", "hang")])
def test_a_runtime_that_dies_on_the_board_is_told_apart(
    words: str, kind: str, command: list[str], options: AgentOptions
) -> None:
    limits = Limits(block_s=0.5)
    with AgentSession(command, options, limits) as session:
        with pytest.raises(DeviceError) as caught:
            session.time_block(stub_model(words), ONE)
        assert caught.value.kind == kind
        assert has_ended(session.facts["process"]), "the device is free again"


def test_an_unknown_host_key_is_refused_whatever_the_configuration_says(
    command: list[str], options: AgentOptions, sshd: Sshd
) -> None:
    assert "StrictHostKeyChecking no" in sshd.config.read_text()
    sshd.trust_host(trusted=False)
    failure = failure_of(command, options)
    assert failure.kind == "refused"
    assert not failure.may_pass
    assert "connect once by hand" in str(failure)


def test_a_key_that_is_not_accepted_is_told(
    command: list[str], options: AgentOptions, sshd: Sshd
) -> None:
    sshd.refuse_key()
    failure = failure_of(command, options)
    assert (failure.kind, failure.may_pass) == ("refused", False)
    assert "ssh-copy-id" in str(failure)


def test_a_host_that_does_not_exist_is_told(sshd: Sshd, options: AgentOptions) -> None:
    failure = failure_of(ssh_command(SshAddress("board.invalid"), sshd.ssh), options)
    assert (failure.kind, failure.may_pass) == ("refused", False), failure


def test_a_board_without_python_is_told(sshd: Sshd, options: AgentOptions) -> None:
    command = ssh_command(SshAddress(HOST_ALIAS, python="/no/python3"), sshd.ssh)
    failure = failure_of(command, options)
    assert (failure.kind, failure.may_pass) == ("refused", False)
    assert "name it with ?python=" in str(failure)


def test_a_login_that_prints_is_skipped(
    command: list[str], options: AgentOptions, sshd: Sshd
) -> None:
    sshd.accept_key(
        r'command="echo Welcome; echo to the board >&2; eval \"$SSH_ORIGINAL_COMMAND\""'
    )
    with AgentSession(command, options) as session:
        assert session.time_block(stub_model(""), ONE).timed_s


def test_a_board_without_numpy_or_interpreter_is_told(
    sshd: Sshd, options: AgentOptions, tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    command = ssh_command(SshAddress(HOST_ALIAS, python=str(bare / "bin/python")), sshd.ssh)
    failure = failure_of(command, options)
    assert (failure.kind, failure.may_pass) == ("refused", False)
    assert "no TFLite interpreter is installed" in str(failure)
