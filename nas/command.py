"""What every command shares: one-line errors, exit statuses and durations."""

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from nas.errors import CandidateError, UserError

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130

_SECONDS_PER_UNIT = {"s": 1.0, "m": 60.0, "h": 3600.0}


class _Formatter(argparse.ArgumentDefaultsHelpFormatter):
    """Shows the defaults that say something."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default is None or action.default is False:
            return action.help
        return super()._get_help_string(action)


class CommandParser(argparse.ArgumentParser):
    """An argument parser that shows defaults and reports a wrong option in one line."""

    def __init__(self, command: str, description: str) -> None:
        super().__init__(
            prog=f"python -m nas.{command}",
            description=description,
            formatter_class=_Formatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Print one line on standard error and leave with status 2."""
        self.exit(EXIT_USAGE, f"{self.prog}: {message}; --help lists the options\n")


def run_command(command: str, main: Callable[[], int]) -> NoReturn:
    """Run a command's main function and leave with the status the contract promises.

    Args:
        command: Name shown before an error, such as ``search``.
        main: Reads the options, does the work and returns an exit status.
    """
    try:
        status = main()
        sys.stdout.flush()  # here, where it is told in one line that it cannot be
    except UserError as error:
        _print_line(command, str(error))
        status = EXIT_USAGE
    except CandidateError as error:
        _print_line(command, str(error))
        status = EXIT_FAILED
    except KeyboardInterrupt:
        print(f"python -m nas.{command}: interrupted", file=sys.stderr)
        status = EXIT_INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        status = EXIT_DONE
    except OSError as error:
        if error.errno is None:
            raise
        is_named = error.filename is not None
        named = f"{error.filename}: {error.strerror}"
        _print_line(command, named if is_named else f"cannot write: {error.strerror}")
        status = EXIT_USAGE if is_named else EXIT_FAILED
        with suppress(OSError):  # what could not be written would be tried again at the end
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)


def _print_line(command: str, text: str) -> None:
    print(f"python -m nas.{command}: {' '.join(text.split())}", file=sys.stderr)


def parse_duration(text: str) -> float:
    """Read a duration such as ``90s``, ``30m`` or ``2h``.

    Args:
        text: A number with a unit ``s``, ``m`` or ``h``.

    Returns:
        The duration in seconds.

    Raises:
        argparse.ArgumentTypeError: The text is no positive duration.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text.strip())
    if match is None or float(match[1]) <= 0:
        raise argparse.ArgumentTypeError(
            f"a duration is a positive number with a unit (90s, 30m, 2h), got {text!r}"
        )
    return float(match[1]) * _SECONDS_PER_UNIT[match[2]]


def parse_count(text: str) -> int:
    """Read a positive whole number.

    Raises:
        argparse.ArgumentTypeError: The text is not a whole number of at least 1.
    """
    if not text.strip().isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number of at least 1 is needed, got {text!r}")
    return int(text)


def parse_names(text: str) -> list[str]:
    """Read names with commas between them."""
    return [name.strip() for name in text.split(",") if name.strip()]


def check_picture(path: Path | None) -> None:
    """Refuse a picture that could not be written, before the work is done.

    Raises:
        UserError: The name does not end in ``.png``, or its folder is not there.
    """
    if path is None:
        return
    if path.suffix != ".png":
        raise UserError(f"--picture {path}: the name must end in .png")
    if not path.parent.is_dir():
        raise UserError(f"--picture {path}: there is no folder {path.parent}; create it first")


def parse_seed(text: str) -> int:
    """Read a seed, as Keras and NumPy accept it.

    Raises:
        argparse.ArgumentTypeError: The text is no whole number from 0 to 2147483647.
    """
    if not text.isdecimal() or int(text) >= 2**31:
        raise argparse.ArgumentTypeError(
            f"a whole number from 0 to 2147483647 is needed, got {text!r}"
        )
    return int(text)


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object, and nothing else, on standard output."""
    print(json.dumps(value, ensure_ascii=False, allow_nan=False))
