"""``python -m nas.edgetpu.supported_operators``: the placement rules as a page of documentation."""

from collections.abc import Iterable
from textwrap import fill

from nas.edgetpu import placement
from nas.edgetpu.rules import NEWEST_VERSIONS, RULES, SUPPORTED_VERSIONS, Rule

COMMAND = "python -m nas.edgetpu.supported_operators > docs/supported_operators.md"
_WIDTH = 100
_DEFAULT_NEWEST = 2

_INTRODUCTION = f"""# What runs on the Edge TPU

Generated from `nas/edgetpu/rules.py` and `nas/edgetpu/placement.py`; renew it with
`{COMMAND}`.

"""
_OPERATORS = """
## Operators

*Seen mapped* are the operator versions found in compiled models; `documented` where Coral's list
names an operator that none of those models had. A version newer than *accepted up to* is refused;
one between the two is in doubt.

| operator | seen mapped | accepted up to |
|---|---|---|
"""
_CERTAIN = """
## Rules

An operator that breaks one of these stays on the CPU. They are checked in this order, and the first
that is broken is told, after the compiler's own words for it.

| | rule | in the compiler's words |
|---|---|---|
"""
_DOUBTFUL = """
## In doubt

The compiler was seen, or is documented, to decide either way. An operator that breaks one of these
is placed on the Edge TPU, and whether the network compiles is `uncertain`.

| | rule | in the compiler's words |
|---|---|---|
"""


def render_page() -> str:
    """Render the whole page as Markdown."""
    cut = (placement.__doc__ or "").strip().split("\n\n")
    return "".join([
        _INTRODUCTION,
        "\n\n".join(fill(" ".join(paragraph.split()), _WIDTH) for paragraph in cut),
        "\n",
        _OPERATORS,
        *(_operator(name) for name in sorted(SUPPORTED_VERSIONS)),
        _CERTAIN,
        *_rules(rule for rule in RULES if rule.is_certain),
        _DOUBTFUL,
        *_rules(rule for rule in RULES if not rule.is_certain),
    ])  # fmt: skip


def _operator(name: str) -> str:
    seen = ", ".join(map(str, SUPPORTED_VERSIONS[name])) or "documented"
    return f"| `{name}` | {seen} | {NEWEST_VERSIONS.get(name, _DEFAULT_NEWEST)} |\n"


def _rules(rules: Iterable[Rule]) -> list[str]:
    return [
        f"| {number} | {rule.words} | {rule.status} |\n"
        for number, rule in enumerate(rules, start=1)
    ]


if __name__ == "__main__":
    print(render_page(), end="")
