"""``python -m nas.report``: rebuild a run's table, picture and page from its records."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.text import Text

from nas.command import EXIT_DONE, CommandParser, print_json, run_command
from nas.errors import UserError
from nas.study.record import read_records
from nas.study.run import RunConfig, RunDirectory, read_config
from nas.view.comparison import Run, comparison_table, differences
from nas.view.files import write_views
from nas.view.output import Output
from nas.view.summary import print_run
from objectives import OBJECTIVES, Objective


def main(argv: Sequence[str] | None = None) -> int:
    """Rebuild the views of each run and print the fronts.

    Args:
        argv: Options; default those of the process.

    Returns:
        The exit status.

    Raises:
        UserError: A directory is no run, or its views cannot be written.
    """
    options = _parser().parse_args(argv)
    runs = [read_run(path) for path in options.runs]
    for run in runs:
        _rebuild(run)
    if options.json:
        print_json({"runs": [_as_json(run) for run in runs]})
    else:
        _print_runs(runs)
    return EXIT_DONE


def read_run(path: Path) -> Run:
    """Read a run's configuration and records.

    Raises:
        UserError: The directory is no run, or pursues an objective that does not exist.
    """
    directory = RunDirectory(path)
    config = read_config(directory)
    return Run(directory, config, read_records(directory.records), _objectives(path, config))


def _objectives(path: Path, config: RunConfig) -> tuple[Objective, ...]:
    unknown = [name for name in config.objectives if name not in OBJECTIVES]
    if unknown or not config.objectives:
        raise UserError(
            f"{path}: objectives must be of {', '.join(OBJECTIVES)}, "
            f"got {', '.join(map(repr, config.objectives)) or 'none'}"
        )
    return tuple(OBJECTIVES[name] for name in config.objectives)


def _rebuild(run: Run) -> None:
    try:
        write_views(run.directory, run.config, run.records, run.objectives, with_page=True)
    except OSError as error:
        raise UserError(
            f"{run.directory.path}: the views cannot be written ({error.strerror}); "
            "copy the run to where you may write"
        ) from None


def _as_json(run: Run) -> dict[str, Any]:
    return {
        "run": str(run.directory.path),
        "candidates": len(run.records),
        "front": [record.as_dict() for record in run.front],
        "pareto_csv": str(run.directory.front_csv),
        "pareto_png": str(run.directory.front_png),
        "report_html": str(run.directory.report),
    }


def _print_runs(runs: Sequence[Run]) -> None:
    console = Output()
    for run in runs:
        print_run(console, run.directory, run.config, run.front, run.objectives)
    if len(runs) > 1:
        console.print(comparison_table(runs))
        for sentence in differences(runs):
            console.print(Text(sentence), highlight=False)


def _parser() -> CommandParser:
    parser = CommandParser("report", "Rebuild pareto.csv, pareto.png and report.html of runs.")
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run directory")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


if __name__ == "__main__":
    run_command("report", main)
