"""Search spaces: which networks there are to choose from."""

from search_spaces.registry import SPACES, Space, SpaceError, load_space, presets

__all__ = ["SPACES", "Space", "SpaceError", "load_space", "presets"]
