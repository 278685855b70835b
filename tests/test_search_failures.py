"""``python -m nas.search`` whose candidates fail."""

import json
from pathlib import Path

import pytest

from tests.searching import records, run

pytestmark = pytest.mark.slow


def test_candidates_that_crash_or_fail_cost_one_record_each(
    picture_folder: Path, tmp_path: Path
) -> None:
    """``exit`` and ``crash`` would end the search's own process if it built them itself."""
    path = tmp_path / "run"
    own = tmp_path / "moody.py"
    own.write_text(
        "from tests.own_space import network\n"
        "def build(hp, input_shape, classes):\n"
        "    mood = hp.Choice('mood', ['good', 'nan', 'float', 'unbuildable'])\n"
        "    if mood == 'unbuildable':\n"
        "        raise ValueError('no such network')\n"
        "    return network(8, input_shape, classes, mood)\n"
    )
    result = run("--space", f"{own}:build", "--data", picture_folder, "--image-size", 16,
                 "--trials", 4, "--epochs", 2, "--run-dir", path, "--json")  # fmt: skip
    assert result.returncode == 0, result.stderr
    lines = {line["hyperparameters"]["mood"]: line for line in records(path)}
    assert lines["good"]["status"] == "complete"
    assert {lines[mood]["status"] for mood in ("nan", "float", "unbuildable")} == {"failed"}
    assert "the loss became nan" in lines["nan"]["reason"]
    assert "stays float" in lines["float"]["reason"]
    assert "no such network" in lines["unbuildable"]["reason"]
    assert json.loads(result.stdout)["candidates"] == 4
