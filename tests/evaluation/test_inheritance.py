"""Weights carried over: what matches, what is sliced, what stays, what is refused."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from nas.errors import UserError
from nas.evaluation.inheritance import inherit, read_weights, save_weights

layers = keras.layers


def network(*widths: int, kernel: int = 3) -> Any:
    x = inputs = keras.Input((8, 8, 3))
    for width in widths:
        x = layers.Conv2D(width, kernel, padding="same")(x)
        x = layers.BatchNormalization()(x)
    x = layers.Dropout(0.1)(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, layers.Dense(2)(x))
    rng = np.random.default_rng(sum(widths))
    model.set_weights([rng.normal(size=w.shape).astype(w.dtype) for w in model.get_weights()])
    return model


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "weights.npz"


def test_the_same_network_takes_everything(path: Path) -> None:
    parent, child = network(4, 6), network(4, 6)
    child.set_weights([0 * weights for weights in child.get_weights()])
    save_weights(parent, path)
    assert inherit(child, read_weights(path)) == 1.0
    for a, b in zip(parent.get_weights(), child.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("old", "new"), [(4, 6), (6, 4)])
def test_channels_are_sliced_and_the_others_keep_their_initial_weights(
    old: int, new: int, path: Path
) -> None:
    parent, child = network(old), network(new)
    before = child.layers[1].get_weights()[0]
    save_weights(parent, path)
    share = inherit(child, read_weights(path))
    assert (share == 1.0) == (new < old)
    kernel, shared = child.layers[1].get_weights()[0], min(old, new)
    np.testing.assert_array_equal(
        kernel[..., :shared], parent.layers[1].get_weights()[0][..., :shared]
    )
    np.testing.assert_array_equal(kernel[..., shared:], before[..., shared:])


def test_a_layer_more_is_left_out_and_another_kernel_is_not_taken(path: Path) -> None:
    save_weights(network(4, 4, 4), path)
    stored = read_weights(path)
    assert inherit(network(4, 4), stored) == 1.0
    other = network(4, 4, kernel=1)
    before = other.layers[1].get_weights()[0]
    assert 0 < inherit(other, stored) < 1
    np.testing.assert_array_equal(other.layers[1].get_weights()[0], before)


def test_what_a_layer_holds_is_found(path: Path) -> None:
    inner = network(4)
    inputs = keras.Input((8, 8, 3))
    outer = keras.Model(inputs, layers.Dense(3)(inner(inputs)))
    save_weights(outer, path)
    assert len(read_weights(path)) == 4
    assert inherit(network(4), read_weights(path)) == 1.0


def test_strangers_files_are_refused(path: Path) -> None:
    np.savez(path, **{"0:Conv2D:0": np.array([{"a": 1}], dtype=object)})
    with pytest.raises(UserError, match=r"weights\.npz: cannot be read as weights \(ValueError\)"):
        read_weights(path)
    path.write_bytes(b"nonsense")
    with pytest.raises(UserError, match="cannot be read as weights"):
        read_weights(path)
    with pytest.raises(UserError, match="cannot be read as weights"):
        read_weights(path.with_name("missing.npz"))
