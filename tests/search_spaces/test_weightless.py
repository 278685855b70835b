"""Variables without values, or with values at the end."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from search_spaces.weightless import _waiting, begin_with, layers_first, without_weights


class Space:
    """Two layers, the second of which may begin with given values, or fail."""

    def __init__(self, kernel: Any = None) -> None:
        self.kernel = kernel

    @layers_first
    def build(self, hp: Any) -> Any:
        inputs = keras.Input((4,))
        x = layers.Dense(3)(inputs)
        last = layers.Dense(2, use_bias=False)
        x = last(x)
        if self.kernel is not None:
            begin_with(last, lambda: [self._value()])
        if hp == "raise":
            raise KeyError("hp")
        return keras.Model(inputs, x)

    def _value(self) -> Any:
        if isinstance(self.kernel, Exception):
            raise self.kernel
        return self.kernel


def test_values_are_those_that_keras_would_draw() -> None:
    keras.utils.set_random_seed(3)
    expected = Space.build.__wrapped__(Space(), None).get_weights()  # type: ignore[attr-defined]
    keras.utils.set_random_seed(3)
    found = Space().build(None).get_weights()
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    assert found[0].any()


def test_a_layer_begins_with_other_values() -> None:
    kernel = np.arange(6, dtype=np.float32).reshape(3, 2)
    np.testing.assert_array_equal(Space(kernel).build(None).get_weights()[-1], kernel)


def test_without_weights_no_values_are_asked_for() -> None:
    with without_weights():
        model = Space(OSError("no file")).build(None)
    assert model.count_params() == 4 * 3 + 3 + 3 * 2
    assert not _waiting()


@pytest.mark.parametrize(("space", "hp"), [(Space(OSError("no file")), None), (Space(), "raise")])
def test_a_build_that_fails_leaves_nothing_to_others(space: Space, hp: Any) -> None:
    with pytest.raises((OSError, KeyError)):
        space.build(hp)
    assert not _waiting()
    assert Space().build(None).get_weights()
