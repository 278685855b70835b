"""A candidate: one network of a search space, not yet trained."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from nas.candidates.network_id import network_id, prepared_id
from nas.errors import CandidateError, one_line
from search_spaces import find_front_end
from search_spaces.weightless import without_weights


class Space(Protocol):
    """A search space: KerasTuner's ``HyperModel``."""

    def build(self, hp: Any) -> Any:
        """Build the Keras model of one set of hyperparameters."""


@dataclass(frozen=True)
class Candidate:
    """One network of a search space.

    Attributes:
        id: Hash of the network: two settings that give one network are one candidate.
        hyperparameters: Active hyperparameters by name.
        space: KerasTuner's hyperparameters that the network asked for.
        model: The Keras model without weights; ``None`` if it cannot be built.
        preset: Name of the hand-made network it is, if it is one.
    """

    id: str
    hyperparameters: Mapping[str, Any]
    space: tuple[Any, ...] = ()
    model: Any = None
    preset: str | None = None


def build_candidate(space: Space, hp: Any) -> Candidate:
    """Build one network without weights, about three times as fast as with them.

    Args:
        space: The search space.
        hp: KerasTuner hyperparameters, drawn or fixed.

    Raises:
        CandidateError: The space cannot build a network from these hyperparameters.
    """
    with costing_one_candidate():
        model = _build(space, hp)
        identity = identify(space, model, hp.values)
        return Candidate(identity, dict(hp.values), tuple(hp.space), model)


@contextmanager
def costing_one_candidate() -> Iterator[None]:
    """Let whatever a user's space raises cost no more than the candidate.

    Raises:
        CandidateError: It raised something.
    """
    try:
        yield
    except (Exception, SystemExit) as error:
        raise CandidateError(f"the space cannot build this network: {one_line(error)}") from error


def identify(space: Space, network: Any, hyperparameters: Mapping[str, Any]) -> str:
    """Identify a candidate: its network and what prepares inputs for it.

    Args:
        space: The search space.
        network: A Keras model or its layer graph.
        hyperparameters: Those it was built from.
    """
    prepared = find_front_end(space, hyperparameters)
    return prepared_id(network_id(network), None if prepared is None else prepared.settings)


def _build(space: Space, hp: Any) -> Any:
    try:
        with without_weights():
            return space.build(hp)
    except (Exception, SystemExit):
        # A space that compiles its models, as KerasTuner's users do: its optimizer needs values.
        return space.build(hp)
