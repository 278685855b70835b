"""Tables of trained and measured NAS-Bench-201 cells, one entry a network."""

import argparse
import csv
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, median
from typing import Literal

from nas.errors import UserError

TABLE = Path(__file__).parent / "data" / "nasbench201_1999.csv"
ARCHITECTURE = "arch_str"

# Trainable parameters as published, at 10 classes: the network without cells, and what one
# operation adds in all 15 cells. Pooling, skipping and adding have none.
_SKELETON_PARAMETERS = 73_306
_PARAMETERS = {"nor_conv_1x1": 28_000, "nor_conv_3x3": 243_040}


@dataclass(frozen=True)
class Columns:
    """Names of a table's columns.

    Attributes:
        accuracy: Accuracy, larger is better, in any unit.
        latency: Latency in milliseconds.
        params: Number of parameters, in any unit; ``None`` to compute it from the cell.
    """

    accuracy: str = "cifar10_test_accuracy_percent"
    latency: str = "edgetpu_latency_ms"
    params: str | None = None


@dataclass(frozen=True)
class Row:
    """One network of a table.

    Attributes:
        arch_str: Published string of its first cell in the table.
        network: What identifies the network: equal for cells that compute the same.
        accuracy: As in the table.
        latency_ms: Latency in milliseconds.
        params: As in the table; without a column, the trainable parameters of the live network
            at 10 classes.
    """

    arch_str: str
    network: tuple[object, ...]
    accuracy: float
    latency_ms: float
    params: float


@dataclass(frozen=True)
class Table:
    """The networks of a file.

    Attributes:
        networks: One row a network, in the order of their first cell.
        rows: Number of rows in the file.
        disconnected: Number of rows whose cell has no path from input to output; they are no
            network that the space can build, so their other columns are not read.
        unmeasured: Number of rows left out because a number is missing, or the latency is not more
            than 0, as tables mark networks that a device could not run.
    """

    networks: tuple[Row, ...]
    rows: int
    disconnected: int
    unmeasured: int


def add_table_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--table``, ``--accuracy``, ``--latency`` and ``--params [COLUMN]`` to a command."""
    columns = Columns()
    add = parser.add_argument
    add("--table", type=Path, default=TABLE,
        help=f"CSV file with a column {ARCHITECTURE}, or nas-bench-macro_cifar10.json")  # fmt: skip
    add("--accuracy", default=columns.accuracy, help="column of accuracy (%(default)s)")
    add("--latency", default=columns.latency, help="column of latency in ms (%(default)s)")
    add("--params", nargs="?", const="", metavar="COLUMN",
        help="parameters as third objective; without a column computed from the cell")  # fmt: skip


def chosen_columns(options: argparse.Namespace) -> Columns:
    """Return the columns that a command's options name."""
    return Columns(options.accuracy, options.latency, options.params or None)


def read_table(path: Path = TABLE, columns: Columns | None = None) -> Table:
    """Read a table and put rows of the same network together.

    Args:
        path: A CSV file with a column ``arch_str``.
        columns: Names of the other columns; the shipped table's if not given.

    Returns:
        The networks, with mean accuracy and median latency over the rows of each. Of several
        parameter counts the smallest is taken, as published counts include dead operations.

    Raises:
        UserError: The file, a column or a number is not what it has to be; the message names the
            line.
    """
    read = list(_read_rows(path, columns or Columns()))
    rows = [row for row in read if isinstance(row, Row)]
    return Table(merge_networks(rows), len(read), read.count("disconnected"),
                 read.count("unmeasured"))  # fmt: skip


def merge_networks(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Merge rows of the same network, as :func:`read_table` does."""
    by_network: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in rows:
        by_network[row.network].append(row)
    return tuple(_merged(same) for same in by_network.values())


def _merged(same: list[Row]) -> Row:
    return replace(
        same[0],
        accuracy=fmean(row.accuracy for row in same),
        # Timings of one network differ by outliers upwards: by 36 % in the shipped table.
        latency_ms=median(row.latency_ms for row in same),
        params=min(row.params for row in same),
    )


_LeftOut = Literal["disconnected", "unmeasured"]


def _read_rows(path: Path, columns: Columns) -> Iterator[Row | _LeftOut]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = csv.DictReader(file, skipinitialspace=True)
            _require(path, columns, lines.fieldnames or ())
            for cells in lines:
                yield _read_row(f"{path.name}, line {lines.line_num}", cells, columns)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read as a CSV table: {error}") from error


def _require(path: Path, columns: Columns, present: Iterable[str]) -> None:
    needed = (ARCHITECTURE, columns.accuracy, columns.latency, columns.params)
    missing = [name for name in needed if name is not None and name not in present]
    if missing:
        raise UserError(
            f"{path.name} must have the columns {', '.join(missing)}, separated by commas, got "
            f"{', '.join(present)}; name yours with --accuracy, --latency and --params"
        )


def _read_row(place: str, cells: Mapping[str, str | None], columns: Columns) -> Row | _LeftOut:
    # Imported here, as Keras takes seconds to import.
    from search_spaces.nasbench201 import DisconnectedCellError, live_steps, parse_architecture

    arch_str = (cells[ARCHITECTURE] or "").strip()
    try:
        network = live_steps(parse_architecture(arch_str))
    except DisconnectedCellError:
        return "disconnected"
    except ValueError as error:
        raise UserError(f"{place}: {error}") from error
    accuracy = _number(place, cells, columns.accuracy)
    latency_ms = _number(place, cells, columns.latency)
    counted = _SKELETON_PARAMETERS + sum(_PARAMETERS.get(s.operation, 0) for s in network)
    params = _number(place, cells, columns.params) if columns.params else counted
    if accuracy is None or latency_ms is None or latency_ms <= 0 or params is None:
        return "unmeasured"
    return Row(arch_str, network, accuracy, latency_ms, params)


def _number(place: str, cells: Mapping[str, str | None], column: str) -> float | None:
    """Return a number, or ``None`` where the table has none: an empty cell, or not a number."""
    text = (cells[column] or "").strip()
    try:
        number = float(text) if text else math.nan
    except ValueError as error:
        raise UserError(f"{place}: {column} must be a number such as 93.5, got {text!r}") from error
    if math.isinf(number):
        raise UserError(f"{place}: {column} must be finite, got {text!r}")
    return None if math.isnan(number) else number
