"""``nas.search --inherit``: trainings start from a relative's weights; records say from whose."""

from pathlib import Path

import pytest

from tests.searching import fail_with, records, run

SPACE = """
from tests.own_space import network

def build(hp, input_shape, classes):
    width = hp.Choice("width", [8, 16]) * hp.Choice("factor", [1, 3])
    return network(width + hp.Choice("more", [0, 4]), input_shape, classes, "good")
"""
"""Of three settings, two candidates mostly share one or two."""


@pytest.mark.slow
def test_later_candidates_name_the_one_whose_weights_they_began_with(
    picture_folder: Path, tmp_path: Path
) -> None:
    path, space = tmp_path / "run", tmp_path / "space.py"
    space.write_text(SPACE)
    ended = run(
        "--space", f"{space}:build", "--data", picture_folder, "--image-size", 16, "--epochs", 1,
        "--batch-size", 16, "--trials", 4, "--inherit", "--no-gate", "--run-dir", path,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    first, *later = records(path)
    assert (first["parent"], first["inherited_share"]) == (None, None)
    known = {first["candidate_id"]}
    for record in later:
        if record["parent"] is None:
            assert record["inherited_share"] is None
        else:
            assert record["parent"] in known
            assert 0 < record["inherited_share"] <= 1
        known.add(record["candidate_id"])
    assert any(record["parent"] for record in later)


def test_weights_are_not_handed_down_between_nodes(capsys: pytest.CaptureFixture[str]) -> None:
    line = fail_with(capsys, "--inherit", "--executor", "ray")
    assert "--inherit needs --executor processes" in line
