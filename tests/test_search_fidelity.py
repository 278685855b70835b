"""``nas.search --check-fidelity`` on a finished run: trained once, said at the end, in the JSON."""

import json
from pathlib import Path

import pytest

from tests.test_search import GOOD_SPACE, run

pytestmark = pytest.mark.slow


def test_a_finished_run_is_checked_on_demand(picture_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "run"
    begun = run(
        "--space", GOOD_SPACE, "--data", picture_folder, "--image-size", 16, "--epochs", 1,
        "--batch-size", 16, "--trials", 3, "--run-dir", path, "--json",
    )  # fmt: skip
    assert json.loads(begun.stdout)["fidelity"] is None
    checked = run("--resume", "--run-dir", path, "--check-fidelity", 3, "--json")
    fidelity = json.loads(checked.stdout)["fidelity"]
    assert (fidelity["candidates"], fidelity["longer_epochs"]) == (3, 5)
    assert fidelity["warning"] is not None
    assert len((path / "fidelity.jsonl").read_text().splitlines()) == 3
