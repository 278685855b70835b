"""Settings of a space drawn at random and changed one at a time, each costed without training."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution

from nas.auditing.audit_sample import Answer, Costed, Knob, Pair, Sample, Verdict
from nas.candidates.candidate import Space
from nas.candidates.costs import cost_fields
from nas.candidates.hyperparameters import (
    EXPONENT_SUFFIX,
    INDEX_SUFFIX,
    OptunaHyperParameters,
    fixed_hyperparameters,
)
from nas.candidates.reading import Reading, read_candidate
from nas.edgetpu.estimator import Estimate, Estimator
from nas.edgetpu.remedies import unmapped_layers
from nas.errors import CandidateError
from nas.network.network import Network
from nas.records.record import Record
from nas.sampling.draft import Draft, draw

_MOST_DRAWS = 100


@dataclass
class Sampler:
    """Fills a sample; it can be interrupted at any time.

    Attributes:
        name: Name of the space.
        space: The search space.
        estimator: The chip model.
        seed: Decides every draw.
        sample: What was read so far.
    """

    name: str
    space: Space
    estimator: Estimator
    seed: int
    sample: Sample = field(default_factory=Sample)
    _changed: Counter[str] = field(default_factory=Counter)

    def read_presets(self, presets: Mapping[str, Mapping[str, Any]]) -> None:
        """Read the hand-made networks."""
        for name, values in presets.items():
            costed = self._read(fixed_hyperparameters(values), preset=name)
            self.sample.presets.append(costed)

    def fill(self, count: int) -> Iterator[int]:
        """Read settings drawn at random, each followed by one with a single knob changed.

        Args:
            count: Settings in all.

        Yields:
            How many are read, after each.
        """
        while len(self.sample) < count:
            number = len(self.sample.drawn)
            draft = Draft({}, np.random.default_rng((self.seed, 0, number)))
            costed = self._read(OptunaHyperParameters(draft))
            self.sample.drawn.append(costed)
            yield len(self.sample)
            if costed.builds and len(self.sample) < count:
                rng = np.random.default_rng((self.seed, 1, number))
                if self._change(costed, draft, rng):
                    yield len(self.sample)

    def _change(self, before: Costed, draft: Draft, rng: np.random.Generator) -> bool:
        """Change the active knob that was changed least; false if there is none to change."""
        open_to_change = [n for n, d in draft.distributions.items() if not d.single()]
        if not open_to_change:
            return False
        parameter = min(open_to_change, key=lambda name: self._changed[name])
        self._changed[parameter] += 1
        value = _another(draft.distributions[parameter], draft.params[parameter], rng)
        changed = Draft({**draft.params, parameter: value}, rng)
        after = self._read(OptunaHyperParameters(changed))
        self.sample.pairs.append(Pair(self._knob(parameter), before, after))
        return True

    def _knob(self, parameter: str) -> str:
        """Return the hyperparameter behind an Optuna parameter."""
        names = (parameter.removesuffix(suffix) for suffix in (INDEX_SUFFIX, EXPONENT_SUFFIX))
        return next((name for name in names if name in self.sample.knobs), parameter)

    def _read(self, hp: Any, preset: str | None = None) -> Costed:
        try:
            reading = read_candidate(self.space, hp)
        except CandidateError as error:
            return self._failed(hp, preset, error)
        for kind in reading.kinds:
            self.sample.knobs.setdefault(kind.name, _describe(kind))
        estimate = self.estimator.estimate(reading.network) if reading.network else None
        return Costed(self._record(reading, estimate, preset), _verdicts(reading, estimate))

    def _failed(self, hp: Any, preset: str | None, error: CandidateError) -> Costed:
        reason, kind = str(error), type(error.__cause__).__name__
        record = Record("", self.name, dict(hp.values), "failed", reason, preset)
        return Costed(record, {"builds": Verdict("no", reason, kind)})

    def _record(self, reading: Reading, estimate: Estimate | None, preset: str | None) -> Record:
        costs = {} if estimate is None else cost_fields(estimate)
        return Record(
            reading.id,
            self.name,
            reading.hyperparameters,
            "complete",
            preset=preset,
            parameters=reading.parameters,
            **costs,
        )


def _another(distribution: BaseDistribution, value: Any, rng: np.random.Generator) -> Any:
    """Draw until the value is another one; a skewed distribution may give the same one again."""
    for _ in range(_MOST_DRAWS):
        drawn = draw(distribution, rng)
        if drawn != value:
            break
    return drawn


def _describe(kind: Any) -> Knob:
    low, high = getattr(kind, "min_value", None), getattr(kind, "max_value", None)
    if low is not None and high is not None:
        return Knob(kind.name, (low, high), is_range=True)
    return Knob(kind.name, tuple(kind.values), is_range=False)


def _verdicts(reading: Reading, estimate: Estimate | None) -> dict[str, Verdict]:
    verdicts = {"builds": Verdict("yes")}
    if estimate is None or reading.network is None:
        unknown = _reasoned("unknown", reading.reason or "its operators cannot be read")
        return verdicts | {"maps": unknown, "fits": unknown, "compiles": unknown}
    return verdicts | {
        "maps": _maps(reading.network, estimate),
        "fits": Verdict("yes" if estimate.off_chip_bytes == 0 else "no"),
        "compiles": _compiles(estimate),
    }


def _maps(network: Network, estimate: Estimate) -> Verdict:
    found = unmapped_layers(network, estimate)
    return _reasoned("no", "; ".join(found)) if found else Verdict("yes")


def _compiles(estimate: Estimate) -> Verdict:
    if estimate.compiles == "yes":
        return Verdict("yes")
    return _reasoned(estimate.compiles, estimate.compile_reason)


def _reasoned(answer: Answer, reason: str) -> Verdict:
    return Verdict(answer, reason, re.sub(r"_?\d+(\.\d+)?", "", reason))
