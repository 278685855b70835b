"""Finding registered spaces and a user's own."""

from pathlib import Path

import pytest

from search_spaces import (
    SPACES,
    SpaceError,
    default_data,
    example_shape,
    load_space,
    presets,
)

OWN_SPACE = """
import keras

def build(hp, input_shape, classes):
    x = inputs = keras.Input(input_shape)
    x = keras.layers.Conv2D(hp.Int("width", 8, 16, step=8), 3)(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(classes, activation="softmax")(x))

not_callable = 3
"""


def load(name: str) -> object:
    return load_space(name, input_shape=(32, 32, 3), classes=2)


@pytest.mark.parametrize("name", SPACES)
def test_every_registered_space_loads_and_has_presets(name: str) -> None:
    space = load_space(name, input_shape=example_shape(name, 64), classes=2)
    assert presets(space)


def test_a_space_refuses_data_of_the_other_kind() -> None:
    with pytest.raises(SpaceError, match=r"takes images, but the data are signals: .*spectrogram"):
        load_space("xception_lite", input_shape=(256, 3), classes=2)
    with pytest.raises(SpaceError, match=r"takes signals, but the data are images: .*xception"):
        load_space("spectrogram_mlp", input_shape=(64, 64, 3), classes=2)


def test_spaces_of_signals_are_searched_on_signals_where_no_data_are_named() -> None:
    found = {name: default_data(name, images="pictures", signals="waves") for name in SPACES}
    assert {name for name, data in found.items() if data == "waves"} == {
        "spectrogram_mlp", "spectrogram_cnn",
    }  # fmt: skip
    assert example_shape("xception_lite", 32) == (32, 32, 3)


def test_a_function_in_a_file_is_a_space_without_presets(tmp_path: Path) -> None:
    path = tmp_path / "own_space.py"
    path.write_text(OWN_SPACE)
    space = load_space(f"{path}:build", input_shape=(32, 32, 3), classes=5)
    import keras_tuner

    assert space.build(keras_tuner.HyperParameters()).output_shape == (None, 5)
    assert presets(space) == {}


def test_a_class_by_dotted_path_is_a_space() -> None:
    assert type(load("search_spaces.xception:XceptionLite")).__name__ == "XceptionLite"


@pytest.mark.parametrize("form", ["def build(hp):", "class build:\n  def build(self, hp):"])
def test_keras_tuner_s_own_forms_take_no_shape(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"own_form_{len(form)}.py"
    path.write_text(f"{form}\n    return 'model'\n")
    assert load_space(f"{path}:build", input_shape=(8, 8, 3), classes=2).build(None) == "model"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("xeption", "unknown space 'xeption': use xception_lite"),
        (":build", "unknown space"),
        ("no.such.module:Space", "module 'no.such.module' cannot be imported"),
        ("search_spaces.xception:Nothing", "has no class or function 'Nothing'"),
        ("missing.py:build", "missing.py"),
    ],
)
def test_what_cannot_be_loaded_says_why(name: str, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        load(name)


def test_a_value_is_no_space_and_a_broken_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "own_space_2.py"
    path.write_text(OWN_SPACE)
    with pytest.raises(SpaceError, match="not_callable"):
        load(f"{path}:not_callable")
    path.write_text("def build(:")
    with pytest.raises(SpaceError, match="cannot be imported"):
        load(f"{path}:build")
    path.write_text("import sys\nsys.exit(0)")
    with pytest.raises(SpaceError, match="cannot be imported: SystemExit"):
        load(f"{path}:build")
