"""Text from data, made safe to stand inside a line."""

import unicodedata

_SPACES = "\n\r\t\v\f\x85\u2028\u2029"
_CONTROLS = ("Cc", "Cf", "Cs")
# It joins emoji into one picture and changes nothing outside them.
_ZERO_WIDTH_JOINER = "\u200d"


def plain(text: object, limit: int = 120) -> str:
    r"""Return text on one line that changes nothing around it.

    Line breaks become spaces. Control characters, marks of writing direction and broken
    surrogates are spelled out, such as ``\u202e``.

    Args:
        text: Anything with a ``str``.
        limit: Longest result in characters, at least 4; a longer text ends in ``...``.
    """
    visible = "".join(_visible(character) for character in str(text)[: limit + 1])
    return visible if len(visible) <= limit else visible[: limit - 3] + "..."


def of_profile(name: str | None) -> str:
    """Name the calibrated device that estimates are for; empty where they are the package's."""
    return "" if name is None else f", profile {plain(name, 40)}"


def _visible(character: str) -> str:
    if character in _SPACES:
        return " "
    if character == _ZERO_WIDTH_JOINER or unicodedata.category(character) not in _CONTROLS:
        return character
    return f"\\u{ord(character):04x}"
