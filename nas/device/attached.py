"""Edge TPUs the operating system sees, without touching them.

A USB Accelerator names itself 1a6e:089a until its firmware is loaded by the first use, and
18d1:9302 after; a PCIe card is 1ac1:089a and needs the ``apex`` driver, which makes
``/dev/apex_N``.

Reference: https://coral.ai/docs/m2/get-started/ and
https://github.com/google-coral/edgetpu/issues/536
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["usb", "pci"]

_BEFORE_FIRST_USE = ("1a6e", "089a")
_READY = ("18d1", "9302")
_PCI = ("0x1ac1", "0x089a")


@dataclass(frozen=True)
class AttachedDevice:
    """One Edge TPU.

    Attributes:
        kind: ``usb`` or ``pci``.
        node: The file a program opens; ``None`` for a card without its driver.
        is_accessible: Whether this user may read and write that file.
        has_firmware: False for a stick that was not used since it was plugged in.
    """

    kind: Kind
    node: Path | None
    is_accessible: bool
    has_firmware: bool = True


def find_attached(root: Path = Path("/")) -> tuple[AttachedDevice, ...]:
    """List the Edge TPUs of a Linux host.

    Args:
        root: Where ``sys`` and ``dev`` are mounted.

    Returns:
        USB sticks, then cards, each in the order of their names; none on other systems.
    """
    return (*_sticks(root), *_cards(root))


def _sticks(root: Path) -> Iterator[AttachedDevice]:
    for folder in sorted((root / "sys/bus/usb/devices").glob("*")):
        name = (_read(folder / "idVendor"), _read(folder / "idProduct"))
        if name in (_BEFORE_FIRST_USE, _READY):
            bus, number = _read(folder / "busnum"), _read(folder / "devnum")
            node = root / "dev/bus/usb" / bus.zfill(3) / number.zfill(3)
            yield AttachedDevice("usb", node, _is_accessible(node), name == _READY)


def _cards(root: Path) -> Iterator[AttachedDevice]:
    nodes = sorted((root / "dev").glob("apex_*"))
    yield from (AttachedDevice("pci", node, _is_accessible(node)) for node in nodes)
    folders = sorted((root / "sys/bus/pci/devices").glob("*"))
    cards = [each for each in folders if (_read(each / "vendor"), _read(each / "device")) == _PCI]
    yield from (AttachedDevice("pci", None, False) for _ in cards[len(nodes) :])


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _is_accessible(node: Path) -> bool:
    return os.access(node, os.R_OK | os.W_OK)
