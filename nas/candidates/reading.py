"""What is known of a candidate before training: its identity, operators and parameters."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from nas.candidates.candidate import Space, build_candidate, costing_one_candidate, identify
from nas.network.keras_graph import UnreadableLayer, read_layer_graph
from nas.network.layer_graph import LayerGraph, layer_graph
from nas.network.network import Network, host_work
from nas.network.shape_keras import shapes_only
from nas.network.shape_model import ShapeModel, ShapeSequential, count_parameters
from search_spaces import find_front_end


@dataclass(frozen=True)
class Reading:
    """One network of a search space, read but not kept.

    Attributes:
        id: Hash of the network, as of the model that Keras builds.
        hyperparameters: Active hyperparameters by name.
        kinds: KerasTuner's hyperparameters that the network asked for.
        network: Its operators; ``None`` if they are only known by converting the model.
        reason: Why there are no operators; ``None`` if there are.
        parameters: Number of parameters, those of normalizations included.
        built: Whether Keras had to build the model.
    """

    id: str
    hyperparameters: Mapping[str, Any]
    kinds: tuple[Any, ...]
    network: Network | None
    reason: str | None
    parameters: int
    built: bool


def read_candidate(space: Space, hp: Any) -> Reading:
    """Read one network of a search space, without Keras where that is possible.

    The space's ``build`` first runs with layers that only know their shapes; if anything happens
    there that Keras might do otherwise, it runs again and Keras builds the model without weights.
    What was drawn in the first run is not drawn again.

    Args:
        space: The search space.
        hp: KerasTuner hyperparameters, drawn or fixed.

    Raises:
        CandidateError: The space cannot build a network from these hyperparameters.
    """
    graph = _read_shapes(space, hp)
    if graph is not None:
        return _reading(space, graph, hp, count_parameters(graph), built=False)
    candidate = build_candidate(space, hp)
    parameters = candidate.model.count_params()
    return _reading(space, layer_graph(candidate.model), hp, parameters, built=True)


def _read_shapes(space: Space, hp: Any) -> LayerGraph | None:
    """Return the layers of the shape-only model, or ``None`` if there is none to be trusted."""
    try:
        with shapes_only(space):
            model = space.build(hp)
            return model.graph if isinstance(model, ShapeModel | ShapeSequential) else None
    except (Exception, SystemExit):
        # Whether it is the stand-in's error or the space's own shows when Keras builds.
        return None


def _reading(space: Space, graph: LayerGraph, hp: Any, parameters: int, *, built: bool) -> Reading:
    network, reason = None, None
    with costing_one_candidate():
        work = host_work(find_front_end(space, hp.values))
        name = identify(space, graph, hp.values)
    try:
        network = replace(read_layer_graph(graph), front_end=work)
    except UnreadableLayer as error:
        reason = str(error)
    return Reading(
        id=name,
        hyperparameters=dict(hp.values),
        kinds=tuple(hp.space),
        network=network,
        reason=reason,
        parameters=parameters,
        built=built,
    )
