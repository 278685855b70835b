"""A search over a table of trained networks: what a sampler may ask and what it is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import optuna
from numpy.typing import NDArray

from nas.candidates.features import Features
from nas.errors import CandidateError
from nas.sampling.proposals import Description

Settings = tuple[str, ...]


@dataclass(frozen=True)
class Problem:
    """All settings whose network a table lists.

    Attributes:
        losses: Error and costs of each network, ``(networks, objectives)``, less is better.
        features: Features of each network.
        places: Place of the network of each listed setting; the others are barred.
        choices: What may be set, with its values.
    """

    losses: NDArray[np.float64]
    features: Sequence[Features] = field(repr=False)
    places: Mapping[Settings, int] = field(repr=False)
    choices: Mapping[str, Sequence[str]]

    def place(self, trial: optuna.trial.BaseTrial) -> int | None:
        """Draw settings and return the place of their network, ``None`` if it is barred."""
        drawn = (trial.suggest_categorical(*choice) for choice in self.choices.items())
        return self.places.get(tuple(drawn))

    def describe(self, trial: optuna.trial.BaseTrial) -> Description:
        """Describe the network of a trial's settings as a search does before it trains it.

        Raises:
            CandidateError: It is barred.
        """
        place = self.place(trial)
        if place is None:
            raise CandidateError("the table does not list this network; draw another")
        return Description(str(place), self.features[place], tuple(self.losses[place, 1:]))
