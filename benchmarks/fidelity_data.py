"""The measurements the chip model is compared with, each with the network that was measured.

They were made by others and are not part of the project: they lie in ``../shared/data/edgetpu``
beside the repository, or where ``EDGETPU_NAS_SHARED`` says.
"""

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fidelity_sweeps import convolutions, dense_layers, micro_network
from benchmarks.fidelity_zoo import network
from nas.edgetpu.chip import LinkName
from nas.edgetpu.host import HostName
from nas.errors import UserError
from nas.network.network import Network

_ROOT = Path(__file__).parents[1]
_SHARED = Path(os.environ.get("EDGETPU_NAS_SHARED", _ROOT.parent / "shared"))
FOLDER = _SHARED / "data" / "edgetpu"


@dataclass(frozen=True)
class Measured:
    """One measured inference on an Edge TPU.

    Attributes:
        file: Data file, without its ending.
        family: What is left out of a fit together.
        name: Names the network in messages.
        network: Its operators.
        link: How the chip was reached.
        host: The host of the model that is nearest to the one used.
        clock_mhz: Clock; 500 where it is not stated.
        latency_ms: The measurement.
        fits: Whether a fit may use it.
        weight: Its say in a fit: smaller where ``host`` only stands in for the one used, larger
            where link, clock and host are all stated.
        streamed_mib: Parameters the compiler said are streamed, in MiB; ``None`` where not known.
    """

    file: str
    family: str
    name: str
    network: Network
    link: LinkName
    host: HostName
    clock_mhz: float
    latency_ms: float
    fits: bool = True
    weight: float = 1.0
    streamed_mib: float | None = None


def read_rows(name: str) -> list[dict[str, str]]:
    """Read a data file.

    Raises:
        UserError: The file is not there.
    """
    path = FOLDER / f"{name}.csv"
    if not path.exists():
        raise UserError(
            f"{path} is not there: the measurements are not part of the project; "
            "set EDGETPU_NAS_SHARED to the folder that holds data/edgetpu"
        )
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read_measurements() -> tuple[Measured, ...]:
    """Read every measured inference but those of NAS-Bench-201.

    Raises:
        UserError: A data file is not there.
    """
    return (*_sweep("conv_sweep"), *_sweep("fc_sweep"), *_micro(), *_reference(), *_coral())


def _sweep(file: str) -> Iterator[Measured]:
    build = {"conv_sweep": convolutions, "fc_sweep": dense_layers}[file]
    for row in read_rows(file):
        part = "streamed" if float(row["off_chip_mib"]) else "resident"
        yield Measured(file, f"{file} {part}", row["width"], build(int(row["width"])), "pcie",
                       "desktop", 500.0, float(row["latency_ms"]),
                       streamed_mib=float(row["off_chip_mib"]))  # fmt: skip


_STAND_IN = 0.15
_FULLY_STATED = 5.0


def _micro() -> Iterator[Measured]:
    seen = set()
    for row in read_rows("usb_micro"):
        link: LinkName = "usb2" if row["target"].endswith("usb2") else "usb3"
        key = (row["model"], row["host"], link)
        if row["target"] == "cpu_host" or key in seen:
            continue
        seen.add(key)
        # The nearest hosts at hand: all four cores at full speed, or two slow ones.
        host: HostName = "desktop" if row["host"].endswith("10W") else "a53"
        yield Measured("usb_micro", f"usb_micro {_kind(row)} {link}", f"{row['model']} {host}",
                       micro_network(row), link, host, 500.0, float(row["ms"]),
                       weight=1.0 if (link, host) == ("usb2", "desktop") else _STAND_IN,
                       streamed_mib=float(row["off_chip_MiB"]) if row["off_chip_MiB"] else None
                       )  # fmt: skip


def _kind(row: dict[str, str]) -> str:
    if row["model"].startswith("dense"):
        return "dense"
    if row["group"] == "Ops_conv":
        return "conv streamed" if float(row["off_chip_MiB"]) else "conv resident"
    return "networks" if "obilenet" in row["model"] else "transfers"


_REFERENCE = {
    "inception_v1": "inception_v1", "inception_v4": "inception_v4",
    "ssd_mobilenet_v1": "ssd_mobilenet_v1", "ssd_mobilenet_v2": "ssd_mobilenet_v2_face",
    "mobilenet_v1": "mobilenet_v1", "mobilenet_v2": "mobilenet_v2",
}  # fmt: skip


def _reference() -> Iterator[Measured]:
    for row in read_rows("latency_reference"):
        model = row["model"].lower().replace(" ", "_")
        name = next(known for prefix, known in _REFERENCE.items() if model.startswith(prefix))
        link, host = _setup(row)
        clock_mhz = float(row["clock"].split()[0]) if row["clock"].endswith("MHz") else 500.0
        # Laptops take 0.6 ms more an inference than the one desktop; they are scored, never fitted.
        is_laptop = "Mac" in row["device"]
        place = "M.2" if "M.2" in row["device"] else "Dev Board" if "Dev" in row["device"] else link
        family = f"latency_reference {'Raspberry Pi 4' if host == 'pi4' else place}"
        weight = _FULLY_STATED if place == "M.2" else _STAND_IN if "Pi 3" in row["device"] else 1.0
        yield Measured("latency_reference", family, f"{name} on {row['device']}", network(name),
                       link, host, clock_mhz, float(row["latency_ms"]), not is_laptop,
                       weight)  # fmt: skip


def _setup(row: dict[str, str]) -> tuple[LinkName, HostName]:
    links: dict[str, LinkName] = {"USB3": "usb3", "USB2": "usb2"}
    device = row["device"]
    if "Pi 4" in device:
        return links[row["link"]], "pi4"
    slow = "Pi 3" in device or "Dev Board" in device
    return links.get(row["link"], "pcie"), "a53" if slow else "desktop"


CORAL = {
    "Unet Mv2": "unet_mobilenet_v2", "Inception v1": "inception_v1",
    "MobileNet v1": "mobilenet_v1", "MobileNet v2": "mobilenet_v2", "ResNet-50 V1": "resnet_50",
    "SqueezeNet": "squeezenet", "VGG16": "vgg_16",
}  # fmt: skip
"""Models of Coral's benchmark page and the networks here."""


def _coral() -> Iterator[Measured]:
    columns: dict[str, tuple[LinkName, HostName]] = {
        "desktop_usb3_edgetpu_ms": ("usb3", "desktop"), "devboard_edgetpu_ms": ("pcie", "a53"),
    }  # fmt: skip
    for row in read_rows("coral_benchmarks"):
        for column, (link, host) in columns.items():
            name = CORAL[row["model"]]
            yield Measured("coral_benchmarks", f"coral_benchmarks {link}", name, network(name),
                           link, host, 500.0, float(row[column]))  # fmt: skip
