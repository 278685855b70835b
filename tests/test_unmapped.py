"""What of a user's own space will not run on the chip, said before anything is trained."""

from dataclasses import replace
from pathlib import Path

import pytest

from nas.assembly import start_run, unmapped_note
from nas.records.run import RunConfig, RunDirectory, Settings
from tests.conftest import OWN_SPACE

SPACE = """
import keras
from keras import layers

def build(hp, input_shape, classes):
    inputs = keras.Input(input_shape)
    x = layers.Conv2D(hp.Int("width", 8, 16, step=8), 3)(inputs)
    x = layers.{layer}(name="bend")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))
"""


@pytest.fixture
def run(tmp_path: Path, picture_folder: Path) -> tuple[RunDirectory, RunConfig]:
    config = start_run(tmp_path / "run", Settings(data=str(picture_folder), image_size=16))
    return RunDirectory(tmp_path / "run"), config


@pytest.mark.parametrize(
    ("layer", "note"),
    [
        ("ReLU", None),
        ("LeakyReLU", "`bend` (LEAKY_RELU) cannot run on the chip: use ReLU6 or PReLU"),
        ("LayerNormalization", "`bend`: LayerNormalization is not read: use BatchNormalization"),
    ],
)
def test_the_layer_is_named_with_its_remedy(
    run: tuple[RunDirectory, RunConfig], tmp_path: Path, layer: str, note: str | None
) -> None:
    path = tmp_path / f"own_{layer}.py"
    path.write_text(SPACE.format(layer=layer))
    directory, config = run
    found = unmapped_note(directory, replace(config, space=f"{path}:build"))
    assert found == note or (note is not None and found is not None and found.startswith(note))


def test_nothing_is_said_of_registered_spaces_and_of_those_that_map(
    run: tuple[RunDirectory, RunConfig],
) -> None:
    directory, config = run
    assert unmapped_note(directory, config) is None
    assert unmapped_note(directory, replace(config, space=f"{OWN_SPACE}:well_behaved")) is None
