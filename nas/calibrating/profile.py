"""The constants of the latency model as one user's device has them, and the file they are kept in.

A profile is for one link and one host: what a host adds to a link is part of the link's constants
here. ``nas.calibrate`` writes profiles; nothing in them is run, and all of it is checked.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from nas.edgetpu.calibration import CALIBRATION, Calibration
from nas.edgetpu.chip import CHIP, LinkName
from nas.edgetpu.estimator import Estimator
from nas.edgetpu.host import HostName
from nas.errors import UserError
from nas.json_values import convert, load

FORMAT = 1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_MAX_BYTES = 1 << 20
_MOST, _LEAST = 1e9, 1e-9
_LINK = ("fixed_ms", "input_mb_per_s", "output_mb_per_s", "streaming_setup_ms")
_HOST = ("ms_per_million_pixels", "ms_per_gmac", "ms_per_million_elements")


@dataclass(frozen=True)
class Residual:
    """How one network of the calibration set came out.

    Attributes:
        network: Its name.
        measured_ms: Its latency.
        fitted_ms: Estimated with the profile.
        left_out_ms: Estimated with constants that were fitted without it.
    """

    network: str
    measured_ms: float
    fitted_ms: float
    left_out_ms: float


@dataclass(frozen=True)
class Profile:
    """A calibrated device.

    Attributes:
        name: As it is asked for.
        date: Of the calibration, ISO 8601.
        device: As it was named.
        link: How the host reaches it.
        host: The CPU beside it.
        clock_mhz: Its clock while it was measured.
        facts: What it told about itself: interpreter, runtime, link, host.
        constants: Constants of the latency model by name, see ``constants_of``; those that the
            measurements left open are not there and stay the package's.
        spreads: How far off each may be, as a share.
        interval: Measured over estimated latency at the ends of the 80 % interval.
        residuals: One for each network.
    """

    name: str
    date: str
    device: str
    link: LinkName
    host: HostName
    clock_mhz: float
    facts: Mapping[str, Any]
    constants: Mapping[str, float]
    spreads: Mapping[str, float]
    interval: tuple[float, float]
    residuals: tuple[Residual, ...]

    @property
    def mean_error(self) -> float:
        """Mean absolute relative error of the networks, each left out of the fit."""
        errors = [abs(r.left_out_ms / r.measured_ms - 1) for r in self.residuals]
        return sum(errors) / len(errors)

    def estimator(self) -> Estimator:
        """Return the chip model with these constants."""
        calibration = calibrated(self.constants, self.link, self.host)
        return Estimator(
            self.link, self.clock_mhz, self.host, self.name, calibration, self.interval
        )


def folded(link: LinkName, host: HostName) -> Calibration:
    """Return the package's constants of one link, with what its host adds to it put into it."""
    path, cpu = CALIBRATION.links[link], CALIBRATION.hosts[host]
    bandwidth = cpu.usb3_mb_per_s if link == "usb3" else None
    whole_link = replace(
        path,
        fixed_ms=path.fixed_ms + cpu.invoke_ms,
        input_mb_per_s=bandwidth or path.input_mb_per_s,
        output_mb_per_s=path.output_mb_per_s / cpu.output_factor,
    )
    plain_cpu = replace(cpu, invoke_ms=0.0, output_factor=1.0, usb3_mb_per_s=None)
    return replace(CALIBRATION, links={link: whole_link}, hosts={host: plain_cpu})


def constants_of(link: LinkName, host: HostName) -> dict[str, float]:
    """Return what a calibration may change, by name, as the package has it.

    ``link.…`` and ``host.…`` are attributes of ``Link`` and ``Host``, ``rate.…`` the
    milliseconds for 10⁹ units of a kind of work.
    """
    calibration = folded(link, host)
    of_host = _HOST if link == "pcie" else (*_HOST, "usb_input_factor")
    return {
        **{f"link.{key}": getattr(calibration.links[link], key) for key in _LINK},
        **{f"host.{key}": getattr(calibration.hosts[host], key) for key in of_host},
        **{f"rate.{kind}": rate.ms_per_giga for kind, rate in calibration.rates.items()},
        "exchange_ms": calibration.exchange_ms,
        "cut_share": calibration.cut_share,
    }


