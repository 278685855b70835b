"""Measurements made by others: beside the repository, never in it."""

import csv
import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).parents[3] / "shared"
EDGETPU = Path(os.environ.get("EDGETPU_NAS_SHARED", _BESIDE)) / "data" / "edgetpu"

needs_shared_data = pytest.mark.skipif(
    not EDGETPU.is_dir(), reason="the measurements are not here; set EDGETPU_NAS_SHARED"
)


def read_rows(name: str) -> list[dict[str, str]]:
    """Rows of a table; none where the measurements are not here."""
    path = EDGETPU / name
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
