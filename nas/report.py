"""``python -m nas.report``: rebuild a run's table, picture and page from its records."""

import argparse
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from rich.text import Text

from nas.command import EXIT_DONE, CommandParser, print_json, run_command
from nas.errors import UserError
from nas.records.record import read_records
from nas.records.run import RunConfig, RunDirectory, read_config
from nas.view.comparison import Run, comparison_table, differences
from nas.view.comparison_page import write_comparison
from nas.view.files import write_views
from nas.view.output import Output
from nas.view.page import report_page
from nas.view.serving import PageServer
from nas.view.summary import print_run
from objectives import OBJECTIVES, Objective

if TYPE_CHECKING:
    from nas.view.dashboard import Content, DashboardServer

LOOPBACK, PORT = "127.0.0.1", 8765


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
    _check(options)
    if options.serve or options.dashboard:
        return _serve(options)
    runs = [read_run(path) for path in options.runs]
    if options.compare is not None:
        _compare(options.compare, runs)
    for run in runs:
        _rebuild(run)
    if options.json:
        compared = {} if options.compare is None else {"comparison_html": str(options.compare)}
        print_json({"runs": [_as_json(run) for run in runs], **compared})
    else:
        _print_runs(runs)
        if options.compare is not None:
            print(f"{options.compare}: the runs beside each other")
    return EXIT_DONE


def read_run(path: Path) -> Run:
    """Read a run's configuration and records.

    Raises:
        UserError: The directory is no run, or pursues an objective that does not exist.
    """
    directory = RunDirectory(path)
    config = read_config(directory)
    return Run(directory, config, read_records(directory.records), _objectives(path, config))


def _check(options: argparse.Namespace) -> None:
    is_serving = options.serve or options.dashboard
    if is_serving and (len(options.runs) > 1 or options.json or options.compare is not None):
        raise UserError(
            "--serve and --dashboard show one run: name one, without --json and --compare"
        )
    if options.compare is not None and len(options.runs) < 2:
        raise UserError("--compare needs two runs or more")
    if not options.serve and options.bind != LOOPBACK:
        raise UserError("--bind is for --serve")
    if not is_serving and options.port != PORT:
        raise UserError("--port is for --serve and --dashboard")


def _compare(path: Path, runs: Sequence[Run]) -> None:
    try:
        write_comparison(path, runs)
    except OSError as error:
        raise UserError(
            f"--compare {path}: cannot be written ({error.strerror}); name another file"
        ) from None


def _serve(options: argparse.Namespace) -> int:
    """Show a run's page, its dashboard or both until Ctrl-C; they follow the run."""
    path: Path = options.runs[0]
    read_run(path)
    with ExitStack() as running:
        if options.serve:
            _start(running, _page_server(path, options.bind, options.port), f"shows {path}")
        if options.dashboard:
            port = options.port and options.port + 1
            _start(running, _dashboard_server(path, port), f"is optuna-dashboard on {path}")
        with suppress(KeyboardInterrupt):
            Event().wait()
    return EXIT_DONE


def _start(running: ExitStack, server: "PageServer | DashboardServer", what: str) -> None:
    """Serve from a thread of its own until the stack is left."""
    running.enter_context(server)
    Thread(target=server.serve_forever, daemon=True).start()
    running.callback(server.shutdown)
    print(f"{server.url} {what} and follows it; Ctrl-C ends this.", flush=True)


def _page_server(path: Path, address: str, port: int) -> PageServer:
    def page(version: str) -> str:
        run = read_run(path)
        return report_page(run.config, run.records, run.objectives, run=path, version=version)

    return PageServer(address, port, lambda: _version(RunDirectory(path)), page)


def _dashboard_server(path: Path, port: int) -> "DashboardServer":
    from nas.view.dashboard import DashboardServer, check_dashboard

    check_dashboard()
    from nas.view.dashboard_study import dashboard_study

    def study() -> "Content":
        run = read_run(path)
        return dashboard_study(run.directory, run.config, run.records, run.objectives)

    return DashboardServer(port, lambda: _version(RunDirectory(path)), study)


def _version(directory: RunDirectory) -> str:
    """Return what changes whenever the files do that a page is made of."""
    files = (directory.config, directory.records, directory.measurements)
    stats = [file.stat() for file in files if file.exists()]
    return "-".join(f"{stat.st_mtime_ns:x}.{stat.st_size:x}" for stat in stats)


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
    parser.add_argument(
        "--compare", type=Path, metavar="FILE.html", help="also write a page that compares the runs"
    )
    parser.add_argument(
        "--serve", action="store_true", help="show the page of one run, which follows it"
    )
    parser.add_argument(
        "--dashboard", action="store_true",
        help="show one run in optuna-dashboard, alone or beside --serve, to this machine alone",
    )  # fmt: skip
    parser.add_argument(
        "--bind", default=LOOPBACK, metavar="ADDRESS",
        help="address to serve the page at; the default is of this machine alone",
    )  # fmt: skip
    parser.add_argument(
        "--port", type=int, default=PORT, metavar="N",
        help="port to serve at, 0 for a free one; the dashboard takes the next",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


if __name__ == "__main__":
    run_command("report", main)
