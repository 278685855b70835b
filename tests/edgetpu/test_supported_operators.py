"""The documentation page of operators and rules: what it says, and that it is up to date."""

from pathlib import Path

from nas.edgetpu.rules import RULES, SUPPORTED_VERSIONS
from nas.edgetpu.supported_operators import COMMAND, render_page

PAGE = Path(__file__).parents[2] / "docs" / "supported_operators.md"


def test_the_committed_page_is_up_to_date() -> None:
    assert PAGE.read_text() == render_page(), f"renew it: {COMMAND}"


def test_every_operator_and_every_rule_is_on_the_page() -> None:
    page = render_page()
    assert all(f"\n| `{name}` | " in page for name in SUPPORTED_VERSIONS)
    assert all(f" | {rule.words} | {rule.status} |\n" in page for rule in RULES)
