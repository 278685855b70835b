"""Search a space for the best networks for an Edge TPU.

``python -m nas.search`` is the command, ``nas.search(…)`` the same from Python or a notebook.
"""

import shlex
import sys
import warnings
from collections.abc import Sequence
from inspect import signature
from types import ModuleType
from typing import TYPE_CHECKING, Any, Unpack

from nas.command import EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED, print_json, run_command
from nas.errors import UserError
from nas.search_options import SearchOptions, read_keywords, search_parser, with_options

if TYPE_CHECKING:
    import optuna
    from rich.console import Console

    from nas.search_run import Result
    from nas.view.front_frame import FrontFrame

__all__ = ["search"]  # what help(nas.search) shows


@with_options
def search(**options: Unpack[SearchOptions]) -> "tuple[optuna.Study, FrontFrame]":
    """Search a space for the best networks for an Edge TPU.

    ``study, front = nas.search(space="xception_lite", data="./parts", trials=12)`` does what
    ``python -m nas.search --space xception_lite --data ./parts --trials 12`` does. What is
    repeatable takes a list, as ``constraint=["latency_ms<=5"]``; a switch is ``True`` or ``False``,
    as ``gate=False``.

    Returns:
        The Optuna study, and the Pareto front as a pandas ``DataFrame`` with the columns of
        ``pareto.csv``; ``front.plot()`` is its picture, a Matplotlib ``Figure``.

    Raises:
        UserError: An option is wrong, or what is asked for is impossible; one line says what to do.
        KeyboardInterrupt: Interrupted; finished candidates are saved, and the message says how to
            go on.
        DevicesLostError: The devices failed as often as ``device_failures`` allows; likewise.
    """
    with warnings.catch_warnings():  # a notebook would be told that Optuna cannot draw its bars
        warnings.filterwarnings("ignore", "IProgress not found")
        from nas.search_run import carry_out, going_on, read_request
    from nas.records.record import read_records
    from nas.study.measuring import DevicesLostError
    from nas.view.front_frame import FrontFrame

    console = _console()
    try:
        request = read_request(read_keywords(options))
        again = f"nas.search(run_dir={str(request.path)!r}, resume=True)"
        try:
            result = carry_out(request, console)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(going_on("Interrupted", request.path, again)) from None
        except DevicesLostError as error:
            raise DevicesLostError(going_on(f"Ended: {error}", request.path, again)) from None
    except UserError as error:
        raise error.with_traceback(None) from None  # one line, without what led to it
    _print_result(result, console)
    records = read_records(result.directory.records)
    return result.study, FrontFrame(result.config, records, result.objectives)


def main(argv: Sequence[str] | None = None) -> int:
    """Search, and print the Pareto front.

    Args:
        argv: Options; default those of the process.

    Returns:
        The exit status.
    """
    parser = search_parser()
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = vars(parser.parse_args(argv))  # before all that takes long to import
    from rich.console import Console

    from nas.search_run import carry_out, going_on, read_request
    from nas.study.measuring import DevicesLostError
    from nas.view.output import Output

    as_json = options.pop("json")
    request = read_request(options)
    again = f"python -m nas.search --resume --run-dir {shlex.quote(str(request.path))}"
    try:
        result = carry_out(request, Console(stderr=True), is_command=True)
    except KeyboardInterrupt:
        print(going_on("Interrupted", request.path, again), file=sys.stderr)
        return EXIT_INTERRUPTED
    except DevicesLostError as error:
        ended = f"Ended, as --device-failures asks: {error}"
        print(going_on(ended, request.path, again), file=sys.stderr)
        return EXIT_FAILED
    if as_json:
        print_json(_as_json(result))
    else:
        _print_result(result, Output())
    return EXIT_DONE if result.finished.front else EXIT_FAILED


def _as_json(result: "Result") -> dict[str, Any]:
    finished, fidelity = result.finished, result.fidelity
    return {
        "run_dir": str(result.directory.path),
        "candidates": finished.finished,
        "seconds": round(finished.seconds, 1),
        "reason": finished.reason,
        "front": [record.as_dict() for record in finished.front],
        "fidelity": None if fidelity is None else fidelity.as_dict(),
    }


def _print_result(result: "Result", console: "Console") -> None:
    from rich.text import Text

    from nas.view.summary import print_run

    print_run(console, result.directory, result.config, result.finished.front, result.objectives)
    if result.fidelity is not None:
        console.print(Text(result.fidelity.statement), highlight=False, soft_wrap=True)
        if result.fidelity.warning is not None:
            warning = f"Warning: {result.fidelity.warning}."
            console.print(Text(warning), highlight=False, soft_wrap=True)


def _console() -> "Console":
    """Return where a search is watched from Python.

    That is standard error, as of the command. A notebook shows that as if it were a failure and
    cannot redraw, so there it is plain lines below the cell.
    """
    from rich.console import Console

    if not Console().is_jupyter:
        return Console(stderr=True)
    return Console(force_jupyter=False, force_terminal=False, width=100)


class _CallableModule(ModuleType):
    """``nas.search`` is a module, and what it is for can be called by its name."""

    __call__ = staticmethod(search)


__signature__ = signature(search)  # of the module
sys.modules[__name__].__class__ = _CallableModule

if __name__ == "__main__":
    run_command("search", main)
