"""Profiles: written, read, and nothing taken on trust."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from nas.calibrating.profile import (
    Profile,
    Residual,
    calibrated,
    constants_of,
    folded,
    profile_path,
    read_profile,
    write_profile,
)
from nas.edgetpu.estimator import Estimator
from nas.errors import UserError
from tests.network.networks import five_convolutions, mobilenet_v2

PROFILE = Profile(
    "mine", "2026-11-21T12:00:00+00:00", "usb", "usb3", "desktop", 500.0, {"runtime": "14"},
    constants_of("usb3", "desktop"), {"rate.mac": 0.01}, (0.9, 1.1),
    (Residual("a", 1.0, 1.01, 0.98),),
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "edgetpu-nas" / "profiles"


def test_a_profile_is_read_as_it_was_written(folder: Path) -> None:
    write_profile(PROFILE, profile_path("mine"))
    assert read_profile("mine") == PROFILE
    assert read_profile(str(folder / "mine.json")) == PROFILE
    assert [path.name for path in folder.iterdir()] == ["mine.json"]


@pytest.mark.parametrize("host", ["desktop", "a53", "pi4"])
@pytest.mark.parametrize("link", ["pcie", "usb3", "usb2"])
def test_the_packages_constants_give_the_packages_estimates(link: Any, host: Any) -> None:
    network = mobilenet_v2()
    profile = replace(PROFILE, link=link, host=host, constants=constants_of(link, host))
    mine, package = profile.estimator().estimate(network), Estimator(link, 500.0, host)
    assert mine.latency_ms == pytest.approx(package.estimate(network).latency_ms, rel=1e-12)


def test_each_constant_changes_what_it_is_named_after() -> None:
    constants = {
        name: 2 * value for name, value in constants_of("usb3", "pi4").items()
    }  # fmt: skip
    before, after = folded("usb3", "pi4"), calibrated(constants, "usb3", "pi4")
    assert after.links["usb3"].fixed_ms == 2 * before.links["usb3"].fixed_ms
    assert after.hosts["pi4"].ms_per_gmac == 2 * before.hosts["pi4"].ms_per_gmac
    assert after.rates["tap"].ms_per_giga == 2 * before.rates["tap"].ms_per_giga
    assert after.exchange_ms == 2 * before.exchange_ms
    assert after.links["usb3"].source == "calibrated"


def test_an_estimate_has_the_profiles_interval_and_name() -> None:
    estimate = PROFILE.estimator().estimate(five_convolutions(8))
    assert estimate.latency_ms is not None
    assert estimate.latency_low_ms == pytest.approx(0.9 * estimate.latency_ms)
    assert estimate.latency_high_ms == pytest.approx(1.1 * estimate.latency_ms)
    assert estimate.as_dict()["profile"] == "mine"


@pytest.mark.parametrize("name", ["", "../mine", "a/b", ".hidden", "x" * 65, "mine\n"])
def test_a_name_stays_inside_the_folder(name: str) -> None:
    with pytest.raises(UserError, match="a name has up to 64 letters"):
        profile_path(name)


def test_a_profile_that_is_not_there_is_told_with_those_that_are(folder: Path) -> None:
    with pytest.raises(UserError, match=r"nas\.calibrate makes one"):
        read_profile("other")
    write_profile(PROFILE, profile_path("mine"))
    with pytest.raises(UserError, match="there are mine"):
        read_profile("other")
    assert folder.is_dir()


@pytest.mark.parametrize("change", [
    {"format": 2}, {"link": "usb4"}, {"host": []}, {"clock_mhz": 333.0}, {"constants": []},
    {"constants": {"link.source": 1.0}}, {"constants": {"rate.mac": "1"}},
    {"constants": {"rate.mac": 0.0}}, {"constants": {"rate.mac": float("nan")}},
    {"constants": {"rate.mac": True}}, {"spreads": {"rate.mac": -1}}, {"spreads": 7},
    {"interval": [1.1, 0.9]}, {"interval": [1.0]}, {"interval": None},
    {"residuals": []}, {"residuals": [{"network": "a"}]}, {"name": 7},
    {"residuals": [{"network": "a", "measured_ms": 0, "fitted_ms": 1, "left_out_ms": 1}]},
])  # fmt: skip
def test_a_damaged_profile_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"format": 1, **asdict(PROFILE), **change}))
    with pytest.raises(UserError, match="damaged"):
        read_profile(str(path))


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"[]", b"{}", b"[" * 100_000, b" " * (1 << 20) + b"{}"]
)
def test_what_is_no_profile_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match="damaged"):
        read_profile(str(path))
