"""A search over a table of NAS-Bench-201 cells: what a sampler may ask and what it is told."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import optuna
from numpy.typing import NDArray

from benchmarks.nasbench201_network import cell_network
from benchmarks.nasbench201_table import Columns, Row, Table, read_table
from nas.errors import UserError
from nas.study.features import Features, network_features
from nas.study.proposals import Description

Settings = tuple[str, ...]


@dataclass(frozen=True)
class Problem:
    """All settings of the space, each with a network of the table.

    Attributes:
        losses: Error and costs of each network, ``(networks, objectives)``, less is better.
        features: Features of each network.
        places: Place of the network that each setting stands for.
    """

    losses: NDArray[np.float64]
    features: Sequence[Features] = field(repr=False)
    places: Mapping[Settings, int] = field(repr=False)

    def place(self, trial: optuna.trial.BaseTrial) -> int:
        """Draw a cell and return the place of its network."""
        from search_spaces.nasbench201 import EDGES, OPERATIONS

        return self.places[tuple(trial.suggest_categorical(edge, OPERATIONS) for edge in EDGES)]

    def describe(self, trial: optuna.trial.BaseTrial) -> Description:
        """Describe a cell's network as a search does before it trains it."""
        place = self.place(trial)
        return Description(str(place), self.features[place], tuple(self.losses[place, 1:]))


def read_problem(path: Path, columns: Columns, with_params: bool) -> Problem:
    """Read a table as a problem with two objectives, or three.

    A setting whose network is not in the table, or has no path, stands for the listed cell from
    which it differs in the fewest edges, the first in the table of several. So every sampler is
    answered on every ask, and none has to learn which rows a table happens to have.

    Raises:
        UserError: The table cannot be read, or holds fewer than two networks.
    """
    table = read_table(path, columns)
    if len(table.networks) < 2:
        raise UserError(f"{path}: a search needs 2 networks or more, got {len(table.networks)}")
    whole = 100.0 if max(row.accuracy for row in table.networks) > 1 else 1.0
    losses = [
        (whole - row.accuracy, row.latency_ms, *([row.params] if with_params else []))
        for row in table.networks
    ]
    features = [_features(row) for row in table.networks]
    return Problem(np.array(losses) / [whole, *[1.0] * (1 + with_params)], features, _places(table))


def _features(row: Row) -> Features:
    from search_spaces.nasbench201 import live_steps, parse_architecture

    steps = live_steps(parse_architecture(row.arch_str))
    return network_features(cell_network([(step.operation, step.sources) for step in steps]))


def _places(table: Table) -> dict[Settings, int]:
    from search_spaces.nasbench201 import EDGES, OPERATIONS, parse_architecture

    cells = [list(parse_architecture(row.arch_str).values()) for row in table.networks]
    codes = np.array([[OPERATIONS.index(name) for name in cell] for cell in cells], dtype=np.int8)
    listed = {row.network: place for place, row in enumerate(table.networks)}
    places = {}
    for settings in itertools.product(OPERATIONS, repeat=len(EDGES)):
        place = listed.get(_network(settings))
        places[settings] = _nearest(settings, codes) if place is None else place
    return places


def _network(settings: Settings) -> tuple[object, ...]:
    from search_spaces.nasbench201 import EDGES, DisconnectedCellError, live_steps

    try:
        return live_steps(dict(zip(EDGES, settings, strict=True)))
    except DisconnectedCellError:
        return ()


def _nearest(settings: Settings, codes: NDArray[np.int8]) -> int:
    from search_spaces.nasbench201 import OPERATIONS

    code = np.array([OPERATIONS.index(name) for name in settings], dtype=np.int8)
    return int(np.argmin((codes != code).sum(axis=1)))
