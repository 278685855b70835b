"""A search space before any training: what it holds, what it costs, which choices matter."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from typing import Any

from nas.auditing.audit_costs import COSTS, Cost, cost_spreads, known_values
from nas.auditing.audit_knobs import KnobEffect, knob_effects
from nas.auditing.audit_sample import Answer, Costed, Sample
from nas.auditing.audit_shares import (
    Reason,
    Share,
    check_shares,
    constraint_shares,
    keeps,
    reasons,
    usable,
    usable_share,
)
from nas.edgetpu.chip import CHIP
from nas.edgetpu.estimator import Estimator
from nas.records.constraint import Constraint
from nas.records.pareto import pareto_front
from nas.records.record import Record
from objectives import OBJECTIVES
from search_spaces import example_shape

FRONT = (OBJECTIVES["latency_ms"], OBJECTIVES["memory_bytes"])
"""The front of costs: as fast and as small as the space can be."""

_AT_A_TIME = 1000


@dataclass(frozen=True)
class Question:
    """What an audit was asked.

    Attributes:
        space: Name of the space.
        image_size: Side of its input in pixels.
        classes: Number of classes.
        candidates: Settings to read.
        seed: Seed of the draws.
        estimator: Chip, link and host that the costs are for.
        constraints: Bounds to keep.
    """

    space: str
    image_size: int
    classes: int
    candidates: int
    seed: int
    estimator: Estimator
    constraints: tuple[Constraint, ...]

    @property
    def input_words(self) -> str:
        """What the space is built for, such as ``64 x 64 pixels``."""
        shape = example_shape(self.space, self.image_size)
        if len(shape) == 3:
            return f"{self.image_size} x {self.image_size} pixels"
        return f"{shape[0]} samples of {shape[1]} channels"

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON fields."""
        return {
            "space": self.space,
            "image_size": self.image_size,
            "classes": self.classes,
            "candidates": self.candidates,
            "seed": self.seed,
            "link": self.estimator.link,
            "clock_mhz": self.estimator.clock_mhz,
            "host": self.estimator.host,
            "profile": self.estimator.profile,
            "constraints": [constraint.text for constraint in self.constraints],
        }


@dataclass(frozen=True)
class Duplicates:
    """How many settings give a network that another one gives too.

    Attributes:
        settings: Different settings drawn at random that build.
        networks: Different networks they give.
    """

    settings: int
    networks: int

    @property
    def share(self) -> float | None:
        """Share of these settings that add no network, 0 – 1."""
        return 1 - self.networks / self.settings if self.settings else None


@dataclass(frozen=True)
class Preset:
    """A hand-made network among those drawn at random.

    Attributes:
        costed: Its costs.
        keeps: Whether it keeps the constraints.
        ranks: By cost, the share of drawn networks that cost less; ``None`` if it is not known.
    """

    costed: Costed
    keeps: Answer
    ranks: Mapping[str, float | None]


