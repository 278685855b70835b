"""What was read of a search space: settings, their networks' costs, and which pass which check."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from nas.records.record import Record

Answer = Literal["yes", "no", "uncertain", "unknown"]

CHECKS = ("builds", "maps", "fits", "compiles")
"""What every network is asked: is there one, does all of it run on the chip, are its parameters
kept in the chip's memory, does the compiler accept it."""


@dataclass(frozen=True)
class Verdict:
    """The answer to a check.

    Attributes:
        answer: ``unknown`` where the operators are only known by converting the model.
        reason: Why it is not ``yes``, where there is more to say.
        kind: Equal for reasons that differ in details only.
    """

    answer: Answer
    reason: str | None = None
    kind: str | None = None


@dataclass(frozen=True)
class Costed:
    """One setting with the costs of its network; ``verdicts`` has those that were reached."""

    record: Record
    verdicts: Mapping[str, Verdict]

    @property
    def builds(self) -> bool:
        """Whether there is a network."""
        return self.verdicts["builds"].answer == "yes"


@dataclass(frozen=True)
class Knob:
    """A hyperparameter.

    Attributes:
        name: Its name in the space.
        values: Its choices, or lowest and highest value of a range.
        is_range: Whether ``values`` are the ends of a range.
    """

    name: str
    values: tuple[Any, ...]
    is_range: bool


@dataclass(frozen=True)
class Pair:
    """Two settings that differ in one knob, and in what its change uncovers."""

    knob: str
    before: Costed
    after: Costed


@dataclass
class Sample:
    """What was read of a space, in order.

    Attributes:
        drawn: Settings drawn at random; only they stand for the space.
        pairs: Some of them again, each with a second one that differs in one knob.
        presets: The hand-made networks.
        knobs: Hyperparameters that any network registered, by name.
    """

    drawn: list[Costed] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    presets: list[Costed] = field(default_factory=list)
    knobs: dict[str, Knob] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.drawn) + len(self.pairs)
