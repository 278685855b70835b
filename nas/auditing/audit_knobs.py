"""What each hyperparameter does to the network and its costs, from changes of it alone."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from nas.auditing.audit_costs import COSTS, Cost
from nas.auditing.audit_sample import Costed, Knob, Pair, Sample
from nas.evaluation.interval import accuracy_interval

Role = Literal["live", "free", "dead", "unclear", "single", "unseen"]
"""``live`` changed a cost, ``free`` the network but no cost, ``dead`` neither; ``unclear`` changed
networks whose costs are not known; ``single`` has one value; ``unseen`` was never changed, as it
was never active or too little was read."""


@dataclass(frozen=True)
class Effect:
    """What changing one knob does to one cost.

    Attributes:
        rms_change: Root mean square of the cost's changes, in its unit.
        ratio: The same over that between two settings drawn independently: 1 where the knob alone
            changes the cost as much as drawing all of them anew; ``None`` for a constant cost.
    """

    rms_change: float
    ratio: float | None


@dataclass(frozen=True)
class KnobEffect:
    """What changing one knob does.

    Attributes:
        knob: The hyperparameter.
        role: What it is good for.
        active: Settings drawn at random in which it is active.
        changes: Settings in which it was changed, and nothing but what that uncovers.
        other_networks: Changes that gave another network, or none.
        other_costs: Changes that gave another cost, or no network.
        effects: By cost; ``None`` where no change knows the cost on both sides.
    """

    knob: Knob
    role: Role
    active: int
    changes: int
    other_networks: int
    other_costs: int
    effects: Mapping[str, Effect | None]

    @property
    def strongest(self) -> float:
        """The largest ratio over all costs, 0 without any."""
        ratios = [effect.ratio for effect in self.effects.values() if effect]
        return max((ratio for ratio in ratios if ratio is not None), default=0.0)

    @property
    def most_other_networks(self) -> float | None:
        """Upper end of the 95 % interval of the share of changes that give another network."""
        if not self.changes:
            return None
        return accuracy_interval(self.other_networks / self.changes, self.changes)[1]

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON fields."""
        values = [_plain_value(value) for value in self.knob.values]
        choice = {"range": values} if self.knob.is_range else {"values": values}
        return {
            "name": self.knob.name,
            **choice,
            "role": self.role,
            "active": self.active,
            "changes": self.changes,
            "other_networks": self.other_networks,
            "other_costs": self.other_costs,
            "effects": {name: effect and vars(effect) for name, effect in self.effects.items()},
        }


def knob_effects(sample: Sample, costs: Mapping[str, Cost]) -> list[KnobEffect]:
    """Return every knob, the one with the strongest effect on any cost first.

    Args:
        sample: What was read of the space.
        costs: Costs of its settings drawn at random.

    Reference:
        ``ratio`` squared is Jansen's estimator of the total effect index, conditional on the
        knob being active and its value another one: Jansen, Analysis of variance designs for model
        output, Computer Physics Communications 117, 1999, doi:10.1016/S0010-4655(98)00154-4.
    """
    pairs: dict[str, list[Pair]] = {name: [] for name in sample.knobs}
    for pair in sample.pairs:
        pairs.setdefault(pair.knob, []).append(pair)
    found = [_effect(knob, pairs[name], sample.drawn, costs) for name, knob in sample.knobs.items()]
    return sorted(found, key=lambda each: -each.strongest)


def _effect(
    knob: Knob, pairs: Sequence[Pair], drawn: Sequence[Costed], costs: Mapping[str, Cost]
) -> KnobEffect:
    effects = {name: _on_cost(pairs, costs[name]) for name in COSTS}
    other_networks = sum(_network(pair.before) != _network(pair.after) for pair in pairs)
    other_costs = sum(_costs(pair.before) != _costs(pair.after) for pair in pairs)
    return KnobEffect(
        knob=knob,
        role=_role(
            knob, len(pairs), other_networks, other_costs, is_known=None not in effects.values()
        ),
        active=sum(knob.name in each.record.hyperparameters for each in drawn),
        changes=len(pairs),
        other_networks=other_networks,
        other_costs=other_costs,
        effects=effects,
    )


def _role(
    knob: Knob, changes: int, other_networks: int, other_costs: int, *, is_known: bool
) -> Role:
    if not changes:
        return "single" if len(set(knob.values)) == 1 else "unseen"
    if not other_networks:
        return "dead"
    if other_costs:
        return "live"
    return "free" if is_known else "unclear"


def _on_cost(pairs: Sequence[Pair], cost: Cost) -> Effect | None:
    both = [[getattr(side.record, cost.name) for side in (p.before, p.after)] for p in pairs]
    changes = [after - before for before, after in both if before is not None and after is not None]
    if not changes:
        return None
    rms_change = math.sqrt(float(np.mean(np.square(np.array(changes, dtype=np.float64)))))
    # Two independent draws differ by √2 standard deviations in the root mean square.
    ratio = rms_change / (math.sqrt(2) * cost.deviation) if cost.deviation else None
    return Effect(rms_change, ratio)


def _network(costed: Costed) -> str | None:
    return costed.record.candidate_id if costed.builds else None


def _costs(costed: Costed) -> tuple[Any, ...]:
    return (costed.builds, *(getattr(costed.record, name) for name in COSTS))


def _plain_value(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else str(value)
