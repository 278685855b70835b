"""Candidates a search could train next, each described before it is."""

import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import zip_longest
from sys import intern
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.trial import BaseTrial

from nas.candidates.features import Features, setting_features
from nas.errors import CandidateError
from nas.sampling.draft import Draft, changes

_DRAWS = 40
"""At most this many draws for each network wanted: most may repeat others, or build none."""

_MOST_FRUITLESS = 200
"""After so many draws in a row without a new network hardly any is left; where many were found,
after half as many draws as networks, and a hundredth more a trial."""

_UNBUILT = 10
"""Where a proposal still needs a network, so many times as many draws may build none."""

_PATIENCE = 30
"""Where nothing feasible was found in its time, a proposal may take this many times as long."""

_MOST_KEPT = 1500
"""Descriptions that are kept beside those of random candidates; one takes about 10 kB."""


@dataclass(frozen=True)
class Description:
    """What is known of a candidate before it is trained.

    Attributes:
        id: Identifies the network.
        features: Features of the network by name.
        costs: Values of the objectives but the first, turned so that less is better; ``None`` if
            one is not known.
        is_feasible: Whether it keeps the constraints on what is known before training.
    """

    id: str
    features: Features
    costs: tuple[float, ...] | None
    is_feasible: bool = True


Distributions = tuple[tuple[str, BaseDistribution], ...]
"""What a mapping of distributions by name holds, as a key."""

Describe = Callable[[BaseTrial], Description]
"""Reads the space with a trial's values; raises ``CandidateError`` where it builds no network."""


@dataclass(frozen=True)
class Proposal:
    """A described candidate with the settings that give it.

    Attributes:
        description: What is known of it.
        params: Optuna parameters by name.
        distributions: Their distributions, as the space asked for them.
        settings: Features of the settings.
    """

    description: Description
    params: Mapping[str, Any]
    distributions: Mapping[str, BaseDistribution]
    settings: Features

    @property
    def has_costs(self) -> bool:
        """Whether it keeps the constraints and all its costs are known."""
        return self.description.is_feasible and self.description.costs is not None


@dataclass(frozen=True)
class Budget:
    """How much a proposal may look at.

    Attributes:
        first: Random networks in the pool of the first proposal.
        more: Random networks that each later trial adds.
        seconds: Time for describing new ones, ``None`` for no bound. Only proposals that it does
            not cut short are the same whenever seed and history are.
    """

    first: int = 2000
    more: int = 2
    seconds: float | None = 0.3


