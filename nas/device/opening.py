"""Opening the devices a user names, with a remedy for each that does not answer."""

from collections.abc import Sequence

from nas.device.failures import DeviceError
from nas.device.measurer import Measurer, open_measurer
from nas.device.problems import HANGS, MISMATCH
from nas.device.ssh import parse_address
from nas.errors import UserError

FIRST = ":0"
"""Name of the first Edge TPU of this host."""

_LOCAL_REMEDIES = {"crash": MISMATCH.line, "hang": HANGS.line}
_REMOTE_REMEDIES = {
    "dropped": "check that the board is on and that ssh gets there by hand",
    "hang": "restart the board",
    "busy": "wait until it is done, or end it",
}


def parse_device_names(text: str) -> tuple[str, ...]:
    """Read names of devices with commas between them.

    Raises:
        UserError: One names no device, or one is named twice.
    """
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if not name:
            raise UserError(f"device {text!r}: a name is missing")
        open_measurer(name)
    if len(set(names)) < len(names):
        raise UserError(f"device {text!r}: each device is named once")
    return names


def share_a_host(names: Sequence[str]) -> bool:
    """Tell whether two devices are at one host, whose power sensor sees both."""
    hosts = [parse_address(name).host if name.startswith("ssh://") else "" for name in names]
    return len(set(hosts)) < len(hosts)


def open_devices(names: Sequence[str], power: str | None = None) -> dict[str, Measurer]:
    """Open devices, so that what is wrong is told before anything is trained.

    Args:
        names: ``usb``, ``usb:1``, ``pci``, ``:0`` …, or ``ssh://user@host``.
        power: What measures power, see ``open_power``; nothing where ``None``.

    Returns:
        What measures on each, by name.

    Raises:
        UserError: One does not answer; the line says what to do.
    """
    opened: dict[str, Measurer] = {}
    try:
        for name in names:
            opened[name] = open_measurer(name, power)
            opened[name].connect()
    except DeviceError as error:
        for measurer in opened.values():
            measurer.close()
        raise UserError(f"device {name}: {_explained(name, error)}") from error
    return opened


def _explained(name: str, error: DeviceError) -> str:
    """Add what to do where the failure does not say it."""
    remedies = _REMOTE_REMEDIES if name.startswith("ssh://") else _LOCAL_REMEDIES
    remedy = remedies.get(error.kind)
    return str(error) if remedy is None else f"{error}: {remedy}"
