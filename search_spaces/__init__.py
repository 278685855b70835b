"""Search spaces: which networks there are to choose from."""

from search_spaces.registry import (
    SPACES,
    FrontEnd,
    Space,
    SpaceError,
    default_data,
    example_shape,
    find_front_end,
    find_maker,
    load_space,
    presets,
    warm_start,
)

__all__ = [
    "SPACES",
    "FrontEnd",
    "Space",
    "SpaceError",
    "default_data",
    "example_shape",
    "find_front_end",
    "find_maker",
    "load_space",
    "presets",
    "warm_start",
]