@dataclass
class Pool:
    """The described candidates of one space; what was read lately is kept.

    Attributes:
        describe: Reads the space.
        seed: Decides which candidates are drawn, in which order.
        budget: How much a proposal may look at.
    """

    describe: Describe
    seed: int
    budget: Budget = field(default_factory=Budget)
    _read: OrderedDict[bytes, Proposal | None] = field(default_factory=OrderedDict)
    _distributions: dict[Distributions, dict[str, BaseDistribution]] = field(default_factory=dict)
    _drawn: dict[str, Proposal] = field(default_factory=dict)
    _draws: int = 0
    _fruitless: int = 0
    _repeated: int = 0

    def read(self, params: Mapping[str, Any]) -> Proposal | None:
        """Describe given settings; ``None`` if they are no complete candidate of the space."""
        proposal = self._described(params)
        return proposal if proposal and dict(proposal.params) == dict(params) else None

    def recall(
        self,
        params: Mapping[str, Any],
        distributions: Mapping[str, BaseDistribution],
        description: Description,
    ) -> Proposal:
        """Take over what another process, or this run before it was resumed, has described."""
        known = self._read.get(_key(params))
        return known or self._keep_described(params, distributions, description)

    def candidates(
        self, number: int, parents: Sequence[Proposal], known: frozenset[str]
    ) -> list[Proposal]:
        """Return feasible candidates with known costs, one a network.

        Args:
            number: Number of the trial; later ones see more random candidates.
            parents: Whose one-change neighbours are among the candidates.
            known: Networks left out.
        """
        seconds = float("inf") if self.budget.seconds is None else self.budget.seconds
        wanted, started = self._wanted(number), time.monotonic()
        # Both kinds get their share of the time when describing is slow.
        share = 1.0 if len(self._drawn) >= wanted else 0.5
        pool = self._read_all(self._neighbours(number, parents), started + share * seconds)
        self._draw_up_to(number, started + seconds)
        found = _open_ones(pool | self._drawn, known)
        return found or self.random_candidate(number, known)

    def prepare(self, number: int, parents: Sequence[Proposal], seconds: float) -> bool:
        """Describe ahead, for so many seconds, what ``candidates`` will look at.

        Args:
            number: Number of the next trial.
            parents: Whose neighbours it will look at, as far as that is known now.
            seconds: Time for it.

        Returns:
            Whether something is left to describe.
        """
        end = time.monotonic() + seconds
        # More would drive out what it has just read.
        self._read_all(self._neighbours(number, parents)[: _MOST_KEPT // 2], end)
        self._draw_up_to(number, end)
        return time.monotonic() >= end

    def random_candidate(self, number: int, known: frozenset[str]) -> list[Proposal]:
        """Return one feasible random candidate with known costs, or none.

        Args:
            number: Number of the trial; later ones look longer.
            known: Networks left out.
        """
        seconds = self.budget.seconds
        end = float("inf") if seconds is None else time.monotonic() + _PATIENCE * seconds
        found = _open_ones(self._drawn, known)[:1]
        while not found and time.monotonic() < end and self._draw(number, is_patient=True):
            found = _open_ones(self._drawn, known)[:1]
        return found

    def _wanted(self, number: int) -> int:
        return self.budget.first + self.budget.more * number

    def _draw_up_to(self, number: int, end: float) -> None:
        wanted = self._wanted(number)
        while len(self._drawn) < wanted and time.monotonic() < end and self._draw(number):
            pass

    def _draw(self, number: int, *, is_patient: bool = False) -> bool:
        """Draw once, if there is a network left to be expected.

        Args:
            number: Number of the trial.
            is_patient: Whether draws that build nothing count for less than known networks.
        """
        patience = max(_MOST_FRUITLESS, len(self._drawn) * (50 + number) // 100)
        most_unbuilt = _UNBUILT * patience if is_patient else patience
        is_exhausted = self._repeated >= patience or self._fruitless >= most_unbuilt
        if self._draws >= _DRAWS * self._wanted(number) or is_exhausted:
            return False
        rng = np.random.default_rng((self.seed, 0, self._draws))
        self._draws += 1
        proposal = self._describe_draft(Draft({}, rng))
        self._fruitless += 1
        if proposal and proposal.description.id in self._drawn:
            self._repeated += 1
        elif proposal:
            self._drawn[proposal.description.id] = proposal
            self._fruitless = self._repeated = 0
        return True

    def _neighbours(self, number: int, parents: Sequence[Proposal]) -> list[dict[str, Any]]:
        """Return settings with one changed.

        Parents and parameters take turns, so that a bound on time cuts none of them off.
        """
        rng = np.random.default_rng((self.seed, 1, number))
        turns = zip_longest(*(_one_change(parent, rng) for parent in parents))
        return [changed for turn in turns for changed in turn if changed]

    def _read_all(self, wanted: Sequence[Mapping[str, Any]], end: float) -> dict[str, Proposal]:
        """Describe settings until a time; return the candidates by network, the first of each."""
        found: dict[str, Proposal] = {}
        for settings in wanted:
            if time.monotonic() >= end:
                break
            proposal = self._described(settings)
            if proposal:
                found.setdefault(proposal.description.id, proposal)
        return found

    def _described(self, wanted: Mapping[str, Any]) -> Proposal | None:
        key = _key(wanted)
        if key in self._read:
            self._read.move_to_end(key)
            return self._read[key]
        # What the settings uncover is drawn by their content: the same in a resumed search.
        rng = np.random.default_rng((self.seed, 2, zlib.crc32(key)))
        return self._keep(key, self._describe_draft(Draft(wanted, rng)))

    def _keep(self, key: bytes, proposal: Proposal | None) -> Proposal | None:
        self._read[key] = proposal
        while len(self._read) > _MOST_KEPT:
            self._read.popitem(last=False)
        return proposal

    def _describe_draft(self, draft: Draft) -> Proposal | None:
        try:
            description = self.describe(draft)
        except CandidateError:
            return None
        return self._keep_described(draft.params, draft.distributions, description)

    def _keep_described(
        self,
        params: Mapping[str, Any],
        distributions: Mapping[str, BaseDistribution],
        description: Description,
    ) -> Proposal:
        """Keep a candidate; names and distributions are shared by all that have the same."""
        named = {intern(name): value for name, value in params.items()}
        shared = self._distributions.setdefault(tuple(distributions.items()), dict(distributions))
        proposal = Proposal(description, named, shared, setting_features(named, shared))
        self._keep(_key(named), proposal)
        return proposal


def _key(params: Mapping[str, Any]) -> bytes:
    """Identify settings in a few bytes."""
    return blake2b(repr(sorted(params.items())).encode(), digest_size=16).digest()


def _open_ones(proposals: Mapping[str, Proposal], known: frozenset[str]) -> list[Proposal]:
    """Return those that are new, feasible and have known costs."""
    return [
        proposal for name, proposal in proposals.items() if name not in known and proposal.has_costs
    ]


def _one_change(parent: Proposal, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Return the parent's parameters with one changed, the first change of each first."""
    by_name = [
        [
            {**parent.params, name: changed}
            for changed in changes(distribution, parent.params[name], rng)
        ]
        for name, distribution in parent.distributions.items()
    ]
    return [changed for turn in zip_longest(*by_name) for changed in turn if changed]
