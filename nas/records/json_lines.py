"""Files of one JSON object a line, which only grow and survive a crash at any moment."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nas.json_values import load


def append_line(path: Path, values: Mapping[str, Any]) -> None:
    """Append one object and wait until it is on disk, so that a crash cannot lose it.

    A line that an earlier crash left unfinished is closed first.
    """
    line = json.dumps(values, ensure_ascii=False, allow_nan=False)
    with path.open("a+b") as file:
        if file.tell() > 0:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
        file.write(line.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read_lines(path: Path) -> Iterator[tuple[str, Any]]:
    """Read all whole lines; one cut off by a crash is left out.

    Args:
        path: The file; a missing one holds nothing.

    Yields:
        Where the line is, for messages, and its value.
    """
    if not path.exists():
        return
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        try:
            values = load(line)
        except ValueError:
            continue  # blank, or cut off by a crash
        yield f"{path}:{number}", values
