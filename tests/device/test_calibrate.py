"""``nas.calibrate`` from the command line to a profile that the estimator uses."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import nas.calibrate
import nas.estimate
from nas.bench import convert
from nas.calibrate import host_of, link_of, render_profile
from nas.calibrating.calibration_networks import NETWORKS, REFERENCE
from nas.calibrating.fitting import Setup, prepare
from nas.calibrating.profile import calibrated, constants_of, read_profile
from nas.command import EXIT_DONE, EXIT_FAILED
from nas.device.measurement import Policy
from nas.device.measurer import Measurer
from nas.device.session import AgentOptions, BlockSettings, local_command
from nas.errors import UserError
from nas.network.tflite import parse_network
from tests.calibrating.test_profile import PROFILE
from tests.compiler.compiler_output import write_stub
from tests.device.stub_models import stub_model

SOME = NETWORKS[::4]
SETUP = Setup("usb3", "desktop")
TRUTH = {name: 2 * value for name, value in constants_of("usb3", "desktop").items()}
POLICY = Policy(
    blocks=1,
    reruns=0,
    drift=9.0,
    change=9.0,
    block=BlockSettings(block_s=0, least=9, warmup_most=2),
)
"""Whatever else runs on this host, the measurement is called good."""


@pytest.mark.parametrize(("told", "link"), [
    ("usb 480 Mbit/s", "usb2"), ("usb 5000 Mbit/s", "usb3"), ("usb 10000 Mbit/s", "usb3"),
    ("pci 5.0 GT/s PCIe x1", "pcie"),
])  # fmt: skip
def test_the_link_is_what_the_system_tells(told: str, link: str) -> None:
    assert link_of(told) == link


@pytest.mark.parametrize("told", [None, "", "usb", "usb fast", "thunderbolt 3"])
def test_an_unknown_link_is_asked_for(told: str | None) -> None:
    with pytest.raises(UserError, match="--link"):
        link_of(told)


@pytest.mark.parametrize(("told", "host"), [
    ("green-wasp (Freescale i.MX8MQ Phanbell)", "a53"), ("pi (Raspberry Pi 4 Model B)", "pi4"),
    ("farm (x86_64)", "desktop"), (None, "desktop"), ("board (aarch64)", "a53"),
])  # fmt: skip
def test_the_host_is_the_one_most_like_it(told: str | None, host: str) -> None:
    assert host_of(told) == host


def test_without_a_compiler_the_remedy_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="sudo apt-get install edgetpu-compiler"):
        nas.calibrate.main(["--device", "usb"])


def test_without_a_device_the_remedy_is_told(tmp_path: Path) -> None:
    compiler = write_stub(tmp_path, "")
    words = ["--device", "ssh://nobody@127.0.0.1:1", "--compiler", str(compiler)]
    with pytest.raises(UserError, match=r"ssh://nobody@127\.0\.0\.1:1: .*(ssh|openssh)"):
        nas.calibrate.main(words)


@pytest.mark.parametrize("words", [["--device", "nonsense"], ["--device", "usb", "--name", "../x"]])
def test_nonsense_is_refused_at_once(words: list[str], tmp_path: Path) -> None:
    compiler = write_stub(tmp_path, "")
    with pytest.raises(UserError):
        nas.calibrate.main([*words, "--compiler", str(compiler)])


class Bench:
    """Everything real but the chip and the compiler."""

    def __init__(self, folder: Path, library: str, models: Mapping[str, bytes]) -> None:
        self.options = AgentOptions(library=library, folder=str(folder / "board"))
        self.answers = folder / "answers"
        self.answers.mkdir()
        self.models = models
        calibration = calibrated(TRUTH, SETUP.link, SETUP.host)
        for content in self.models.values():
            network = prepare(parse_network(content))
            delay_us = 1e3 * network.latency_ms(calibration, SETUP)
            compiled = stub_model(f"delay_us={delay_us:.0f}")
            (self.answers / hashlib.sha256(content).hexdigest()).write_bytes(compiled)
        self.compiler = write_stub(
            folder,
            "import hashlib\n"
            "name = hashlib.sha256(open('model.tflite', 'rb').read()).hexdigest()\n"
            f"compiled = open({str(self.answers)!r} + '/' + name, 'rb').read()\n"
            "write('model_edgetpu.tflite', compiled)\n",
        )

    def open(self, names: list[str]) -> dict[str, Measurer]:
        (name,) = names
        return {name: Measurer(name, local_command(), self.options, policy=POLICY)}

    def run(self, *words: str) -> int:
        setup = ["--link", "usb3", "--host", "desktop"]
        options = ["--device", "usb", "--compiler", str(self.compiler), *setup, *words]
        return nas.calibrate.main(options)


@pytest.fixture(scope="module")
def models() -> Mapping[str, bytes]:
    """The converted calibration networks by name."""
    return {network.name: convert(network) for network in (*SOME, REFERENCE)}


@pytest.fixture
def bench(
    stub_library: str,
    models: Mapping[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Bench:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = Bench(tmp_path, stub_library, models)
    monkeypatch.setattr(nas.calibrate, "NETWORKS", SOME)
    monkeypatch.setattr(nas.calibrate, "open_devices", found.open)
    monkeypatch.setattr(nas.calibrate, "convert", lambda network: found.models[network.name])
    return found


@pytest.mark.slow
def test_a_device_twice_as_slow_is_calibrated_and_its_profile_used(
    bench: Bench, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    kept = tmp_path / "config/edgetpu-nas/profiles/board.measured.jsonl"
    assert bench.run("--name", "board") == EXIT_DONE
    told = capsys.readouterr()
    assert f"{len(SOME)} of {len(SOME)}" in told.err
    assert "use it with --profile board" in told.out
    assert not kept.exists(), "all is in the profile"
    profile = read_profile("board")
    assert len(profile.residuals) == len(SOME)
    fitted = np.array([each.fitted_ms / each.measured_ms for each in profile.residuals])
    assert np.abs(fitted - 1).mean() < 0.1
    rate = profile.constants["link.input_mb_per_s"] / TRUTH["link.input_mb_per_s"]
    assert rate == pytest.approx(1.0, rel=0.1), "streaming takes long enough to be seen"

    model = tmp_path / "model.tflite"
    model.write_bytes(bench.models[SOME[-1].name])
    assert nas.estimate.main([str(model), "--profile", "board", "--json"]) == EXIT_DONE
    estimate = json.loads(capsys.readouterr().out)
    truth = prepare(parse_network(model.read_bytes())).latency_ms(
        calibrated(TRUTH, SETUP.link, SETUP.host), SETUP
    )
    assert estimate["latency_ms"] == pytest.approx(truth, rel=0.25)
    assert estimate["profile"] == "board"


@pytest.mark.slow
def test_too_few_good_measurements_make_no_profile_and_are_kept(
    bench: Bench, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for answer in sorted(bench.answers.iterdir())[::2]:
        answer.unlink()
    assert bench.run("--name", "half") == EXIT_FAILED
    assert "75% are needed" in capsys.readouterr().err
    folder = tmp_path / "config/edgetpu-nas/profiles"
    assert [path.name for path in folder.iterdir()] == ["half.measured.jsonl"]


def test_the_page_says_which_constants_are_the_packages() -> None:
    constants = {**constants_of("usb3", "desktop"), "link.fixed_ms": 0.5}
    del constants["rate.weight_byte"]
    profile = replace(PROFILE, constants=constants, spreads=dict.fromkeys(constants, 0.02))
    rows = {line.split()[0]: line for line in render_profile(profile, Path("mine.json")).split("\n")
            if line.strip()}  # fmt: skip
    assert rows["link.fixed_ms"].split() == ["link.fixed_ms", "0.287", "0.5", "±", "2%"]
    assert rows["rate.weight_byte"].endswith("5.55           -   not told by these networks: "
                                             "the package's")  # fmt: skip


def test_a_profile_excludes_what_it_tells_itself() -> None:
    with pytest.raises(UserError, match="leave out what else tells them"):
        nas.estimate.main(["model.tflite", "--profile", "mine", "--link", "usb2"])
