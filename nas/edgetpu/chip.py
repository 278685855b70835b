"""The Coral Edge TPU in numbers: one table, each value with its unit and its source.

Sources, by the short names used below:

* ``libedgetpu``: google-coral/libedgetpu, ``driver/config/beagle/beagle_chip_structures.h``
* ``compiled``: programs written by ``edgetpu_compiler``, 77 of them read field by field
* ``sweep``: Jorgitou98/EdgeTPU-QuantRL-Evaluation (MIT), layer sweeps on an M.2 card
* ``coral``: Coral documentation, data sheets and google-coral/pycoral reference timings
* ``cells``: NAS-Bench-201 as measured by LatBench, every tenth row of 1,999
* ``fit``: least squares of this model on the sources named: ``benchmarks/fidelity_fit.py``
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
        streaming_setup_ms: Extra cost of an inference that streams any parameters.
        source: Where the numbers are from.
    """

    name: LinkName
    fixed_ms: float
    input_mb_per_s: float
    output_mb_per_s: float
    streaming_setup_ms: float
    source: str


CHIP = Chip()

LINKS: dict[LinkName, Link] = {
    "pcie": Link("pcie", 0.0953, 387.5, 85.7, 0.263, "fit on sweep: i9-9900K, float outputs"),
    "usb3": Link("usb3", 0.287, 425.0, 83.1, 0.657, "fit on coral; output: analysis"),
    "usb2": Link("usb2", 0.220, 36.5, 14.3, 0.535, "fit on analysis and coral"),
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

RATES: dict[str, Rate] = {
    "mac": Rate(0.512, "multiply-accumulates, 64 output channels at a time", "fit: 95 % of peak"),
    "weight_byte": Rate(5.55, "weights of a dense layer, 64 units at a time", "fit on sweep"),
    "tap": Rate(46.0, "depthwise taps, 64 channels at a time", "fit on coral: MobileNets"),
    "average_tap": Rate(43.8, "taps of an average, 64 channels at a time", "fit on cells"),
    "max_tap": Rate(108.0, "taps of a max pool", "fit on coral: Inception v1, SqueezeNet"),
    "element": Rate(
        151.0,
        "element-wise results, 64 channels at a time, once for each operand but the first",
        "fit on cells; operators other than ADD unverified",
    ),
    "joined_byte": Rate(
        277.0, "bytes written by a concatenation", "fit on coral: Inception v1, SqueezeNet"
    ),
    "copied_byte": Rate(
        61.3, "bytes written by an operator that computes nothing", "fit on analysis: padding"
    ),
}

EXCHANGE_MS = 0.00437
"""One exchange of borders between the tiles at 500 MHz [fit on cells]."""

CUT_SHARE = 0.156
"""How much longer an operator computes for every cut of its activations [fit on sweep]."""


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
