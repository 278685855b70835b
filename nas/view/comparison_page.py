"""The page that compares several runs."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template

from nas.view.comparison import Run, differences
from nas.view.comparison_data import comparison_data
from nas.view.page import as_script_data, part, plotly, policy, script
from nas.view.whole_file import whole_file

_SCRIPTS = ("page_elements.js", "page_theme.js", "comparison.js")


def write_comparison(path: Path, runs: Sequence[Run]) -> None:
    """Write the page, whole or not at all.

    Raises:
        UserError: The runs cannot be compared.
        OSError: The file cannot be written.
    """
    page = comparison_page(runs)
    with whole_file(path) as unfinished:
        unfinished.write_text(page, encoding="utf-8", errors="backslashreplace", newline="\n")


def comparison_page(runs: Sequence[Run]) -> str:
    """Return the page as HTML: nothing in it is loaded from elsewhere, and data runs nothing.

    Raises:
        UserError: The runs cannot be compared.
    """
    scripts = {"plotly": plotly(), "script": script(_SCRIPTS)}
    said = differences(runs) or ["The runs have the same data, objectives and training."]
    return Template(part("comparison.html")).substitute(
        scripts,
        policy=policy(scripts.values()),
        style=part("page.css"),
        statements="".join(f"<li>{escape(sentence)}</li>" for sentence in said),
        data=as_script_data(comparison_data(runs)),
    )
