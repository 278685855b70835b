import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from nas.calibrating.profile import profile_path, write_profile
from nas.records.anatomy import read_anatomy
from nas.records.run import RunDirectory
from tests.calibrating.test_profile import PROFILE
from tests.view.candidates import configuration

MODELS = Path(__file__).parents[1] / "data"


def _saved(folder: Path, name: str) -> RunDirectory:
    directory = RunDirectory(folder)
    directory.model("a").mkdir(parents=True)
    shutil.copy(MODELS / name, directory.model("a") / "model.tflite")
    return directory


def test_operators_and_causes_of_a_saved_network(tmp_path: Path) -> None:
    directory = _saved(tmp_path, "late_unsupported_int8.tflite")
    anatomy = read_anatomy(directory, configuration(), "a")
    assert anatomy is not None
    assert {each.target for each in anatomy.operators} == {"edgetpu", "cpu"}
    assert anatomy.causes["operators on the CPU"] > 0
    assert sum(anatomy.causes.values()) > max(each.latency_ms or 0 for each in anatomy.operators)
    assert any("leave the CPU" in words for words, _ in anatomy.edits)


def test_a_run_with_a_profile_is_explained_by_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    directory = _saved(tmp_path, "convolutional_int8.tflite")
    config = replace(configuration(), profile="mine")
    assert read_anatomy(directory, config, "a") is None
    constants = {**PROFILE.constants, "link.fixed_ms": 9.0}
    write_profile(replace(PROFILE, constants=constants), profile_path("mine"))
    anatomy = read_anatomy(directory, config, "a")
    assert anatomy is not None
    assert sum(anatomy.causes.values()) > 9.0


@pytest.mark.parametrize("candidate_id", ["b", "../a", ""])
def test_without_a_saved_network_there_is_nothing(tmp_path: Path, candidate_id: str) -> None:
    directory = _saved(tmp_path, "convolutional_int8.tflite")
    assert read_anatomy(directory, configuration(), candidate_id) is None


def test_a_broken_file_is_nothing(tmp_path: Path) -> None:
    directory = _saved(tmp_path, "convolutional_int8.tflite")
    (directory.model("a") / "model.tflite").write_bytes(b"TFL3" * 9)
    assert read_anatomy(directory, configuration(), "a") is None
