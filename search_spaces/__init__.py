"""Search spaces: which networks there are to choose from."""

from search_spaces.registry import (
    SPACES,
    Space,
    SpaceError,
    find_maker,
    load_space,
    presets,
)

__all__ = ["SPACES", "Space", "SpaceError", "find_maker", "load_space", "presets"]
