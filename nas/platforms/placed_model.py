"""A user's own model on the chart: its contests, and what to choose in words."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas.edgetpu.chip import MIB
from nas.network.network import Network
from nas.network.tflite import parse_network, read_model_file
from nas.platforms.contest import QUANTITIES, Contest, Quantity, Setup, contest_of
from nas.platforms.families import Kind, kind_of, size_of, weights_of


@dataclass(frozen=True)
class Standing:
    """A model in one set-up.

    Attributes:
        setup: Who competes.
        contests: By quantity; a quantity is missing where it is not known.
        off_chip_bytes: Parameters streamed on every inference.
        ops_on_cpu: Operators the compiler leaves on the CPU.
        compiles: Whether the compiler takes the model: ``yes``, ``no`` or ``uncertain``.
    """

    setup: Setup
    contests: dict[Quantity, Contest]
    off_chip_bytes: int
    ops_on_cpu: int
    compiles: str

    @property
    def advice(self) -> str:
        """What to choose, and why, in one sentence."""
        if self.compiles == "no":
            return "the CPU: nothing of this model runs on the Edge TPU"
        time = self.contests.get("latency_ms")
        if time is None:
            return "measure both: an operator's cost is not known"
        words = _verdict(time) + _energy_words(self.contests.get("energy_mj"), time)
        return words + _burden(self.off_chip_bytes, self.ops_on_cpu)


@dataclass(frozen=True)
class PlacedModel:
    """A model on the chart.

    Attributes:
        name: Its file.
        kind: What does most of its work.
        parameters: Weights it multiplies by.
        size: Size of its input, as its family counts it.
        standings: One a set-up.
    """

    name: str
    kind: Kind
    parameters: int
    size: int
    standings: tuple[Standing, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "parameters": self.parameters,
            "size": self.size,
            "standings": [
                {
                    "setup": each.setup.name,
                    **{q: each.contests[q].as_dict() if q in each.contests else None
                       for q in QUANTITIES},
                    "off_chip_bytes": each.off_chip_bytes,
                    "ops_on_cpu": each.ops_on_cpu,
                    "compiles": each.compiles,
                    "advice": each.advice,
                }
                for each in self.standings
            ],
        }  # fmt: skip


def place_model(path: Path, setups: tuple[Setup, ...]) -> PlacedModel:
    """Read a file and let both platforms compete for it.

    Args:
        path: An int8 or uint8 ``.tflite`` that is not compiled.
        setups: Who competes.

    Raises:
        UserError: The file cannot be read, or is compiled already.
    """
    network = parse_network(read_model_file(path), source=str(path))
    return place_network(path.name, network, setups)


def place_network(name: str, network: Network, setups: tuple[Setup, ...]) -> PlacedModel:
    """Let both platforms compete for a network.

    Args:
        name: What it is called.
        network: int8 operators.
        setups: Who competes.
    """
    standings = tuple(_standing(network, setup) for setup in setups)
    return PlacedModel(name, kind_of(network), weights_of(network), size_of(network), standings)


def _standing(network: Network, setup: Setup) -> Standing:
    estimate = setup.estimator.estimate(network)
    found = {quantity: contest_of(estimate, setup.host, quantity) for quantity in QUANTITIES}
    return Standing(
        setup,
        {quantity: each for quantity, each in found.items() if each is not None},
        estimate.off_chip_bytes,
        estimate.ops_total - estimate.ops_mapped,
        estimate.compiles,
    )


def _verdict(time: Contest) -> str:
    if time.winner is None:
        return "too close to call, measure both"
    faster = time.ratio if time.winner == "edgetpu" else 1 / time.ratio
    name = "Edge TPU" if time.winner == "edgetpu" else "CPU"
    return f"the {name}, {faster:.2g} times as fast"


def _energy_words(energy: Contest | None, time: Contest) -> str:
    if energy is None or energy.winner is None:
        return ""
    name = "Edge TPU" if energy.winner == "edgetpu" else "CPU"
    less = energy.ratio if energy.winner == "edgetpu" else 1 / energy.ratio
    if energy.winner == time.winner:
        return f" and {less:.2g} times as frugal"
    return f"; the {name} takes {less:.2g} times less energy"


def _burden(off_chip_bytes: int, ops_on_cpu: int) -> str:
    burdens = []
    if off_chip_bytes:
        burdens.append(f"{off_chip_bytes / MIB:.2f} MiB of parameters are streamed")
    if ops_on_cpu:
        burdens.append(f"{ops_on_cpu} operators stay on the CPU")
    return f" ({' and '.join(burdens)} on every inference)" if burdens else ""
