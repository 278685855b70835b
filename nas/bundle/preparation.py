"""What turns a user's file into the network's input, on the device."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas.data import images, wav

IMAGE, SIGNAL = "image", "signal"


@dataclass(frozen=True)
class Preparation:
    """How ``classify.py`` prepares a file.

    Attributes:
        settings: Content of ``preprocessing.json``.
        scripts: Modules that do it; they are copied into the bundle.
        kind: What is classified: ``IMAGE`` or ``SIGNAL``.
        words: The input in words, for the model card.
    """

    settings: Mapping[str, Any]
    scripts: tuple[Path, ...]
    kind: str
    words: str


def of_images(resize_sides: Sequence[int]) -> Preparation:
    """Prepare pictures.

    Args:
        resize_sides: Sides in pixels that a picture is squashed to, one after the other.
    """
    side = resize_sides[-1]
    return Preparation(
        {"color": "RGB", "resize": "bilinear", "resize_sides": list(resize_sides)},
        (Path(images.__file__),),
        IMAGE,
        f"RGB, {side} × {side} pixels",
    )


def of_signals(
    front_end: Mapping[str, Any], sample_rate_hz: float | None, script: Path
) -> Preparation:
    """Prepare signals.

    Args:
        front_end: Settings of the front end, with ``samples`` and ``channels``.
        sample_rate_hz: Samples a second; ``None`` if unknown.
        script: The module with the front end.
    """
    rate = "at the rate of the data" if sample_rate_hz is None else f"at {sample_rate_hz:g} Hz"
    return Preparation(
        {"front_end": dict(front_end), "sample_rate_hz": sample_rate_hz},
        (Path(wav.__file__), script),
        SIGNAL,
        f"{front_end['samples']} samples of {front_end['channels']} channels {rate}, "
        f"as a {front_end['kind']}",
    )
