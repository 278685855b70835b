"""A search over a table of NAS-Bench-201 cells."""

import itertools

import numpy as np

from benchmarks.nasbench201_network import cell_network
from benchmarks.nasbench201_table import Row, Table
from benchmarks.search_problem import Problem, Settings
from nas.candidates.features import Features, network_features
from nas.errors import UserError


def table_problem(table: Table, *, with_params: bool) -> Problem:
    """Return a table as a problem with two objectives, or three.

    A setting whose network is not in the table is barred, like one that the chip cannot run: that
    is known before training, which it does not cost.

    Raises:
        UserError: The table holds fewer than two networks.
    """
    if len(table.networks) < 2:
        raise UserError(f"a search needs a table of 2 networks or more, got {len(table.networks)}")
    whole = 100.0 if max(row.accuracy for row in table.networks) > 1 else 1.0
    losses = [
        (1 - row.accuracy / whole, row.latency_ms, *([row.params] if with_params else []))
        for row in table.networks
    ]
    from search_spaces.nasbench201 import EDGES, OPERATIONS

    features = [_features(row) for row in table.networks]
    choices = dict.fromkeys(EDGES, tuple(OPERATIONS))
    return Problem(np.array(losses), features, _places(table), choices)


def _features(row: Row) -> Features:
    from search_spaces.nasbench201 import live_steps, parse_architecture

    steps = live_steps(parse_architecture(row.arch_str))
    return network_features(cell_network([(step.operation, step.sources) for step in steps]))


def _places(table: Table) -> dict[Settings, int]:
    from search_spaces.nasbench201 import EDGES, OPERATIONS

    listed = {row.network: place for place, row in enumerate(table.networks)}
    named = {cell: _network(cell) for cell in itertools.product(OPERATIONS, repeat=len(EDGES))}
    return {cell: listed[network] for cell, network in named.items() if network in listed}


def _network(settings: Settings) -> tuple[object, ...]:
    from search_spaces.nasbench201 import EDGES, DisconnectedCellError, live_steps

    try:
        return live_steps(dict(zip(EDGES, settings, strict=True)))
    except DisconnectedCellError:
        return ()