def calibrated(constants: Mapping[str, float], link: LinkName, host: HostName) -> Calibration:
    """Return the calibration with other constants.

    Args:
        constants: By the names of ``constants_of``; those left out stay the package's.
        link: The link they are for.
        host: The host they are for.
    """
    base = folded(link, host)
    groups: dict[str, dict[str, float]] = {"link": {}, "host": {}, "rate": {}, "": {}}
    for name, value in constants.items():
        group, _, key = name.rpartition(".")
        groups[group][key] = value
    rates = {
        kind: replace(rate, ms_per_giga=groups["rate"].get(kind, rate.ms_per_giga))
        for kind, rate in base.rates.items()
    }
    return replace(
        base,
        links={link: _changed(base.links[link], groups["link"])},
        hosts={host: _changed(base.hosts[host], groups["host"])},
        rates=rates,
        **groups[""],
    )


def _changed(thing: Any, values: Mapping[str, float]) -> Any:
    return replace(thing, **values, source="calibrated") if values else thing


def profile_folder() -> Path:
    """Where a user's profiles are, by the XDG Base Directory Specification."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    root = Path(base) if Path(base).is_absolute() else Path.home() / ".config"
    return root / "edgetpu-nas" / "profiles"


def profile_path(name: str) -> Path:
    """Return the file of a profile.

    Args:
        name: Of a profile in the user's folder, or a path that ends in ``.json``.

    Raises:
        UserError: It is neither.
    """
    if name.endswith(".json"):
        return Path(name)
    if not _NAME.fullmatch(name):
        raise UserError(
            f"profile {name!r}: a name has up to 64 letters, digits and _.-, a path ends in .json"
        )
    return profile_folder() / f"{name}.json"


def write_profile(profile: Profile, path: Path) -> None:
    """Write a profile, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    content = {"format": FORMAT, **asdict(profile)}
    partial.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n")
    partial.replace(path)


def read_profile(name: str) -> Profile:
    """Read a profile.

    Args:
        name: As for ``profile_path``.

    Raises:
        UserError: There is none, or it is not whole.
    """
    path = profile_path(name)
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise UserError(f"profile {name!r}: {path}: {error.strerror}; {_known()}") from None
    try:
        if len(content) > _MAX_BYTES:
            raise ValueError(f"more than {_MAX_BYTES} bytes")
        return _parse(load(content))
    except (ValueError, TypeError, AttributeError) as error:
        raise UserError(
            f"profile {path} is damaged ({error}): write it again with python -m nas.calibrate"
        ) from None


def _known() -> str:
    names = sorted(path.stem for path in profile_folder().glob("*.json"))
    return f"there are {', '.join(names)}" if names else "python -m nas.calibrate makes one"


def _parse(value: dict[str, Any]) -> Profile:
    if value.get("format") != FORMAT:
        raise ValueError(f"its format is not {FORMAT}")
    profile = convert(value, Profile)
    for residual in profile.residuals:
        for name in ("measured_ms", "fitted_ms", "left_out_ms"):
            _check(name, getattr(residual, name))
    if profile.clock_mhz not in CHIP.clocks_mhz:
        raise ValueError(f"clock of {profile.clock_mhz!r} MHz")
    known = constants_of(profile.link, profile.host)
    for name, number in (*profile.constants.items(), *profile.spreads.items()):
        if name not in known:
            raise ValueError(f"unknown constant {name!r}")
        _check(name, number)
    low, high = profile.interval
    _check("interval", low)
    _check("interval", high)
    if low > high or not profile.residuals:
        raise ValueError("no interval, or no residuals")
    return profile


def _check(name: str, number: float) -> None:
    if not _LEAST <= number <= _MOST:
        raise ValueError(f"{name} is {number!r}")
