"""The fitted constants of the chip model as one value, so that they can be refitted.

``benchmarks/fidelity_fit.py`` refits them from public measurements; a user's own device may have
others.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from nas.edgetpu.chip import CUT_SHARE, EXCHANGE_MS, LINKS, RATES, Link, LinkName, Rate
from nas.edgetpu.host import HOSTS, Host, HostName


@dataclass(frozen=True)
class Calibration:
    """Constants that were fitted.

    Attributes:
        links: How the host reaches the chip, by name.
        rates: What each kind of work costs, by name.
        hosts: The CPU beside the chip, by name.
        exchange_ms: Milliseconds for one exchange of borders between the tiles at 500 MHz.
        cut_share: How much longer an operator computes for every cut of its activations.
    """

    links: Mapping[LinkName, Link]
    rates: Mapping[str, Rate]
    hosts: Mapping[HostName, Host]
    exchange_ms: float
    cut_share: float


CALIBRATION = Calibration(LINKS, RATES, HOSTS, EXCHANGE_MS, CUT_SHARE)
