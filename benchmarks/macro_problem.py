"""A search over the networks of NAS-Bench-Macro, with latencies as the chip model has them.

Its file is not shipped: ``data/nas-bench-macro_cifar10.json`` of github.com/xiusu/NAS-Bench-Macro.
"""

import itertools
from pathlib import Path

import numpy as np

from benchmarks.macro_network import BLOCKS, STAGES, macro_network, parse_stages
from benchmarks.search_problem import Problem
from nas.candidates.features import network_features
from nas.edgetpu.estimator import Estimator
from nas.errors import UserError
from nas.json_values import load


def macro_problem(path: Path, *, with_params: bool) -> Problem:
    """Return the file as a problem with two objectives, or three.

    Args:
        path: The file: for each architecture ``mean_acc`` in percent and ``params``.
        with_params: Whether parameters are a third objective.

    Raises:
        UserError: It is not that file.
    """
    try:
        table = load(path.read_bytes())
        rows = {parse_stages(name): (row["mean_acc"], row["params"]) for name, row in table.items()}
        figures = np.array(list(rows.values()), dtype=float)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(f"{path} is no file of NAS-Bench-Macro: {error}") from error
    if len(rows) < 2:
        raise UserError(f"a search needs a table of 2 networks or more, got {len(rows)}")
    networks = [macro_network(stages) for stages in rows]
    latencies = [Estimator().estimate(network).latency_ms for network in networks]
    losses = np.column_stack([1 - figures[:, 0] / 100, np.array(latencies, float), figures[:, 1]])
    listed = {stages: place for place, stages in enumerate(rows)}
    settings = itertools.product(BLOCKS, repeat=sum(STAGES))
    places = {each: listed.get(parse_stages("".join(each))) for each in settings}
    return Problem(
        losses if with_params else losses[:, :2],
        [network_features(network) for network in networks],
        {each: place for each, place in places.items() if place is not None},
        {f"block_{number}": tuple(BLOCKS) for number in range(sum(STAGES))},
    )
