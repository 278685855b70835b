"""The report: one page that needs no network."""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from hashlib import sha256
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from nas.records.anatomy import read_anatomy
from nas.records.int8_loss import read_int8_loss
from nas.records.record import Record
from nas.records.run import RunConfig, RunDirectory
from nas.view.page_data import page_data
from nas.view.statement import counted, statements
from nas.view.table import candidate_table, front_table, pairs
from nas.view.text import plain
from nas.view.whole_file import whole_file
from objectives import Objective

_SCRIPTS = (
    "page_elements.js", "page_theme.js", "page_model.js", "page_front.js", "page_candidate.js",
    "page_search.js", "page_tables.js", "page.js",
)  # fmt: skip
# Inside a script element, these could end it or be taken for markup.
_SCRIPT_ESCAPES = {ord(each): f"\\u{ord(each):04x}" for each in "<>&\u2028\u2029"}


def write_report(
    path: Path, config: RunConfig, records: Sequence[Record], objectives: Sequence[Objective]
) -> None:
    """Write the report, whole or not at all.

    Args:
        path: ``report.html`` in the run directory, which the export commands on the page name.
        config: Configuration of the run.
        records: All its records.
        objectives: What the search pursues.
    """
    page = report_page(config, records, objectives, run=path.parent)
    with whole_file(path) as unfinished:
        unfinished.write_text(page, encoding="utf-8", errors="backslashreplace", newline="\n")


def report_page(
    config: RunConfig,
    records: Sequence[Record],
    objectives: Sequence[Objective],
    *,
    run: Path,
    version: str | None = None,
) -> str:
    """Return the page as HTML: nothing in it is loaded from elsewhere, and data runs nothing.

    Args:
        config: Configuration of the run.
        records: All its records.
        objectives: What the search pursues.
        run: The run directory.
        version: What a server says of the run as it is here; the page asks it for a newer one.
    """
    scripts = {"plotly": plotly(), "script": script(_SCRIPTS)}
    title = f"{plain(config.space, 80)} on {plain(config.data, 80)}"
    return Template(part("page.html")).substitute(
        scripts,
        policy=policy(scripts.values(), is_served=version is not None),
        version="" if version is None else f' data-version="{escape(version)}"',
        style=part("page.css"),
        title=escape(f"{title}: Pareto front"),
        heading=f"<bdi>{escape(title)}</bdi>",
        lead=escape(_lead(config, records)),
        statements="".join(
            f"<li><bdi>{escape(plain(said, 600))}</bdi></li>"
            for said in statements(config, records)
        ),
        front=front_table(records, objectives, run),
        counts=f"<p>{escape(counted(records) or 'none yet')}</p>",
        candidates=candidate_table(records),
        configuration=_configuration(config),
        data=as_script_data(
            page_data(
                config,
                records,
                objectives,
                run=str(run),
                anatomy=partial(read_anatomy, RunDirectory(run), config),
                int8_loss=partial(read_int8_loss, RunDirectory(run)),
            )
        ),
    )


def part(name: str) -> str:
    """Return a file of this room."""
    return files("nas.view").joinpath(name).read_text(encoding="utf-8")


def plotly() -> str:
    """Return Plotly's own script."""
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


def policy(scripts: Iterable[str], *, is_served: bool = False) -> str:
    """Return a policy that runs these scripts, allows inline styles and forbids all else.

    A page that is served may also ask its own server.
    """
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    connect = "connect-src 'self'; " if is_served else ""
    return (
        f"default-src 'none'; script-src {hashes}; {connect}style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def script(names: Sequence[str]) -> str:
    """Join script files into one that leaves no names behind."""
    return "\n".join(['"use strict";', "(() => {", *(part(name) for name in names), "})();"])


def as_script_data(value: Any) -> str:
    """Return JSON that can stand inside a script element."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    return text.translate(_SCRIPT_ESCAPES)


def _digest(script: str) -> str:
    return b64encode(sha256(script.encode()).digest()).decode()


def _lead(config: RunConfig, records: Sequence[Record]) -> str:
    goals = ", ".join(plain(name) for name in config.objectives)
    return f"{len(records)} of {config.trials} candidates; objectives {goals}."


def _configuration(config: RunConfig) -> str:
    synthetic = " (synthetic, drawn by this project)" if config.is_synthetic else ""
    timeout = "none" if config.timeout_s is None else f"{config.timeout_s:g} s"
    return pairs(
        {
            "Search space": config.space,
            "Data": f"{config.data}{synthetic}",
            "Data fingerprint": config.data_fingerprint,
            "Image side": "signals" if config.image_size is None else f"{config.image_size} px",
            "Split sizes": _listed(config.split_sizes),
            "Classes": ", ".join(config.class_names),
            "Objectives": ", ".join(config.objectives),
            "Constraints": ", ".join(config.constraints) or "none",
            "Trials": config.trials,
            "Timeout": timeout,
            "Brief training": f"up to {config.epochs} epochs, batch {config.batch_size}",
            "Training images": ", ".join(config.augment) or "unchanged",
            "Seed": config.seed,
            "Workers": config.workers,
            "Sampler": config.sampler,
            "Latency from": config.device,
            "Edge TPU": f"{config.clock_mhz:g} MHz over {config.link}, host {config.host}",
            "Optuna storage": _without_password(config.storage) or "journal in the run directory",
            "Started": config.created_at or "unknown",
            "Git commit": config.git_commit or "unknown",
            "Versions": _listed(config.versions),
        }
    )


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items()) or "unknown"


def _without_password(url: str | None) -> str | None:
    """Return a storage URL that may be shown to others."""
    return None if url is None else re.sub(r"(://[^:/@]*):[^@/]*@", r"\1:***@", url)