@dataclass(frozen=True)
class Audit:
    """What was found; all costs are estimates of the chip model.

    Attributes:
        question: What was asked.
        drawn: Settings drawn at random; shares, costs and duplicates are theirs.
        changed: Settings that change one knob of these.
        checks: Shares that build, map, fit and compile.
        constraints: Shares that keep each constraint, by its text.
        usable: Share that a search would train.
        reasons: Why settings do not pass.
        duplicates: Settings and networks.
        costs: Every cost.
        knobs: Every hyperparameter, the strongest first.
        presets: The hand-made networks.
        front: Networks that a search would train and no other one beats in latency and memory,
            the fastest first.
        networks: Every different network that was read, presets among them.
        usable_ids: Those that a search would train.
    """

    question: Question
    drawn: int
    changed: int
    checks: Mapping[str, Share]
    constraints: Mapping[str, Share]
    usable: Share
    reasons: Sequence[Reason]
    duplicates: Duplicates
    costs: Mapping[str, Cost]
    knobs: Sequence[KnobEffect]
    presets: Sequence[Preset]
    front: Sequence[Record]
    networks: Sequence[Record]
    usable_ids: frozenset[str]

    @property
    def is_interrupted(self) -> bool:
        """Whether fewer settings were read than asked for."""
        return self.drawn + self.changed < self.question.candidates

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON value; what is not known is ``None``."""
        return {
            **self.question.as_dict(),
            "source": "estimate",
            "interrupted": self.is_interrupted,
            "drawn": self.drawn,
            "changed": self.changed,
            "chip_memory_bytes": CHIP.wide_bytes,
            "shares": {check: share.as_dict() for check, share in self.checks.items()},
            "constraint_shares": {text: s.as_dict() for text, s in self.constraints.items()},
            "usable": self.usable.as_dict(),
            "reasons": [asdict(reason) for reason in self.reasons],
            "duplicates": {**vars(self.duplicates), "share": self.duplicates.share},
            "costs": {name: cost.as_dict() for name, cost in self.costs.items()},
            "knobs": [knob.as_dict() for knob in self.knobs],
            "knobs_without_effect": self.knobs_of("dead"),
            "knobs_without_cost": self.knobs_of("free"),
            "presets": [_preset_dict(preset) for preset in self.presets],
            "front": [_network_dict(record) for record in self.front],
        }

    def knobs_of(self, role: str) -> list[str]:
        """Return the names of the knobs with a role, in alphabetical order."""
        return sorted(each.knob.name for each in self.knobs if each.role == role)


def audit(question: Question, sample: Sample) -> Audit:
    """Sum up what was read of a space.

    Args:
        question: What was asked.
        sample: What was read; it may be less.
    """
    drawn = [costed.record for costed in sample.drawn if costed.builds]
    networks = _different(sample)
    usable_ids = _usable_ids(networks, question.constraints)
    costs = cost_spreads(drawn)
    return Audit(
        question=question,
        drawn=len(sample.drawn),
        changed=len(sample.pairs),
        checks=check_shares(sample.drawn),
        constraints=constraint_shares(sample.drawn, question.constraints),
        usable=usable_share(sample.drawn, question.constraints),
        reasons=reasons(sample.drawn),
        duplicates=_duplicates(drawn),
        costs=costs,
        knobs=knob_effects(sample, costs),
        presets=[_preset(each, drawn, question.constraints) for each in sample.presets],
        front=_front([r.record for r in networks.values() if r.record.candidate_id in usable_ids]),
        networks=[costed.record for costed in networks.values()],
        usable_ids=usable_ids,
    )


def _different(sample: Sample) -> dict[str, Costed]:
    """Return one setting of every network; presets come first, so that they keep their names."""
    everything = [*sample.presets, *sample.drawn, *(pair.after for pair in sample.pairs)]
    networks: dict[str, Costed] = {}
    for costed in everything:
        if costed.builds:
            networks.setdefault(costed.record.candidate_id, costed)
    return networks


def _usable_ids(
    networks: Mapping[str, Costed], constraints: Sequence[Constraint]
) -> frozenset[str]:
    return frozenset(name for name, each in networks.items() if usable(each, constraints) != "no")


def _duplicates(drawn: Sequence[Record]) -> Duplicates:
    settings = {repr(sorted(record.hyperparameters.items())) for record in drawn}
    return Duplicates(len(settings), len({record.candidate_id for record in drawn}))


def _front(records: Sequence[Record]) -> list[Record]:
    """Return the front of many records; comparing all at once would need memory for each pair."""
    parts = [records[i : i + _AT_A_TIME] for i in range(0, len(records), _AT_A_TIME)]
    start: list[Record] = []
    return reduce(lambda front, part: pareto_front([*front, *part], FRONT), parts, start)


def _preset(costed: Costed, drawn: Sequence[Record], constraints: Sequence[Constraint]) -> Preset:
    return Preset(
        costed,
        keeps(costed, constraints) if costed.builds else "no",
        {name: _rank(getattr(costed.record, name), drawn, name) for name in COSTS},
    )


def _rank(value: float | None, drawn: Sequence[Record], name: str) -> float | None:
    values = known_values(drawn, name)
    return None if value is None or not len(values) else float((values < value).mean())


def _preset_dict(preset: Preset) -> dict[str, Any]:
    costed = preset.costed
    return {
        **_network_dict(costed.record),
        "reason": costed.record.reason,
        **{check: verdict.answer for check, verdict in costed.verdicts.items()},
        "keeps_constraints": preset.keeps,
        "share_that_costs_less": preset.ranks,
    }


def _network_dict(record: Record) -> dict[str, Any]:
    ends = ("latency_low_ms", "latency_high_ms")
    return {
        "candidate_id": record.candidate_id or None,
        "preset": record.preset,
        "hyperparameters": dict(record.hyperparameters),
        **{name: getattr(record, name) for name in (*COSTS, *ends)},
    }
