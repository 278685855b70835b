"""Opening a run's data: as it was, again where it is gone, never another."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from nas.assembly import open_data, start_run
from nas.errors import UserError
from nas.records.run import RunDirectory, Settings, read_config


@pytest.fixture
def directory(tmp_path: Path, picture_folder: Path) -> RunDirectory:
    source = tmp_path / "pictures"
    shutil.copytree(picture_folder, source)
    start_run(tmp_path / "run", Settings(data=str(source), image_size=16))
    return RunDirectory(tmp_path / "run")


def test_data_that_was_deleted_is_prepared_again(directory: RunDirectory) -> None:
    config = read_config(directory)
    before = open_data(directory, config)
    shutil.rmtree(directory.data)
    after = open_data(directory, config)
    assert after.fingerprint == before.fingerprint
    assert (after.train.inputs == before.train.inputs).all()


def test_signals_have_no_images_to_change(tmp_path: Path) -> None:
    signals = Settings(space="spectrogram_mlp", data="motion_synthetic", augment=("flip",))
    with pytest.raises(UserError, match="changes images, and the data holds signals"):
        start_run(tmp_path / "run", signals)


def test_data_that_changed_is_refused(directory: RunDirectory) -> None:
    config = read_config(directory)
    next((Path(config.data) / "above").iterdir()).unlink()
    open_data(directory, config)  # the run keeps its own copy
    shutil.rmtree(directory.data)
    with pytest.raises(UserError, match=r"is no longer the data that .* began with"):
        open_data(directory, config)
    with pytest.raises(UserError, match="is no longer the data"):
        open_data(directory, replace(config, data_fingerprint="0" * 64))
