"""The options that tell what costs are for: link, clock and host, or a calibrated device."""

import argparse
from collections.abc import Collection

from nas.calibrating.profile import Profile, read_profile
from nas.edgetpu.chip import CHIP, LINKS
from nas.edgetpu.estimator import Estimator
from nas.edgetpu.host import HOSTS
from nas.errors import UserError

_NAMES = ("link", "clock_mhz", "host")


def add_setup_options(parser: argparse.ArgumentParser) -> None:
    """Let a command take ``--link``, ``--clock-mhz`` and ``--host``, or ``--profile``."""
    default = Estimator()
    for flag, choices, text in (
        ("--link", tuple(LINKS), f"link to the chip (default: {default.link})"),
        ("--clock-mhz", CHIP.clocks_mhz, f"clock in MHz (default: {default.clock_mhz:g})"),
        ("--host", tuple(HOSTS), f"CPU for what is not mapped (default: {default.host})"),
    ):
        parser.add_argument(flag, type=type(choices[0]), choices=choices, help=text)
    add_profile_option(parser)


def add_profile_option(parser: argparse.ArgumentParser) -> None:
    """Let a command take ``--profile``."""
    parser.add_argument(
        "--profile", metavar="NAME",
        help="your own device, from nas.calibrate, instead of link, clock and host",
    )  # fmt: skip


def read_setup(options: argparse.Namespace) -> Estimator:
    """Return the chip model that the options tell.

    Raises:
        UserError: They tell it twice, or the profile cannot be read.
    """
    given = {name: getattr(options, name) for name in _NAMES if getattr(options, name) is not None}
    if options.profile is not None:
        return read_own_profile(options.profile, given).estimator()
    return Estimator(**given)


def read_own_profile(name: str, given: Collection[str]) -> Profile:
    """Read the profile of a calibrated device.

    Args:
        name: As for ``read_profile``.
        given: Names of what else the user told.

    Raises:
        UserError: That tells what the profile has, or the profile cannot be read.
    """
    if not set(_NAMES).isdisjoint(given):
        raise UserError("--profile has a link, a clock and a host: leave out what else tells them")
    return read_profile(name)
