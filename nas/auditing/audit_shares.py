"""Which share of a space's settings passes each check, and why the others do not."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from nas.auditing.audit_sample import CHECKS, Answer, Costed
from nas.evaluation.interval import accuracy_interval
from nas.records.constraint import Constraint

_MOST_REASONS = 3


@dataclass(frozen=True)
class Share:
    """How many settings answer a check in each way."""

    yes: int
    no: int
    uncertain: int
    unknown: int

    @property
    def known(self) -> int:
        """Settings whose answer is known; ``uncertain`` is one."""
        return self.yes + self.no + self.uncertain

    @property
    def share(self) -> float | None:
        """Share of ``yes`` among the known answers, 0 – 1; ``None`` without any."""
        return self.yes / self.known if self.known else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the share in the whole space; ``None`` without any known answer."""
        return accuracy_interval(self.yes / self.known, self.known) if self.known else None

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON fields."""
        low, high = self.interval or (None, None)
        return {**vars(self), "share": self.share, "share_low": low, "share_high": high}


@dataclass(frozen=True)
class Reason:
    """Why settings do not pass a check.

    Attributes:
        check: The check.
        answer: What they answer.
        count: How many of the drawn settings.
        example: The words of the first.
    """

    check: str
    answer: Answer
    count: int
    example: str


def check_shares(drawn: Sequence[Costed]) -> dict[str, Share]:
    """Return the share of settings that build, and the share of their networks that pass.

    Args:
        drawn: Settings drawn at random.
    """
    return {check: _share(_answers(drawn, check)) for check in CHECKS}


def constraint_shares(
    drawn: Sequence[Costed], constraints: Sequence[Constraint]
) -> dict[str, Share]:
    """Return the share of networks that keep each constraint, by its text."""
    built = [costed for costed in drawn if costed.builds]
    return {
        constraint.text: _share(keeps(costed, [constraint]) for costed in built)
        for constraint in constraints
    }


def usable_share(drawn: Sequence[Costed], constraints: Sequence[Constraint]) -> Share:
    """Return the share of settings whose network a search would train.

    They build, the compiler may accept them, and they keep every constraint.
    """
    return _share(usable(costed, constraints) for costed in drawn)


def usable(costed: Costed, constraints: Sequence[Constraint]) -> Answer:
    """Tell whether a search would train a setting's network."""
    if not costed.builds or costed.verdicts["compiles"].answer == "no":
        return "no"
    return keeps(costed, constraints)


def keeps(costed: Costed, constraints: Sequence[Constraint]) -> Answer:
    """Tell whether a network keeps all constraints."""
    margins = [constraint.margin(costed.record.as_dict()) for constraint in constraints]
    if any(margin is not None and margin > 0 for margin in margins):
        return "no"
    return "unknown" if None in margins else "yes"


def reasons(drawn: Sequence[Costed]) -> list[Reason]:
    """Return why settings do not pass, the most frequent reasons of each check first."""
    found = [reason for check in CHECKS for reason in _reasons(drawn, check)]
    # What is not known is not known for every check; it is said once.
    shown: dict[tuple[Answer, str], Reason] = {}
    for reason in found:
        shown.setdefault((reason.answer, reason.example), reason)
    return list(shown.values())


def _reasons(drawn: Sequence[Costed], check: str) -> list[Reason]:
    verdicts = [each.verdicts[check] for each in drawn if check in each.verdicts]
    said = [(v.answer, v.kind, v.reason) for v in verdicts if v.reason is not None]
    counts = Counter((answer, kind) for answer, kind, _ in said)
    examples = {(answer, kind): reason for answer, kind, reason in reversed(said)}
    return [
        Reason(check, key[0], count, examples[key])
        for key, count in counts.most_common(_MOST_REASONS)
    ]


def _answers(drawn: Sequence[Costed], check: str) -> list[Answer]:
    return [each.verdicts[check].answer for each in drawn if check in each.verdicts]


def _share(answers: Iterable[Answer]) -> Share:
    counts = Counter(answers)
    return Share(counts["yes"], counts["no"], counts["uncertain"], counts["unknown"])
