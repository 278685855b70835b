"""The files of a run that people look at, rebuilt from its records."""

from collections.abc import Sequence

from nas.records.record import Record
from nas.records.run import RunConfig, RunDirectory
from nas.view.charts import draw_front
from nas.view.front import write_front_csv
from nas.view.page import write_report
from objectives import Objective


def write_views(
    directory: RunDirectory,
    config: RunConfig,
    records: Sequence[Record],
    objectives: Sequence[Objective],
    *,
    with_page: bool,
) -> None:
    """Write ``pareto.csv`` and ``pareto.png``, each whole or not at all.

    Args:
        directory: Where the run lies.
        config: Its configuration.
        records: All its records.
        objectives: What the search pursues.
        with_page: Whether ``report.html`` is written too; it holds 5 MB of Plotly, so a search
            writes it at its end.

    Raises:
        OSError: A file cannot be written.
    """
    write_front_csv(directory.front_csv, records, objectives)
    title, is_synthetic = front_title(config), config.is_synthetic
    draw_front(directory.front_png, records, objectives, title=title, is_synthetic=is_synthetic)
    if with_page:
        write_report(directory.report, config, records, objectives)


def front_title(config: RunConfig) -> str:
    """Return the words above the picture of a run's front."""
    return f"Pareto front of {config.space} on {config.data}"
