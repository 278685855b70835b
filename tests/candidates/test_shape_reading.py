"""One builder, two readings: shapes alone, or Keras."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import ModuleType
from typing import Any

import optuna
import pytest

from nas.candidates.candidate import Candidate, build_candidate
from nas.candidates.hyperparameters import OptunaHyperParameters, fixed_hyperparameters
from nas.candidates.network_id import network_id
from nas.candidates.reading import Reading, read_candidate
from nas.errors import CandidateError
from nas.network.keras_graph import read_keras_model
from search_spaces import SPACES, Space, example_shape, load_space
from tests.conftest import OWN_SPACE

keras: Any = pytest.importorskip("keras")
layers = keras.layers


@pytest.fixture(autouse=True)
def fresh_session() -> Iterator[None]:
    """Keras numbers layers from the start, as the stand-in does."""
    keras.backend.clear_session(free_memory=False)
    yield
    keras.backend.clear_session(free_memory=False)


def assert_same(reading: Reading, candidate: Candidate) -> None:
    assert reading.id == candidate.id
    assert reading.parameters == candidate.model.count_params()
    assert reading.network is not None
    assert replace(reading.network, front_end=None) == read_keras_model(candidate.model)
    assert reading.hyperparameters == candidate.hyperparameters
    assert [k.get_config() for k in reading.kinds] == [k.get_config() for k in candidate.space]


def compare(space: Space, count: int, seed: int) -> None:
    """Read candidates both ways; what one refuses, the other refuses."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    for _ in range(count):
        keras.backend.clear_session(free_memory=False)
        hp = OptunaHyperParameters(study.ask())
        try:
            reading = read_candidate(space, hp)
        except CandidateError:
            with pytest.raises(CandidateError):
                build_candidate(space, fixed_hyperparameters(hp.values))
            continue
        assert not reading.built
        assert_same(reading, build_candidate(space, fixed_hyperparameters(hp.values)))


