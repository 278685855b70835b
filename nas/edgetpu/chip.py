"""The Coral Edge TPU in numbers: one table, each value with its unit and its source.

Sources, by the short names used below:

* ``libedgetpu``: google-coral/libedgetpu, ``driver/config/beagle/beagle_chip_structures.h``
* ``compiled``: programs written by ``edgetpu_compiler``, 77 of them read field by field
* ``sweep``: Jorgitou98/EdgeTPU-QuantRL-Evaluation (MIT), layer sweeps on an M.2 card
* ``coral``: Coral documentation, data sheets and google-coral/pycoral reference timings
* ``fit``: least squares of this model on the sources named, see ``latency.py``
* ``analysis``: iwatake2222/EdgeTPU_Analysis, USB Accelerator on a Jetson Nano
* ``unverified``: reported, but not checked against primary material
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

LinkName = Literal["pcie", "usb3", "usb2"]

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True)
class Chip:
    """What is fixed in silicon.

    Attributes:
        tiles: Compute tiles [libedgetpu].
        cells: Multiply-accumulate cells a tile [libedgetpu]; output channels run 64 at a time.
        lanes: Multiply-accumulates a cell does in a cycle [inferred from 4 TOPS, unverified].
        narrow_bytes: Activation memory of all tiles [libedgetpu: 196,608 bytes a tile].
        wide_bytes: Nominal parameter memory [coral].
        wide_reserve_bytes: Parameter memory no network can use; dense networks reach 7.81 –
            7.89 MiB of 8 [sweep].
        clocks_mhz: Clocks the chip runs at [libedgetpu].
    """

    tiles: int = 16
    cells: int = 64
    lanes: int = 4
    narrow_bytes: int = 16 * 196_608
    wide_bytes: int = 8 * MIB
    wide_reserve_bytes: int = 120 * KIB
    clocks_mhz: tuple[float, ...] = (500.0, 250.0, 125.0, 62.5)

    @property
    def macs_per_cycle(self) -> int:
        """Multiply-accumulates in one clock cycle when every cell is busy."""
        return self.tiles * self.cells * self.lanes


@dataclass(frozen=True)
class Link:
    """How the host reaches the chip.

    Attributes:
        name: ``pcie``, ``usb3`` or ``usb2``.
        fixed_ms: Cost of one inference before the first byte.
        input_mb_per_s: Input, program and streamed parameters, in 10⁶ bytes a second.
        output_mb_per_s: Output activations, in 10⁶ bytes a second.
        source: Where the numbers are from.
    """

    name: LinkName
    fixed_ms: float
    input_mb_per_s: float
    output_mb_per_s: float
    source: str


CHIP = Chip()

LINKS: dict[LinkName, Link] = {
    "pcie": Link("pcie", 0.109, 387.0, 80.0, "sweep; output includes the host's conversion"),
    "usb3": Link("usb3", 0.27, 430.0, 40.0, "coral: desktop, 310 – 440 MB/s; output: analysis"),
    "usb2": Link("usb2", 0.37, 36.0, 11.6, "analysis; coral agrees on input, 35 – 42 MB/s"),
}


@dataclass(frozen=True)
class Rate:
    """What one kind of work costs at 500 MHz.

    Attributes:
        ms_per_giga: Milliseconds for 10⁹ units of work.
        work: What is counted.
        source: Where the number is from; a kind of work outside the fits is unverified.
    """

    ms_per_giga: float
    work: str
    source: str


CLOCK_MHZ = 500.0
STREAMING_SETUP_MS = 0.25
"""Extra cost of an inference that streams any parameters [sweep: 0.452 – 0.109 – program]."""

RATES: dict[str, Rate] = {
    "mac": Rate(
        0.522, "multiply-accumulates, 64 output channels at a time", "fit on sweep: 94 % of peak"
    ),
    "tap": Rate(
        44.7,
        "depthwise and averaging taps, 64 channels at a time",
        "fit on coral and NAS-Bench-201",
    ),
    "max_tap": Rate(37.5, "taps of a max pool", "fit on coral: Inception v1"),
    "moved_byte": Rate(
        660.0, "bytes written by an operator without taps", "fit on coral, NAS-Bench-201"
    ),
}


PowerState = Literal["compute", "transfer"]


@dataclass(frozen=True)
class PowerProfile:
    """Power of the Edge TPU in its states.

    Attributes:
        name: Named beside every energy it gives.
        idle_w: Drawn all the time, in watts.
        compute_w: Clock in MHz → watts above idle while the cells work.
        transfer_w: Clock in MHz → watts above idle while bytes move.
        source: Where the numbers are from.
    """

    name: str
    idle_w: float
    compute_w: Mapping[float, float]
    transfer_w: Mapping[float, float]
    source: str


_COMPUTE_W = {500.0: 1.43, 250.0: 0.60, 125.0: 0.23, 62.5: 0.10}
_TRANSFER_W = {500.0: 0.225, 250.0: 0.15, 125.0: 0.075, 62.5: 0.04}

POWER_PROFILES: dict[LinkName, PowerProfile] = {
    "pcie": PowerProfile(
        "M.2 module", 0.3875, _COMPUTE_W, _TRANSFER_W,
        "M.2 data sheet v1.3 table 3, solved for two states; 62.5 MHz unverified",
    ),
    "usb3": PowerProfile(
        "USB Accelerator (unverified)", 0.5, _COMPUTE_W, _TRANSFER_W,
        "idle reported as 0.3 – 0.8 W, states as on the M.2 module; unverified",
    ),
    "usb2": PowerProfile(
        "USB Accelerator (unverified)", 0.5, _COMPUTE_W, _TRANSFER_W,
        "idle reported as 0.3 – 0.8 W, states as on the M.2 module; unverified",
    ),
}  # fmt: skip
