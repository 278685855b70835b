from collections.abc import Callable
from typing import Any

import pytest

from nas.candidates.network_id import network_id

keras: Any = pytest.importorskip("keras")
layers = keras.layers


def _small(
    *, rate: float = 0.5, kernel: Any = 3, prefix: str = "a", seed: int | None = None, size: int = 8
) -> Any:
    image = keras.Input((size, size, 3), name=f"{prefix}_image")
    initializer = keras.initializers.GlorotUniform(seed=seed)
    x = layers.Conv2D(4, kernel, kernel_initializer=initializer, name=f"{prefix}_conv")(image)
    x = layers.Dropout(rate, seed=seed, name=f"{prefix}_dropout")(x)
    x = layers.Flatten()(x)
    return keras.Model(image, layers.Dense(2)(x), name=prefix)


def _two_branches(*, first_left: bool) -> Any:
    image = keras.Input((8, 8, 3))
    left = layers.Conv2D(4, 3, padding="same")
    right = layers.Conv2D(4, 5, padding="same")
    if first_left:
        a, b = left(image), right(image)
    else:
        b, a = right(image), left(image)
    return keras.Model(image, layers.Concatenate()([a, b]))


def _chain(shortcut: bool) -> Any:
    image = keras.Input((8, 8, 4))
    x = layers.Conv2D(4, 3, padding="same")(image)
    y = layers.Conv2D(4, 3, padding="same")(x)
    return keras.Model(image, layers.Add()([image if shortcut else x, y]))


def _twice(shared: bool) -> Any:
    image = keras.Input((8,))
    first = layers.Dense(8)
    second = first if shared else layers.Dense(8)
    return keras.Model(image, second(first(image)))


def _scaled(factor: float) -> Any:
    image = keras.Input((8,))
    return keras.Model(image, layers.Dense(2)(image) * factor)


def _nested(units: int) -> Any:
    image = keras.Input((8,))
    inner_image = keras.Input((8,))
    inner = keras.Model(inner_image, layers.Dense(units)(inner_image))
    return keras.Model(image, layers.ReLU()(inner(image)))


def test_the_id_is_twelve_hexadecimal_digits() -> None:
    identity = network_id(_small())
    assert len(identity) == 12
    assert int(identity, 16) >= 0


@pytest.mark.parametrize(
    "other",
    [
        lambda: _small(prefix="b"),
        lambda: _small(seed=7),
        lambda: _small(kernel=(3, 3)),
        _small,
    ],
    ids=["names", "seeds", "spelling of a pair", "second build"],
)
def test_what_does_not_change_the_network_does_not_change_the_id(other: Callable[[], Any]) -> None:
    assert network_id(other()) == network_id(_small())


@pytest.mark.parametrize(
    "other",
    [lambda: _small(rate=0.4), lambda: _small(kernel=5), lambda: _small(size=9)],
    ids=["dropout rate", "kernel", "input size"],
)
def test_what_changes_the_network_changes_the_id(other: Callable[[], Any]) -> None:
    assert network_id(other()) != network_id(_small())


def test_the_order_of_building_branches_does_not_matter() -> None:
    assert network_id(_two_branches(first_left=True)) == network_id(_two_branches(first_left=False))


def test_a_changed_connection_changes_the_id() -> None:
    assert network_id(_chain(True)) != network_id(_chain(False))


def test_a_shared_layer_differs_from_two_equal_ones() -> None:
    assert network_id(_twice(True)) != network_id(_twice(False))


def test_a_number_among_the_arguments_counts() -> None:
    assert network_id(_scaled(2.0)) != network_id(_scaled(3.0))
    assert network_id(_scaled(2.0)) == network_id(_scaled(2.0))


def test_nested_models_are_read_through() -> None:
    assert network_id(_nested(4)) == network_id(_nested(4))
    assert network_id(_nested(4)) != network_id(_nested(5))


def test_a_sequential_model_equals_the_functional_one() -> None:
    sequential = keras.Sequential([keras.Input((8,)), layers.Dense(4), layers.ReLU()])
    image = keras.Input((8,))
    functional = keras.Model(image, layers.ReLU()(layers.Dense(4)(image)))
    assert network_id(sequential) == network_id(functional)


def test_a_model_without_weights_has_the_id_of_one_with_weights() -> None:
    from keras.src.backend.common.stateless_scope import StatelessScope

    with StatelessScope(initialize_variables=False):
        bare = _small()
    assert network_id(bare) == network_id(_small())