@pytest.mark.parametrize("name", SPACES)
def test_both_readings_agree_on_random_candidates(name: str) -> None:
    compare(load_space(name, input_shape=example_shape(name, 64), classes=3), count=4, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("side", [32, 224])
@pytest.mark.parametrize("name", SPACES)
def test_both_readings_agree_on_many_candidates(name: str, side: int) -> None:
    shape = example_shape(name, side)
    compare(load_space(name, input_shape=shape, classes=10), count=10, seed=side)


# --- spaces of a user -----------------------------------------------------------------------


class _Space:
    """A space in which one function builds the network."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function = function

    def build(self, _hp: Any) -> Any:
        return self.function()


class _Own(layers.Layer):  # type: ignore[misc, name-defined]
    def call(self, x: Any) -> Any:
        return x


def _image() -> Any:
    return keras.Input((16, 16, 3))


def _shared() -> Any:
    x = image = _image()
    conv = layers.Conv2D(3, 3, padding="same")
    for _ in range(2):
        x = layers.Add()([layers.ReLU()(conv(x)), x])
    return keras.Model(image, [layers.Flatten()(x), x])


def _uneven() -> Any:
    """Branches of different depths, crossing, of which one is never read."""
    image = _image()
    a = layers.Conv2D(4, 3, padding="same", name="mine")(image)
    b = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(4, 1)(image)))
    layers.Conv2D(9, 3)(a)
    c = layers.Concatenate()([b, a, b])
    d = layers.Add()([layers.Conv2D(4, 1)(c), a])
    return keras.Model(inputs=image, outputs=layers.Multiply()([d, b, a]))


def _sequential() -> Any:
    model = keras.Sequential([_image(), layers.Conv2D(4, 3, activation="relu")])
    model.add(layers.Flatten())
    model.add(layers.Dense(2, kernel_regularizer=keras.regularizers.L2(0.1)))
    model.compile(optimizer=keras.optimizers.Adam(0.1), loss="mse")
    return model


def _two_inputs() -> Any:
    left, right = keras.Input((8, 8, 4), name="left"), layers.Input((8, 8, 4))
    return keras.models.Model([left, right], layers.Maximum()([left, right]))


@pytest.mark.parametrize("build", [_shared, _uneven, _sequential, _two_inputs])
def test_networks_of_any_form_are_read_by_shapes(build: Callable[[], Any]) -> None:
    reading = read_candidate(_Space(build), fixed_hyperparameters({}))
    model = build()
    assert not reading.built
    assert_same(reading, Candidate(network_id(model), {}, (), model))


def _nested() -> Any:
    inner = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(3, 3)])
    image = keras.Input((8, 8, 3))
    return keras.Model(image, inner(image))


def _by_operators() -> Any:
    image = _image()
    return keras.Model(image, layers.ReLU()(image) * 2.0)


def _by_local_import() -> Any:
    from keras import layers as own_layers

    image = _image()
    return keras.Model(image, own_layers.Conv2D(4, 3)(image))


def _of_mixed_origin() -> Any:
    image = _image()
    return keras.Model(image, keras.ops.relu(layers.Conv2D(4, 3)(image)))


def _at_training() -> Any:
    image = _image()
    return keras.Model(image, layers.Dropout(0.3)(image, training=True))


def _frozen() -> Any:
    image = _image()
    conv = layers.Conv2D(4, 3)
    conv.trainable = False
    return keras.Model(image, conv(image))


def _unread() -> Any:
    image = _image()
    return keras.Model(image, layers.LayerNormalization()(image))


def _with_own_layer() -> Any:
    image = _image()
    return keras.Model(image, layers.ReLU()(_Own()(image)))


@pytest.mark.parametrize(
    "build",
    [_nested, _by_operators, _by_local_import, _of_mixed_origin, _at_training, _frozen],
)
def test_what_the_stand_in_does_not_know_is_built_by_keras(build: Callable[[], Any]) -> None:
    reading = read_candidate(_Space(build), fixed_hyperparameters({}))
    candidate = build_candidate(_Space(build), fixed_hyperparameters({}))
    assert reading.built
    assert reading.id == candidate.id
    assert reading.parameters == candidate.model.count_params()


@pytest.mark.parametrize("build", [_unread, _with_own_layer])
def test_a_network_without_known_operators_says_why(build: Callable[[], Any]) -> None:
    reading = read_candidate(_Space(build), fixed_hyperparameters({}))
    assert reading.built
    assert reading.network is None
    assert "is not read" in (reading.reason or "")


def test_a_users_file_is_read_by_shapes() -> None:
    space = load_space(f"{OWN_SPACE}:well_behaved", input_shape=(16, 16, 3), classes=2)
    reading = read_candidate(space, fixed_hyperparameters({"width": 8}))
    assert not reading.built
    assert_same(reading, build_candidate(space, fixed_hyperparameters({"width": 8})))


@pytest.mark.parametrize("build", [_shared, _frozen, lambda: 1 / 0])
def test_keras_is_in_place_again_whatever_happened(build: Callable[[], Any]) -> None:
    before = dict(vars(sys.modules[__name__]))
    try:
        read_candidate(_Space(build), fixed_hyperparameters({}))
    except CandidateError as error:
        assert "division" in str(error)
    assert vars(sys.modules[__name__]) == before
    assert isinstance(layers, ModuleType)


def test_a_trial_draws_once_when_keras_has_to_build_after_all() -> None:
    class Drawing(_Space):
        def build(self, _hp: Any) -> Any:
            _hp.Int("width", 1, 10**6)
            return self.function()

    trial = optuna.create_study().ask()
    reading = read_candidate(Drawing(_frozen), OptunaHyperParameters(trial))
    assert reading.built
    assert reading.hyperparameters == trial.params


def test_a_global_that_changes_between_two_builds_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = read_candidate(_Space(_shared), fixed_hyperparameters({}))
    monkeypatch.setattr(sys.modules[__name__], "layers", ModuleType("nothing"))
    with pytest.raises(CandidateError, match="module 'nothing' has no attribute 'Conv2D'"):
        read_candidate(_Space(_shared), fixed_hyperparameters({}))
    monkeypatch.undo()
    assert read_candidate(_Space(_shared), fixed_hyperparameters({})) == first
